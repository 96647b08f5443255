//! The lowered program, for those who write models and front ends.

use crate::config::Config;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::link;
use crate::lower;
use crate::pool;
use casemate_flow::look;
use casemate_flow::result::{FactValue, FileIdx, FuncId};
use casemate_ir::{FileFacts, Span};
use casemate_source::{Options, Skipped, locate};
use std::collections::BTreeSet;
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
        let project = crate::project(&located, &Options::default());
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

/// What is known around the places of a project where a finding was expected: where its way breaks. `near` is given as FILE and line, with
/// the file as reports name it; without any of them all dangerous uses are told.
///
/// # Errors
/// When nothing is there, or the system gives no threads.
pub fn sinks(path: PathBuf, near: &[(String, u32)]) -> Result<Vec<Known>, Error> {
    let located = locate::locate(std::slice::from_ref(&path))?;
    let knowledge = Knowledge::built_in()?;
    let read = || {
        let project = crate::project(&located, &Options::default());
        let (linked, analysis) = crate::pipeline::uses(&project, &Config::default(), knowledge);
        let program = &linked.program;
        let place = |index: FileIdx, span: Span| {
            let file = project.files.get(*linked.origin.get(index.0 as usize)?)?;
            let (from, to) = (file.position(span.start).line, file.position(span.end).line);
            Some((file.path.clone(), from, to))
        };
        let wanted = |file: &str, from: u32, to: u32| {
            let close =
                |(f, line): &(String, u32)| f == file && from <= line + 3 && line <= &(to + 3);
            near.is_empty() || near.iter().any(close)
        };
        let reached = |func: &FuncId| analysis.reached.binary_search(func).is_ok();
        let mut out = Vec::new();
        let mut tell = |at: Option<(String, u32, u32)>, what: String| {
            if let Some((file, from, to)) = at
                && wanted(&file, from, to)
            {
                out.push(Known {
                    at: (file, from),
                    what,
                });
            }
        };
        let word = |yes| if yes { "reached" } else { "not reached" };
        for used in &analysis.uses {
            let kind = knowledge.models.kinds().sink_name(used.kind);
            let (carried, word) = (used.carried, word(reached(&used.function)));
            let what = format!("sink {kind} {carried:?} {word}");
            tell(place(used.site.file, used.site.span), what);
        }
        let files: BTreeSet<&str> = near.iter().map(|(file, _)| file.as_str()).collect();
        for func in program.function_ids() {
            let f = program.func(func);
            let named = project.files.get(
                linked
                    .origin
                    .get(f.file_idx.0 as usize)
                    .copied()
                    .unwrap_or(usize::MAX),
            );
            if !named.is_some_and(|file| files.contains(file.path.as_str())) {
                continue;
            }
            let span = f.func.spans.iter().filter(|s| s.start < s.end);
            let end = span.map(|s| s.end).max().unwrap_or(f.func.head.end);
            let span = Span {
                start: f.func.head.start,
                end: end.max(f.func.head.end),
            };
            let what = format!(
                "function {} {}",
                program.func_name(func),
                word(reached(&func))
            );
            tell(place(f.file_idx, span), what);
        }
        let named =
            |at: &usize| files.contains(project.files.get(*at).map_or("", |f| f.path.as_str()));
        for (index, _) in linked.origin.iter().enumerate().filter(|(_, at)| named(at)) {
            let index = FileIdx(u32::try_from(index).unwrap_or(u32::MAX));
            tell(
                place(
                    index,
                    Span {
                        start: 0,
                        end: u32::MAX / 2,
                    },
                ),
                "file read".to_owned(),
            );
            let calls = look::values_of(program, &knowledge.models, index);
            for call in calls.into_iter().filter(|v| v.called) {
                let of = match call.may_be.is_empty() {
                    true => "unknown".to_owned(),
                    false => call.may_be.join(" | "),
                };
                tell(place(index, call.span), format!("call {of}"));
            }
        }
        out.sort();
        out.dedup();
        out
    };
    Ok(pool::run(None, read)?)
}

/// What is known at a place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// File and line.
    pub at: (String, u32),
    /// A function and whether an endpoint reaches it, a call and what it may be, a dangerous use and what arrives.
    pub what: String,
}

/// The facts of a project that rules ask about, or those of one name, with the file and the line of each.
///
/// # Errors
/// When nothing is there, or the system gives no threads.
pub fn facts(path: PathBuf, config: &Config, name: Option<&str>) -> Result<Vec<Told>, Error> {
    let located = locate::locate(std::slice::from_ref(&path))?;
    let knowledge = Knowledge::built_in()?;
    let read = || {
        let project = crate::project(&located, &Options::default());
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
        let project = crate::project(&located, &Options::default());
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
