//! `casemate model`.

use crate::args::{ListFormat, ModelArgs};
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::config::Config;
use casemate_report::application;

/// Reads the application model of a project and prints it.
pub fn run(args: &ModelArgs) -> Result<Exit, Failure> {
    let config = Config {
        paths: args.paths.clone(),
        exclude: args.exclude.clone(),
        jobs: args.jobs.map(usize::from),
        ..Config::default()
    };
    let model = casemate_assess::model(&config).map_err(|e| failure(&e))?;
    print::results(&match args.format {
        ListFormat::Text => application::text(&model),
        ListFormat::Json => application::json(&model),
    })
}
