//! The lowered program, for those who write models and front ends.

use crate::config::Config;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::link;
use crate::lower;
use crate::pool;
use casemate_flow::look;
use casemate_flow::result::{FactValue, FileIdx};
use casemate_ir::FileFacts;
use casemate_source::{Options, Project, Skipped, locate};
use std::path::PathBuf;

/// A value of the program and what it may be.
pub struct Value {
    /// Line and column from 1, of its first character.
    pub at: (u32, u32),
    /// The expression as it stands in the file.
    pub text: String,
    /// Whether the function that is called is meant, not what the call returns.
    pub called: bool,
    /// API paths and parts of the program; none where nothing is known.
    pub may_be: Vec<String>,
}

/// What the values of a line may be. `column`, from 1, narrows it to the expressions around that character.
///
/// # Errors
/// When the file is not there or is none that is assessed, or the system gives no threads.
pub fn values(path: PathBuf, line: u32, column: Option<u32>) -> Result<Vec<Value>, Error> {
    let located = locate::locate(std::slice::from_ref(&path))?;
    let knowledge = Knowledge::built_in()?;
    let read = || {
        let project = Project::open(&located, &Options::default());
        let linked = link::link(&project, lower::all(&project), &knowledge.models);
        let at = linked.origin.iter().position(|index| {
            let file = project.files.get(*index);
            file.is_some_and(|f| project.in_focus(&f.path))
        })?;
        let file = project.files.get(*linked.origin.get(at)?)?;
        let index = FileIdx(u32::try_from(at).unwrap_or(u32::MAX));
        let seen = look::values_of(&linked.program, &knowledge.models, index);
        let shown = seen.into_iter().map(|value| {
            let start = file.position(value.span.start);
            let text = file
                .text
                .get(value.span.start as usize..value.span.end as usize);
            let end = file.position(value.span.end);
            let around = |c| start.column <= c && (end.line > line || c < end.column);
            let wanted = start.line == line && column.is_none_or(around);
            wanted.then(|| Value {
                at: (start.line, start.column),
                text: text.unwrap_or_default().to_owned(),
                called: value.called,
                may_be: value.may_be,
            })
        });
        Some(shown.flatten().collect())
    };
    pool::run(None, read)?.ok_or(Error::NotAssessed(path))
}

/// The facts of a project that rules ask about, or those of one name, with the file and the line of each.
///
/// # Errors
/// When nothing is there, or the system gives no threads.
pub fn facts(path: PathBuf, config: &Config, name: Option<&str>) -> Result<Vec<Told>, Error> {
    let located = locate::locate(std::slice::from_ref(&path))?;
    let knowledge = Knowledge::built_in()?;
    let read = || {
        let project = Project::open(&located, &Options::default());
        let all = crate::pipeline::facts(&project, config, knowledge);
        let wanted = all.into_iter().filter(|(fact, file, _)| {
            name.is_none_or(|name| fact.fact == name) && project.in_focus(file)
        });
        let told = wanted.map(|(fact, file, line)| Told {
            fact: fact.fact,
            of: fact.callee,
            at: (file, line),
            values: fact
                .values
                .iter()
                .map(|(name, value)| (name.clone(), shown(value)))
                .collect(),
        });
        told.collect()
    };
    Ok(pool::run(None, read)?)
}

/// A fact as rules see it.
pub struct Told {
    /// What it is about: `fact.NAME` of models, `for = "NAME"` of rules.
    pub fact: String,
    /// What it was read off: a call, an endpoint.
    pub of: String,
    /// File and line.
    pub at: (String, u32),
    /// Its values by name.
    pub values: Vec<(String, String)>,
}

fn shown(value: &FactValue) -> String {
    match value {
        FactValue::Absent => "absent".to_owned(),
        FactValue::Unknown => "unknown".to_owned(),
        FactValue::Str(text) => format!("{text:?}"),
        FactValue::Number(number) => number.to_string(),
        FactValue::Bool(truth) => truth.to_string(),
        FactValue::Null => "null".to_owned(),
        FactValue::Present => "present".to_owned(),
        FactValue::Template(pieces) => format!("{pieces:?}"),
        FactValue::OneOf(values) => values.iter().map(shown).collect::<Vec<_>>().join(" | "),
    }
}

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
