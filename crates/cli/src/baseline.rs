//! `casemate baseline`, and reading what it wrote.

use crate::args::BaselineArgs;
use crate::assess::failure;
use crate::calendar;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::print;
use casemate_assess::baseline::Baseline;
use casemate_assess::config::Config;
use std::path::Path;

/// Assesses and records what was found.
pub fn run(args: &BaselineArgs) -> Result<Exit, Failure> {
    let file = output::whole(&args.output)?;
    let config = Config {
        paths: args.paths.clone(),
        today: calendar::today(),
        ..Config::default()
    };
    let assessment = casemate_assess::assess(&config).map_err(|e| failure(&e))?;
    if assessment.failed {
        return Err(
            Failure::new("the assessment failed, so nothing was recorded")
                .help("`casemate assess` says what is wrong"),
        );
    }
    let baseline = Baseline::of(&assessment);
    file.finish(&baseline.text())?;
    print::note(&format!(
        "recorded {} findings in {}; `casemate assess --baseline {}` shows what is new",
        baseline.findings.len(),
        args.output.display(),
        args.output.display()
    ));
    Ok(Exit::Clean)
}

/// Reads a baseline.
pub fn read(path: &Path) -> Result<Baseline, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::new(format!("`{shown}` cannot be read: {}", e.kind()))
            .help("`casemate baseline` writes one")
    })?;
    Baseline::parse(&text).map_err(|why| {
        Failure::new(format!("`{shown}`: {why}")).help("`casemate baseline` writes one")
    })
}
