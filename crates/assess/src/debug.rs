//! The lowered program, for those who write models and front ends.

use crate::error::Error;
use crate::lower;
use crate::pool;
use casemate_ir::FileFacts;
use casemate_source::{Options, Project, Skipped, locate};
use std::path::PathBuf;

/// The files of a project as they are lowered.
pub struct Program {
    /// By file in path order: its path, its size in bytes and lines, what was found.
    pub files: Vec<File>,
    /// Files that were not read or made a front end fail.
    pub skipped: Vec<(String, String)>,
}

/// A lowered file.
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// Its size.
    pub bytes: usize,
    /// Its lines.
    pub lines: usize,
    /// What was found.
    pub facts: FileFacts,
}

/// Lowers the backend files below a path.
///
/// # Errors
/// When nothing is there, or the system gives no threads.
pub fn program(path: PathBuf, jobs: Option<usize>) -> Result<Program, Error> {
    let located = locate::locate(&[path])?;
    pool::run(jobs, || {
        let project = Project::open(&located, &Options::default());
        let lowered = lower::all(&project);
        let wanted = |index: &usize| {
            project
                .files
                .get(*index)
                .filter(|f| project.in_focus(&f.path))
        };
        let mut skipped: Vec<(String, String)> = project
            .skipped
            .iter()
            .map(|Skipped { path, reason }| (path.clone(), reason.to_string()))
            .collect();
        skipped.extend(
            lowered
                .failed
                .iter()
                .filter_map(|(index, why)| Some((wanted(index)?.path.clone(), why.clone()))),
        );
        let file = |(index, facts): (usize, FileFacts)| {
            let file = wanted(&index)?;
            Some(File {
                path: file.path.clone(),
                bytes: file.text.len(),
                lines: file.lines.count(&file.text),
                facts,
            })
        };
        Program {
            files: lowered.files.into_iter().filter_map(file).collect(),
            skipped,
        }
    })
    .map_err(Error::from)
}
