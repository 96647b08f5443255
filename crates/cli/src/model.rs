//! `casemate model`.

use crate::args::{ModelArgs, ModelFormat};
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::config::Config;
use casemate_report::application;
use casemate_report::exchange::{self, Exchange};

/// Reads the application model of a project and prints it; a threat model needs the findings too.
pub fn run(args: &ModelArgs) -> Result<Exit, Failure> {
    let config = Config {
        paths: args.paths.clone(),
        exclude: args.exclude.clone(),
        jobs: args.jobs.map(usize::from),
        ..Config::default()
    };
    let form = match args.format {
        ModelFormat::Text | ModelFormat::Json => {
            let model = casemate_assess::model(&config).map_err(|e| failure(&e))?;
            return print::results(&if args.format == ModelFormat::Text {
                application::text(&model)
            } else {
                application::json(&model)
            });
        }
        ModelFormat::Mermaid => Exchange::Mermaid,
        ModelFormat::Svg => Exchange::Svg,
        ModelFormat::Otm => Exchange::Otm,
        ModelFormat::ThreatDragon => Exchange::Dragon,
    };
    let assessment = casemate_assess::assess(&config).map_err(|e| failure(&e))?;
    print::results(&exchange::render(&assessment, form))
}
