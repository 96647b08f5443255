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
pub mod config;
mod coverage;
pub mod error;
pub mod fingerprint;
pub mod line_hash;
mod pipeline;
pub mod pool;
mod snippet;

use assessment::Assessment;
use casemate_source::{Options, Project, locate};
use config::Config;
use error::Error;

/// Assesses what the configuration names.
///
/// # Errors
/// When there is nothing to read at a path, the configuration is wrong, or the system gives no threads.
pub fn assess(config: &Config) -> Result<Assessment, Error> {
    let located = locate::locate(&config.paths)?;
    let options = Options {
        exclude: Vec::new(),
        isolated: config.isolated,
    };
    pool::run(config.jobs, || {
        let project = Project::open(&located, &options);
        Ok(pipeline::run(&project, config))
    })?
}

/// Assesses texts as one project: what the examples of rules are.
///
/// # Errors
/// As [`assess`].
pub fn assess_files(files: &[(String, String)], config: &Config) -> Result<Assessment, Error> {
    let project = Project::from_memory("example", files);
    pool::run(config.jobs, || Ok(pipeline::run(&project, config)))?
}
