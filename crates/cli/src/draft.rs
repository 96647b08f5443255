//! `casemate new --init` and `casemate new --from`: writes a description, from answers or from another format.

use crate::args::NewArgs;
use crate::failure::{Exit, Failure};
use crate::{new, print};
use casemate_build::import::{self, ImportError};
use casemate_build::interview::{Interview, Question};
use casemate_build::problem::Problem;
use casemate_build::write;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

/// Schemas of whole enterprises are smaller.
const LARGEST_SOURCE: u64 = 32 * 1024 * 1024;
const LARGEST_ANSWERS: u64 = 1024 * 1024;

/// Writes a description; nothing is written before everything is known.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    if args.output.symlink_metadata().is_ok() {
        return Err(
            Failure::new(format!("`{}` is already there", args.output.display())).help(
                "casemate writes over nothing; move it away, or name another file with --output",
            ),
        );
    }
    match &args.from {
        Some(from) => carry_over(args, from),
        None => ask(args),
    }
}

fn carry_over(args: &NewArgs, from: &Path) -> Result<Exit, Failure> {
    let text = new::read(from, LARGEST_SOURCE)?;
    let draft = import::import(&text, from, &folder(&args.output)).map_err(|error| {
        let failure = Failure::new(format!("`{}`: {error}", from.display()));
        match error {
            ImportError::Format(_) => failure
                .help("give an OpenAPI document (.yaml, .yml, .json), a Prisma schema (.prisma) or definitions of tables (.sql)"),
            ImportError::Syntax(_) => failure.help("nothing was written"),
            ImportError::Nothing(notes) if notes.is_empty() => failure.help("nothing was written"),
            ImportError::Nothing(notes) => failure.help(notes.join("; ")),
        }
    })?;
    save(&args.output, &draft.text)?;
    let mut lines = format!("Wrote {}.\n", args.output.display());
    if !draft.notes.is_empty() {
        lines += "\nNot carried over, or assumed:\n";
        for note in &draft.notes {
            let _ = writeln!(lines, "  {}", plain(note));
        }
    }
    lines +=
        "\nAdmins read everything, and nobody does anything else: say who may, with `allow`.\n";
    lines += &next(&args.output);
    finish(&mut lines, &args.output, &draft.problems)
}

fn ask(args: &NewArgs) -> Result<Exit, Failure> {
    let mut given = answers(args)?;
    let mut interview = Interview::new(&folder(&args.output));
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    while let Some(question) = interview.next() {
        let answer = given
            .iter()
            .position(|(key, _)| *key == question.key)
            .map(|at| given.remove(at).1);
        match (answer, &question.default) {
            (Some(text), _) => interview.answer(&question, &text).map_err(|why| {
                Failure::new(format!(
                    "the answer to `{}` does not fit: {why}",
                    question.key
                ))
                .help("nothing was written")
            })?,
            (None, _) if terminal => prompt(&mut interview, &question)?,
            (None, Some(default)) => {
                let default = default.clone();
                interview.answer(&question, &default).map_err(|why| {
                    Failure::new(format!("`{}` needs an answer: {why}", question.key))
                        .help("nothing was written")
                })?;
            }
            (None, None) => {
                return Err(Failure::new(format!(
                    "`{}` needs an answer: {}",
                    question.key, question.ask
                ))
                .help(format!(
                    "there is no terminal to ask at; add --answer '{}=...'",
                    question.key
                )));
            }
        }
    }
    if let Some((key, _)) = given.first() {
        let failure = Failure::new(if interview.knows(key) {
            format!("`{key}` is answered twice")
        } else {
            format!("nobody has asked for `{key}`")
        });
        return Err(failure.help("nothing was written"));
    }
    save(&args.output, &interview.text())?;
    let mut lines = format!("Wrote {}.\n{}", args.output.display(), next(&args.output));
    finish(&mut lines, &args.output, &interview.problems())
}

/// Asks until the answer fits.
fn prompt(interview: &mut Interview, question: &Question) -> Result<(), Failure> {
    let default = match &question.default {
        Some(default) if !default.is_empty() => format!(" [{default}]"),
        _ => String::new(),
    };
    print::note(&format!(
        "\n{}{default}\n  ({})",
        question.ask, question.help
    ));
    loop {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(bytes) if bytes > 0) {
            return Err(
                Failure::new("the answers ended before the questions").help("nothing was written")
            );
        }
        match interview.answer(question, &line) {
            Ok(()) => return Ok(()),
            Err(why) => print::note(&format!("  {why}")),
        }
    }
}

/// All answers that were given beforehand; those of the command line first.
fn answers(args: &NewArgs) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for answer in &args.answer {
        let Some((key, text)) = answer.split_once('=') else {
            return Err(Failure::new(format!("`{answer}` has no `=`"))
                .help("write --answer 'things=order, product'"));
        };
        all.push((key.trim().to_owned(), text.to_owned()));
    }
    if let Some(path) = &args.answers {
        let text = new::read(path, LARGEST_ANSWERS)?;
        let read = casemate_build::interview::answers(&text).map_err(|problem| {
            Failure::new(format!("{}:{problem}", path.display())).help("nothing was written")
        })?;
        let more = read.into_iter().filter(|(key, _)| {
            args.answer.iter().all(|given| {
                given
                    .split_once('=')
                    .is_none_or(|(known, _)| known.trim() != key)
            })
        });
        all.extend(more.collect::<Vec<_>>());
    }
    Ok(all)
}

fn finish(lines: &mut String, output: &Path, problems: &[Problem]) -> Result<Exit, Failure> {
    for problem in problems {
        let _ = writeln!(lines, "  {}:{problem}", output.display());
    }
    print::results(lines)?;
    Ok(if problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Found
    })
}

fn next(output: &Path) -> String {
    format!(
        "Next: read it, then `casemate new {} DIR`.\n",
        output.display()
    )
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    write::replace(path, text).map_err(|error| Failure::new(&error).help("nothing was written"))
}

/// The name of the folder that a file is in.
fn folder(path: &Path) -> String {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.map_or_else(std::env::current_dir, |parent| parent.canonicalize());
    parent
        .ok()
        .and_then(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_default()
}

/// What another file has named cannot steer the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
