//! `casemate new`: writes a backend from its description.

use crate::args::NewArgs;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_build::write::{self, WriteError};
use casemate_build::{GenerateError, generate};
use std::fmt::Write;
use std::fs;

/// More than any description needs.
const LARGEST_DESCRIPTION: u64 = 1024 * 1024;

/// Reads, generates, writes; nothing is written unless all of it can be.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let shown = args.description.display();
    let cannot = |error: &std::io::Error| {
        Failure::new(format!("`{shown}` cannot be read: {}", error.kind()))
    };
    let size = fs::metadata(&args.description)
        .map_err(|e| cannot(&e))?
        .len();
    if size > LARGEST_DESCRIPTION {
        return Err(Failure::new(format!("`{shown}` is larger than 1 MB"))
            .help("a description has some hundred lines; is this the right file?"));
    }
    let text = fs::read_to_string(&args.description).map_err(|e| cannot(&e))?;
    let made = generate(&text).map_err(|error| match error {
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
    })?;
    write::write(&made.files, &args.target).map_err(|error| {
        let help = match &error {
            WriteError::NotEmpty(_) => {
                "choose a folder that is empty or not there; casemate never writes over anything"
            }
            WriteError::NotAFolder(_) => "choose the path of a folder",
            WriteError::Io { .. } => "nothing was written",
        };
        Failure::new(&error).help(help)
    })?;
    print::results(&summary(args, made.files.len()))
}

fn summary(args: &NewArgs, files: usize) -> String {
    format!(
        "Wrote {} to {}.\n\nNext:\n  cd {}\n  npm ci\n  npm run typecheck\n  npm test            # starts a PostgreSQL of its own\n  casemate prove .    # takes each control away and looks which test goes red\n\n\
         Read README.md for what is protected and how.\n\
         Not generated yet: {}.\n",
        count(files, "file"),
        args.target.display(),
        args.target.display(),
        casemate_build::NOT_YET.join(", "),
    )
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
