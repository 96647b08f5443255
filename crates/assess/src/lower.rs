//! Files to facts: every file on its own, in parallel, its panics contained.

use crate::pool;
use crate::templates;
use casemate_ir::FileFacts;
use casemate_lang_js::LowerOptions;
use casemate_source::{Project, SourceFile};
use std::ops::Range;

/// What became of the files of a project.
#[derive(Default)]
pub(crate) struct Lowered {
    /// Per file that was lowered, in path order: its index in the project, and what was found.
    pub files: Vec<(usize, FileFacts)>,
    /// Files that made a front end fail, with its words.
    pub failed: Vec<(usize, String)>,
}

/// Lowers all files.
pub(crate) fn all(project: &Project) -> Lowered {
    let range: Range<usize> = 0..project.files.len();
    let indices: Vec<usize> = range.collect();
    let results = pool::map_contained(&indices, |index| {
        project
            .files
            .get(*index)
            .and_then(|file| one(file, project))
    });
    let mut lowered = Lowered::default();
    for (index, result) in indices.into_iter().zip(results) {
        match result {
            Ok(Some(facts)) => lowered.files.push((index, facts)),
            Ok(None) => {}
            Err(message) => lowered.failed.push((index, message)),
        }
    }
    lowered
}

fn one(file: &SourceFile, project: &Project) -> Option<FileFacts> {
    if file.file_type.is_code() {
        return Some(casemate_lang_js::lower(
            &file.text,
            &file.path,
            &LowerOptions::default(),
        ));
    }
    let engine = templates::engine(file, project)?;
    Some(casemate_lang_template::lower(
        &file.text, &file.path, engine,
    ))
}
