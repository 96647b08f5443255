//! `casemate prove`: takes each control of a generated backend away and looks who notices.

use crate::args::ProveArgs;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::assessment::Finding;
use casemate_assess::config::Config;
use casemate_build::prove::{self, Options, Proof, ProveError, Reported, summary};
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

/// Proves, prints the table, and writes it into the README of the project.
pub fn run(args: &ProveArgs) -> Result<Exit, Failure> {
    // Two runs in one cluster would take each other's databases away.
    let shared = std::env::var_os("TEST_DATABASE_URL").is_some();
    let processors = available_parallelism().map_or(1, usize::from);
    let options = Options {
        only: args.control.clone(),
        jobs: if shared {
            1
        } else {
            args.jobs.map_or(processors, usize::from)
        },
        fresh: args.fresh,
    };
    let proofs = prove::prove(&args.folder, &options, &judge, &|done, all, proof| {
        if !args.quiet {
            print::note(&progress(done, all, proof));
        }
    })
    .map_err(|error| failure(&error))?;
    if args.control.is_empty() {
        write_readme(&args.folder, &proofs)?;
    }
    print::results(&summary::text(&proofs))?;
    let counts = summary::counts(&proofs);
    Ok(if counts.tests == counts.all {
        Exit::Clean
    } else {
        Exit::Found
    })
}

/// What the assessment reports of a folder.
fn judge(folder: &Path) -> Result<Vec<Reported>, String> {
    let config = Config {
        paths: vec![folder.to_path_buf()],
        jobs: Some(1),
        ..Config::default()
    };
    let assessment = casemate_assess::assess(&config).map_err(|error| error.to_string())?;
    Ok(assessment.findings.iter().map(reported).collect())
}

fn reported(finding: &Finding) -> Reported {
    let steps = finding.paths.iter().flat_map(|path| &path.steps);
    Reported {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.clone(),
        files: std::iter::once(&finding.place)
            .chain(steps.map(|step| &step.place))
            .map(|place| place.file.clone())
            .collect(),
    }
}

fn progress(done: usize, all: usize, proof: &Proof) -> String {
    let said = |noticed: bool| if noticed { "yes" } else { "no" };
    format!(
        "{done:>4} of {all}  tests {:3}  assessment {:3}  {} at {}:{}",
        said(proof.tests.noticed()),
        said(proof.assessment.noticed()),
        proof.id,
        proof.path,
        proof.line
    )
}

fn write_readme(folder: &Path, proofs: &[Proof]) -> Result<(), Failure> {
    let path = folder.join("README.md");
    let Some(text) = fs::read_to_string(&path)
        .ok()
        .and_then(|text| summary::in_readme(&text, proofs))
    else {
        return Ok(());
    };
    fs::write(&path, text).map_err(|error| {
        Failure::new(format!(
            "`{}` cannot be written: {}",
            path.display(),
            error.kind()
        ))
    })
}

fn failure(error: &ProveError) -> Failure {
    let failure = Failure::new(error);
    match error {
        ProveError::NoDescription(_) => {
            failure.help("give the folder of a project that `casemate new` has written")
        }
        ProveError::NotInstalled(_) => failure.help("run `npm ci` there first"),
        ProveError::UnknownControl(_) => {
            failure.help("`casemate prove` without --control lists all that there are")
        }
        ProveError::Red(_) => failure.help("run `npm test` there and mend what is red"),
        ProveError::Generate(_) => failure.help("mend its backend.toml; `casemate new` says where"),
        ProveError::Judge(_) | ProveError::Io { .. } => failure,
    }
}
