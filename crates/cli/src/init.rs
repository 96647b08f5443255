//! `casemate init`: a commented `casemate.toml` from what is seen.

use crate::args::InitArgs;
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::assessment::Assessment;
use casemate_assess::config::Config;
use casemate_assess::policy;
use std::fmt::Write as _;
use std::io::Write as _;

/// Assesses and writes; nothing is written over.
pub fn run(args: &InitArgs) -> Result<Exit, Failure> {
    let there = policy::NAMES
        .iter()
        .map(|name| args.folder.join(name))
        .find(|path| path.exists());
    if let Some(path) = there {
        return Err(
            Failure::new(format!("`{}` is already there", path.display()))
                .help("casemate writes over nothing; edit it, or move it away"),
        );
    }
    let config = Config {
        paths: vec![args.folder.clone()],
        ..Config::default()
    };
    let assessment = casemate_assess::assess(&config).map_err(|e| failure(&e))?;
    let path = args.folder.join("casemate.toml");
    let shown = path.display().to_string();
    let cannot =
        |e: &std::io::Error| Failure::new(format!("`{shown}` cannot be written: {}", e.kind()));
    let mut file = std::fs::File::create_new(&path).map_err(|e| cannot(&e))?;
    file.write_all(text(&assessment).as_bytes())
        .map_err(|e| cannot(&e))?;
    print::note(&format!(
        "wrote {shown}; every line of it is a comment until you take the mark away"
    ));
    Ok(Exit::Clean)
}

fn text(assessment: &Assessment) -> String {
    let context = &assessment.dossier.context;
    let surface = &assessment.dossier.surface;
    let mut out = String::from(
        "# The policy of this project for casemate. Every line that hides something is listed in each report.\n\n",
    );
    let [yes, no, unknown] = surface.logins;
    let _ = writeln!(
        out,
        "# Seen: {} files, {} endpoints ({yes} want a login, {no} want none, {unknown} not known), {} findings.",
        assessment.coverage.files.assessed,
        surface.endpoints.len(),
        assessment.findings.len()
    );
    for class in &context.data {
        let names: Vec<String> = class.names.iter().take(8).map(|n| plain(&n.name)).collect();
        let _ = writeln!(out, "# {}: {}", class.class, names.join(", "));
    }
    out.push_str("\n[context]                       # what only you know; the report quotes it and orders its advice by it\n");
    for (key, why) in &context.unstated {
        let _ = writeln!(out, "# {key} = \"\"   # {why}");
    }
    out.push_str(
        "# regimes = []                 # those that apply: \"gdpr\", \"pci-dss\", \"hipaa\"\n",
    );
    out.push_str("\n# [[accept]]                    # one finding, for a time\n");
    let example = assessment
        .findings
        .last()
        .map_or("sql-injection@1a2b3c4d", |f| f.id.as_str());
    let _ = writeln!(
        out,
        "# finding = \"{example}\"\n# reason = \"\"\n# owner = \"\"\n# expires = \"2027-03-31\""
    );
    out.push_str("\n# [[ignore]]                    # findings of one rule, everywhere or below some paths\n# rule = \"log-injection\"\n# path = \"src/jobs/**\"\n# reason = \"\"\n");
    out.push_str("\n# [policy]\n# exclude = [\"redos\"]           # rules that are off\n# profile = \"pci-dss\"           # which standard is followed where two ask for opposite things\n# fail_on = \"medium\"            # from which level on a finding fails the run\n# asvs = 2                      # up to which level requirements are counted and asked of people\n# levels = { redos = \"low\" }    # the level of a rule's findings, where you know better\n");
    out.push_str("\n[data]                          # what names in the code do not tell; it weighs findings\n# health = [\"note\"]             # or credentials, personal, payment\n# harmless = [\"mail\"]           # what reads like data of people, and is none\n");
    out.push_str("\n# [paths]\n# exclude = [\"legacy/**\"]       # files that are not read\n");
    out
}

/// A name of the project cannot end a comment.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}
