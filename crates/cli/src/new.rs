//! `casemate new`: writes a backend from its description.

use crate::args::NewArgs;
use crate::draft;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_build::prove::trial::{Trial, tried};
use casemate_build::update::{Change, Step, Update, UpdateError};
use casemate_build::write::{self, WriteError};
use casemate_build::{GenerateError, generate};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// More than any description needs.
const LARGEST_DESCRIPTION: u64 = 1024 * 1024;

/// Reads, generates, writes; nothing is written unless all of it can be.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let (Some(description), Some(target)) = (&args.description, &args.target) else {
        return draft::run(args);
    };
    let text = read(description, LARGEST_DESCRIPTION)?;
    if args.update {
        return update(args, description, target, &text);
    }
    let made = generate(&text).map_err(|error| not_generated(description, error))?;
    write::write(&made.files, target).map_err(|error| {
        let help = match &error {
            WriteError::NotEmpty(_) => {
                "choose a folder that is empty or not there; casemate never writes over anything"
            }
            WriteError::NotAFolder(_) => "choose the path of a folder",
            WriteError::Io { .. } => "nothing was written",
        };
        Failure::new(&error).help(help)
    })?;
    print::results(&summary(target, made.files.len()))
}

/// The text of a file, if it is not too large to be what it should be.
pub fn read(path: &Path, largest: u64) -> Result<String, Failure> {
    let shown = path.display();
    let cannot = |error: &std::io::Error| {
        Failure::new(format!("`{shown}` cannot be read: {}", error.kind()))
    };
    let size = fs::metadata(path).map_err(|e| cannot(&e))?.len();
    if size > largest {
        return Err(Failure::new(format!(
            "`{shown}` is larger than {} MB",
            largest / 1024 / 1024
        ))
        .help("a description has some hundred lines; is this the right file?"));
    }
    fs::read_to_string(path).map_err(|e| cannot(&e))
}

fn not_generated(description: &Path, error: GenerateError) -> Failure {
    let shown = description.display();
    match error {
        GenerateError::Description(problems) => {
            let mut lines = format!("`{shown}` has {}", count(problems.len(), "mistake"));
            for problem in &problems {
                let _ = write!(lines, "\n  {shown}:{problem}");
            }
            Failure::new(lines).help("nothing was written")
        }
        error @ GenerateError::Template(_) => {
            Failure::new(error).help("this is a defect of casemate; please report it")
        }
    }
}

/// Merges what has changed in the generated text into a project.
fn update(args: &NewArgs, description: &Path, target: &Path, text: &str) -> Result<Exit, Failure> {
    let failed = |error: UpdateError| {
        match error {
        UpdateError::Generate(error) => not_generated(description, error),
        UpdateError::NoBase(_) => Failure::new(&error)
            .help("--update is for projects that `casemate new` has written; it keeps what it wrote there"),
        UpdateError::BadBase(_) => Failure::new(&error).help("take it from your version control"),
        UpdateError::Read { .. } => Failure::new(&error).help("nothing was written"),
        UpdateError::Write(_) => Failure::new(&error)
            .help("what was written is whole; mend the cause and run it again"),
    }
    };
    let update = Update::plan(target, text).map_err(failed)?;
    let conflicts = update.conflicts();
    let wanted = conflicts == 0 || args.mark_conflicts;
    let trial = if args.unchecked || !wanted || update.steps.is_empty() {
        Trial::Untried("--unchecked")
    } else {
        tried(target, &update).map_err(|error| Failure::new(error).help("nothing was written"))?
    };
    let red = matches!(trial, Trial::Red(_));
    let written = wanted && !red;
    if written {
        update.apply(target).map_err(failed)?;
    }
    let mut lines = String::new();
    for Step { path, change } in &update.steps {
        let what = match change {
            Change::Add(_) => "added".to_owned(),
            Change::Rewrite(_) => "changed".to_owned(),
            Change::Remove => "removed".to_owned(),
            Change::Conflict(_, places) => format!("conflict in {}", count(*places, "place")),
            Change::Keep(why) => format!("kept: {why}"),
        };
        let _ = writeln!(lines, "{path}: {what}");
    }
    lines.push_str(&match (update.steps.len(), trial) {
        (0, _) => "Up to date.\n".to_owned(),
        (_, Trial::Red(why)) => format!(
            "Nothing was written: with it, {why}\nIf that was so before, or you want to mend it there, --unchecked writes without looking.\n"
        ),
        (_, _) if !written => format!(
            "Nothing was written: {} changed by you and by casemate. --mark-conflicts writes both, between marks.\n",
            count(conflicts, "place")
        ),
        (steps, Trial::Passed) if target.join("web").is_dir() => format!(
            "{}. Types and tests of the service are green; its pages were not looked at: run `npm run typecheck --prefix web`.\n",
            count(steps, "file")
        ),
        (steps, Trial::Passed) => {
            format!("{}. Types and tests are green.\n", count(steps, "file"))
        }
        (steps, Trial::Untried(why)) => format!(
            "{}, and nobody has looked whether it works: {why}. Run `npm ci`, `npm run typecheck` and `npm test`.\n",
            count(steps, "file")
        ),
    });
    print::results(&lines)?;
    Ok(if conflicts == 0 && !red {
        Exit::Clean
    } else {
        Exit::Found
    })
}

fn summary(target: &Path, files: usize) -> String {
    format!(
        "Wrote {} to {}.\n\nNext:\n  cd {}\n  npm ci\n  npm run typecheck\n  npm test            # starts a PostgreSQL of its own\n  casemate prove .    # takes each control away and looks which test goes red\n\n\
         Read README.md for what is protected and how.\n\
         Its packages are locked to versions that were chosen on {} and are free of the {} advisories that were looked up on {}, which are not all: `npm audit` asks for all, and its CI runs it.\n",
        count(files, "file"),
        target.display(),
        target.display(),
        casemate_build::PINNED,
        casemate_build::advisory::snapshot().advisories.len(),
        casemate_build::advisory::snapshot().read,
    )
}

pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
