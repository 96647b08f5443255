//! Takes away each control of a project, one at a time in a copy, and looks who notices: its tests, and an assessment.
//!
//! The description in the project says which controls there are; the edit that removes one is merged into the file as it
//! is now, so a project that people have worked on can be proven too. What was seen is written down at once
//! ([`ledger`]): a run that was interrupted goes on where it stopped, and a project that has not changed costs nothing.

pub mod ledger;
mod plan;
mod runner;
pub mod summary;
pub mod trial;
mod workspace;

use crate::GenerateError;
use crate::control::unnamed;
use ledger::Ledger;
use plan::{Plan, Removal};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use thiserror::Error;
use workspace::Workspace;

/// Something that an assessment reports, with all places that it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reported {
    /// Stays the same when lines move.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// Files below the project that it names, the most important first.
    pub files: Vec<String>,
}

/// Assesses a folder.
pub type Judge<'a> = dyn Fn(&Path) -> Result<Vec<Reported>, String> + Sync + 'a;

/// Hears of progress: how many are done, of how many, and the last one.
pub type Observer<'a> = dyn Fn(usize, usize, &Proof) + Sync + 'a;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only controls of these names; all if empty.
    pub only: Vec<String>,
    /// How many at a time.
    pub jobs: usize,
    /// Look again at what was looked at before.
    pub fresh: bool,
}

/// What was seen without one control.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// Name of the control.
    pub id: String,
    /// The file that it stands in.
    pub path: String,
    /// The line.
    pub line: usize,
    /// What the tests said.
    pub tests: Verdict,
    /// What the assessment said.
    pub assessment: Verdict,
}

/// Whether somebody noticed that a control is gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Yes: the test that went red, or the rule that names the place.
    Noticed(String),
    /// No, and why.
    Missed(String),
}

impl Verdict {
    /// Whether somebody noticed.
    pub fn noticed(&self) -> bool {
        matches!(self, Self::Noticed(_))
    }
}

/// Why nothing could be proven.
#[derive(Debug, Error)]
pub enum ProveError {
    /// It was not made by `casemate new`.
    #[error("`{0}` has no backend.toml")]
    NoDescription(PathBuf),
    /// The description is not one.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Nothing is installed.
    #[error("`{0}` has no node_modules")]
    NotInstalled(PathBuf),
    /// A name that no control has.
    #[error("there is no control `{0}` in this project")]
    UnknownControl(String),
    /// Without any edit, something is red already.
    #[error("the tests fail as they are: {0}")]
    Red(String),
    /// The judge failed.
    #[error("the assessment failed: {0}")]
    Judge(String),
    /// The disk or a program refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// Names an input/output error.
fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> ProveError {
    let what = what.into();
    move |source| ProveError::Io { what, source }
}

/// Proves the controls of a project, in the order of their places.
pub fn prove(
    folder: &Path,
    options: &Options,
    judge: &Judge<'_>,
    observer: &Observer<'_>,
) -> Result<Vec<Proof>, ProveError> {
    let plan = Plan::new(folder, &options.only)?;
    if !folder.join("node_modules").is_dir() {
        return Err(ProveError::NotInstalled(folder.to_path_buf()));
    }
    let ledger = Mutex::new(Ledger::open(folder, &plan.state, options.fresh));
    let recall = |removal: &Removal| ledger.lock().ok().and_then(|l| l.seen(&removal.state));
    let wanted: Vec<&Removal> = plan
        .removals
        .iter()
        .filter(|removal| recall(removal).is_none())
        .collect();
    if !wanted.is_empty() {
        let before = judge(folder).map_err(ProveError::Judge)?;
        let mut first = Workspace::new(folder, &plan.files)?;
        let green = ledger.lock().ok().and_then(|ledger| ledger.green());
        let whole = match green {
            Some(whole) => whole,
            None => {
                let begun = Instant::now();
                if let Some(red) = first.check()? {
                    return Err(ProveError::Red(red));
                }
                let whole = begun.elapsed();
                if let Ok(mut ledger) = ledger.lock() {
                    ledger.set_green(whole)?;
                }
                whole
            }
        };
        let workers = options.jobs.clamp(1, wanted.len());
        let mut workspaces = vec![first];
        while workspaces.len() < workers {
            workspaces.push(Workspace::new(folder, &plan.files)?);
        }
        for workspace in &mut workspaces {
            workspace.expect(whole);
        }
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(plan.removals.len() - wanted.len());
        let failed: Mutex<Option<ProveError>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for workspace in &mut workspaces {
                scope.spawn(|| {
                    while let Some(removal) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let proven = look(workspace, removal, judge, &before).and_then(|proof| {
                            if let Ok(mut ledger) = ledger.lock() {
                                ledger.write(&removal.state, proof.clone())?;
                            }
                            Ok(proof)
                        });
                        match proven {
                            Ok(proof) => {
                                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                                observer(done, plan.removals.len(), &proof);
                            }
                            Err(error) => {
                                next.fetch_add(wanted.len(), Ordering::Relaxed);
                                if let Ok(mut failed) = failed.lock() {
                                    failed.get_or_insert(error);
                                }
                            }
                        }
                    }
                });
            }
        });
        if let Ok(Some(error)) = failed.into_inner() {
            return Err(error);
        }
    }
    let found = plan.removals.iter().filter_map(recall).collect();
    Ok(found)
}

/// Looks who notices that one control is gone.
fn look(
    workspace: &mut Workspace,
    removal: &Removal,
    judge: &Judge<'_>,
    before: &[Reported],
) -> Result<Proof, ProveError> {
    let control = &removal.control;
    let verdicts = match &removal.text {
        Err(why) => (Verdict::Missed(why.clone()), Verdict::Missed(why.clone())),
        Ok(text) => {
            let _edit = workspace.edit(&control.path, text)?;
            (
                workspace.test(control)?,
                with_reason(
                    named(judge(workspace.folder()), before, &control.path)?,
                    &control.id,
                ),
            )
        }
    };
    Ok(Proof {
        id: control.id.clone(),
        path: control.path.clone(),
        line: removal.line,
        tests: verdicts.0,
        assessment: verdicts.1,
    })
}

/// Silence of the assessment may have a reason that is known.
fn with_reason(verdict: Verdict, id: &str) -> Verdict {
    match (verdict, unnamed(id)) {
        (Verdict::Missed(_), Some(why)) => Verdict::Missed(why.to_owned()),
        (verdict, _) => verdict,
    }
}

/// Whether the assessment says something that it did not say before, about this file.
fn named(
    reported: Result<Vec<Reported>, String>,
    before: &[Reported],
    path: &str,
) -> Result<Verdict, ProveError> {
    let reported = reported.map_err(ProveError::Judge)?;
    let news: Vec<&Reported> = reported
        .iter()
        .filter(|r| before.iter().all(|b| b.fingerprint != r.fingerprint))
        .collect();
    if let Some(here) = news.iter().find(|r| r.files.iter().any(|f| f == path)) {
        return Ok(Verdict::Noticed(here.rule.clone()));
    }
    Ok(Verdict::Missed(match news.first() {
        Some(elsewhere) => format!(
            "`{}` is reported, but at {}",
            elsewhere.rule,
            elsewhere
                .files
                .first()
                .map_or("no place", |file| file.as_str())
        ),
        None => "nothing new is reported".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(fingerprint: &str, file: &str) -> Reported {
        Reported {
            fingerprint: fingerprint.into(),
            rule: "some-rule".into(),
            files: vec![file.into()],
        }
    }

    #[test]
    fn only_news_about_the_file_count() {
        let before = [reported("1", "src/a.ts")];
        let named = |now: &[Reported]| named(Ok(now.to_vec()), &before, "src/a.ts").unwrap();
        assert!(!named(&before).noticed());
        assert!(!named(&[reported("2", "src/b.ts")]).noticed());
        assert!(named(&[reported("2", "src/a.ts")]).noticed());
    }
}
