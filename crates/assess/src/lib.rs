//! One assessment of one project: from files to findings and coverage.
//!
//! Invariants
//! - An [`assessment::Assessment`] is plain, owned data: whatever a report says stands in it, and nothing is computed later.
//! - The same input gives the same assessment, whatever the thread count, file order or machine.
//! - A panic in one file stays in that file and is told; stacks are large enough for the deepest nesting.
//! - No process is started and no socket opened.
//! - What the project's own policy hides is listed with its effect.
//!
//! Start reading at [`assessment::Assessment`], then `pipeline`, where the parts are wired.

pub mod assessment;
mod chosen;
pub mod config;
mod coverage;
pub mod error;
mod findings;
pub mod fingerprint;
pub mod knowledge;
pub mod line_hash;
mod link;
mod lower;
mod pipeline;
pub mod pool;
mod snippet;
mod templates;
mod threat;
mod trigger;
mod within;

use assessment::Assessment;
use casemate_source::{Exclusion, Options, Project, locate};
use chosen::Chosen;
use config::Config;
use error::Error;
use knowledge::Knowledge;

/// Assesses what the configuration names.
///
/// # Errors
/// When there is nothing to read at a path, the configuration is wrong, or the system gives no threads.
pub fn assess(config: &Config) -> Result<Assessment, Error> {
    let knowledge = Knowledge::built_in()?;
    let chosen = Chosen::new(config, &knowledge.catalogue)?;
    let located = locate::locate(&config.paths)?;
    let exclude = config.exclude.iter().map(|pattern| Exclusion {
        pattern: pattern.clone(),
        origin: "--exclude".into(),
    });
    let options = Options {
        exclude: exclude.collect(),
        isolated: config.isolated,
    };
    pool::run(config.jobs, || {
        let project = Project::open(&located, &options);
        Ok(pipeline::run(&project, config, &chosen, knowledge))
    })?
}

/// Assesses texts as one project: what the examples of rules are.
///
/// # Errors
/// As [`assess`].
pub fn assess_files(
    files: &[(String, String)],
    config: &Config,
    knowledge: &Knowledge,
) -> Result<Assessment, Error> {
    let chosen = Chosen::new(config, &knowledge.catalogue)?;
    let project = Project::from_memory("example", files);
    pool::run(config.jobs, || {
        pipeline::run(&project, config, &chosen, knowledge)
    })
    .map_err(Error::from)
}
