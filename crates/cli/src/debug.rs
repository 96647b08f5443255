//! `casemate debug`: for those who write models, rules and front ends.

use crate::args::{DebugArgs, DebugCommand};
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::config::Config;
use casemate_assess::debug::{self, Program};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs a debug command.
pub fn run(args: &DebugArgs) -> Result<Exit, Failure> {
    match &args.command {
        DebugCommand::Ir {
            path,
            summary,
            jobs,
        } => lowered(path, *summary, jobs.map(usize::from)),
        DebugCommand::Facts { path, fact } => facts(path, fact.as_deref()),
        DebugCommand::Path { place } => values(place),
        DebugCommand::Sinks { path, near } => sinks(path, near),
    }
}

/// What is known where findings were expected.
fn sinks(path: &Path, near: &[String]) -> Result<Exit, Failure> {
    let place = |text: &String| {
        let (file, line) = text.rsplit_once(':')?;
        Some((file.to_owned(), line.parse().ok()?))
    };
    let near: Option<Vec<(String, u32)>> = near.iter().map(place).collect();
    let near = near.ok_or_else(|| {
        Failure::new("a place names no line").help("give FILE:LINE, such as src/app.ts:12")
    })?;
    let found = debug::sinks(path.to_owned(), &near).map_err(|e| failure(&e))?;
    let mut out = String::new();
    for known in &found {
        let _ = writeln!(out, "{}:{}  {}", known.at.0, known.at.1, known.what);
    }
    print::results(&out)
}

/// The facts of a project.
fn facts(path: &Path, name: Option<&str>) -> Result<Exit, Failure> {
    let found = debug::facts(path.to_owned(), &Config::default(), name).map_err(|e| failure(&e))?;
    let mut out = String::new();
    for told in &found {
        let (file, line) = &told.at;
        let _ = write!(out, "{file}:{line}  {} of {}", told.fact, told.of);
        for (name, value) in &told.values {
            let _ = write!(out, "  {name}={value}");
        }
        out.push('\n');
    }
    if found.is_empty() {
        print::note(match name {
            Some(_) => "there is no fact of this name",
            None => "there are no facts",
        });
    }
    print::results(&out)
}

/// The values of a line.
fn values(place: &str) -> Result<Exit, Failure> {
    let (path, line, column) = parse(place).ok_or_else(|| {
        Failure::new(format!("`{place}` names no line"))
            .help("give FILE:LINE or FILE:LINE:COLUMN, such as src/app.ts:12:7")
    })?;
    let found = debug::values(path, line, column).map_err(|e| failure(&e))?;
    let mut out = String::new();
    for value in &found {
        let text: String = value.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = text.chars().take(60).collect();
        let cut = if short.len() < text.len() { " …" } else { "" };
        let what = if value.called { "calls" } else { "is" };
        let _ = writeln!(out, "{}:{}  `{short}{cut}` {what}", value.at.0, value.at.1);
        if value.may_be.is_empty() {
            let _ = writeln!(out, "    unknown");
        }
        for may_be in &value.may_be {
            let _ = writeln!(out, "    {may_be}");
        }
    }
    if found.is_empty() {
        print::note("no value is made there");
    }
    print::results(&out)
}

/// `FILE:LINE[:COLUMN]`; the file's name may have colons of its own.
fn parse(place: &str) -> Option<(PathBuf, u32, Option<u32>)> {
    let (head, last) = place.rsplit_once(':')?;
    let last: u32 = last.parse().ok().filter(|n| *n > 0)?;
    let with_column = head
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, line.parse().ok().filter(|n| *n > 0)?)));
    let (file, line, column) = match with_column {
        Some((file, line)) => (file, line, Some(last)),
        None => (head, last, None),
    };
    (!file.is_empty()).then(|| (PathBuf::from(file), line, column))
}

/// The program as it is lowered.
fn lowered(path: &Path, summary: bool, jobs: Option<usize>) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let program = debug::program(path.to_owned(), jobs).map_err(|e| failure(&e))?;
    if summary {
        let text = counts(&program);
        print::note(&format!(
            "lowered in {:.2} s",
            begun.elapsed().as_secs_f64()
        ));
        return print::results(&text);
    }
    let mut out = String::new();
    for file in &program.files {
        let _ = writeln!(
            out,
            "; {}\n{}",
            file.path,
            casemate_ir::text::print(&file.facts)
        );
    }
    print::results(&out)
}

fn counts(program: &Program) -> String {
    let sum = |f: fn(&debug::File) -> u64| program.files.iter().map(f).sum::<u64>();
    let instrs = sum(|f| f.facts.stats.instrs.into());
    let opaque = sum(|f| f.facts.stats.opaque.into());
    let share = if instrs == 0 {
        0.0
    } else {
        100.0 * to_f64(opaque) / to_f64(instrs)
    };
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "{name:16} {value}");
    };
    row("files", program.files.len().to_string());
    row("lines", sum(|f| f.lines as u64).to_string());
    row("bytes", sum(|f| f.bytes as u64).to_string());
    row(
        "functions",
        sum(|f| f.facts.functions.len() as u64).to_string(),
    );
    row("instructions", instrs.to_string());
    row("opaque", format!("{opaque} ({share:.2} %)"));
    row(
        "syntax errors",
        sum(|f| f.facts.stats.syntax_errors.into()).to_string(),
    );
    row(
        "skipped bodies",
        sum(|f| f.facts.stats.skipped_bodies.into()).to_string(),
    );
    row(
        "invalid",
        program
            .files
            .iter()
            .filter(|f| !casemate_ir::validate(&f.facts).is_empty())
            .count()
            .to_string(),
    );
    for (path, why) in &program.skipped {
        row("not read", format!("{path}: {why}"));
    }
    out
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage of counts far below 2^53"
)]
const fn to_f64(n: u64) -> f64 {
    n as f64
}
