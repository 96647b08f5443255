//! A copy of a project in which controls are taken away.

use super::runner::{Answer, Runner};
use super::{ProveError, Verdict, io_error};
use crate::control::Control;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long all tests may take before anything is known of them.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Part of the names of tests that start the service as it is built.
const BUILT: &str = "process";
/// What the tests read before the first of them: a runner that has done so knows nothing of a change.
const PREPARATION: &[&str] = &["migrations/", "src/utils/migrator.ts"];
/// What Vitest says when a test took too long, and when it could not start the tests: a busy machine does both.
const BUSY: &[&str] = &["timed out in", "[vitest-pool]", "the run was cut short"];

/// What Node.js and PostgreSQL say where the disk is full.
const FULL: &[&str] = &[
    "ENOSPC",
    "No space left on device",
    "no space left on device",
];

/// A copy of a project.
pub struct Workspace {
    // Ends before its folder does.
    runner: Option<Runner>,
    folder: TempDir,
    /// The runner was started while a file was edited that it reads once.
    edited_at_start: bool,
    /// The file that is or was edited last.
    edited: Option<String>,
    /// Files that are not as they were when tests ran last.
    changed: Vec<String>,
    patience: Duration,
}

/// An edit that ends when this is dropped.
pub struct Edit {
    path: PathBuf,
    before: Vec<u8>,
}

impl Drop for Edit {
    fn drop(&mut self) {
        // If this fails, the next test run says so.
        let _ = fs::write(&self.path, &self.before);
    }
}

impl Workspace {
    /// Copies the files of a project; what is installed is shared.
    pub fn new(folder: &Path, files: &[String]) -> Result<Self, ProveError> {
        let copy = tempfile::Builder::new()
            .prefix("casemate-prove-")
            .tempdir()
            .map_err(io_error("no temporary folder can be made"))?;
        for path in files {
            let to = copy.path().join(path);
            let cannot = || io_error(format!("`{path}` cannot be copied"));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(cannot())?;
            }
            fs::copy(folder.join(path), &to).map_err(cannot())?;
        }
        let installed = folder.join("node_modules");
        let installed = installed
            .canonicalize()
            .map_err(io_error("node_modules cannot be found"))?;
        link(&installed, &copy.path().join("node_modules"))
            .map_err(io_error("node_modules cannot be linked"))?;
        Ok(Self {
            folder: copy,
            runner: None,
            edited_at_start: false,
            edited: None,
            changed: Vec::new(),
            patience: PATIENCE,
        })
    }

    /// Where the copy is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Checks the types without any edit; what the compiler says, if they do not hold.
    pub fn type_check(&self) -> Result<Option<String>, ProveError> {
        let output = self
            .compiler(&["--noEmit", "--pretty", "false"])
            .output()
            .map_err(io_error("node cannot be started"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        Ok((!output.status.success()).then(|| said.trim().to_owned()))
    }

    /// Tells how long all tests took; none may take much longer from now on.
    pub fn expect(&mut self, whole: Duration) {
        self.patience = whole * 3 + Duration::from_secs(60);
    }

    /// Replaces the text of a file for as long as the answer lives.
    pub fn edit(&mut self, path: &str, text: &str) -> Result<Edit, ProveError> {
        let prepares = |path: &str| PREPARATION.iter().any(|part| path.starts_with(part));
        if self.edited_at_start || prepares(path) {
            self.runner = None;
        }
        self.edited_at_start = prepares(path);
        self.changed = self.edited.replace(path.to_owned()).into_iter().collect();
        self.changed.push(path.to_owned());
        let path = self.folder.path().join(path);
        let cannot = || io_error("the copy cannot be written");
        let before = fs::read(&path).map_err(cannot())?;
        fs::write(&path, text).map_err(cannot())?;
        Ok(Edit { path, before })
    }

    /// Runs all tests without any edit; why they are red, if they are.
    pub fn check(&mut self) -> Result<Option<String>, ProveError> {
        let answer = self.run(&[])?;
        Ok(match (answer.red, answer.broken, answer.late) {
            (Some(test), ..) => {
                let why = answer.why.as_deref().unwrap_or("it does not say why");
                Some(format!("{test}: {why}"))
            }
            (None, Some(why), _) => Some(why),
            (None, None, true) => Some("the tests do not end".to_owned()),
            (None, None, false) => None,
        })
    }

    /// Runs the tests that should notice; if none does, all.
    pub fn test(&mut self, control: &Control) -> Result<Verdict, ProveError> {
        let first: Vec<&str> = control.tests.iter().map(String::as_str).collect();
        for names in [&first[..], &[]] {
            let mut answer = self.run(names)?;
            if says_nothing(&answer) {
                self.runner = None;
                answer = self.run(names)?;
            }
            self.can_run(&answer)?;
            if let Some(test) = answer.red {
                return Ok(Verdict::Noticed(test));
            }
            if answer.late {
                return Ok(Verdict::Missed("the tests do not end".to_owned()));
            }
            if let Some(why) = answer.broken {
                return Ok(Verdict::Missed(format!(
                    "the code does not run without it: {why}"
                )));
            }
        }
        Ok(Verdict::Missed("all tests stay green".to_owned()))
    }

    /// What the machine refuses says nothing about a control, and is not written down as if it did.
    fn can_run(&self, answer: &Answer) -> Result<(), ProveError> {
        let texts = [&answer.why, &answer.broken];
        let full = texts
            .iter()
            .filter_map(|text| text.as_deref())
            .any(|text| FULL.iter().any(|word| text.contains(word)));
        if full {
            return Err(io_error("the tests cannot run")(
                std::io::ErrorKind::StorageFull.into(),
            ));
        }
        if !self.folder.path().join("node_modules").is_dir() {
            return Err(io_error("node_modules is not there any more")(
                std::io::ErrorKind::NotFound.into(),
            ));
        }
        Ok(())
    }

    /// Runs the test files whose names contain one of these, or all.
    fn run(&mut self, names: &[&str]) -> Result<Answer, ProveError> {
        if names.is_empty() || names.iter().any(|name| name.contains(BUILT)) {
            self.build()?;
        }
        let mut runner = match self.runner.take() {
            Some(runner) => runner,
            None => Runner::start(self.folder.path())?,
        };
        let answer = runner.run(&self.changed, names, self.patience);
        self.changed.clear();
        Ok(match answer {
            Some(answer) => {
                if !answer.late {
                    self.runner = Some(runner);
                }
                answer
            }
            None => Answer {
                broken: Some("the tests do not start".to_owned()),
                ..Answer::default()
            },
        })
    }

    /// Compiles. Names that an edit has left unused are mistakes for the compiler, which writes its output all the same.
    fn build(&self) -> Result<(), ProveError> {
        self.compiler(&["-p", "tsconfig.build.json"])
            .stdout(Stdio::null())
            .status()
            .map(|_| ())
            .map_err(io_error("node cannot be started"))
    }

    /// The compiler of the project.
    fn compiler(&self, arguments: &[&str]) -> Command {
        let program = self.folder.path().join("node_modules/typescript/bin/tsc");
        let mut command = Command::new("node");
        command
            .arg(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

/// Whether what went wrong may be the machine's doing.
fn says_nothing(answer: &Answer) -> bool {
    let busy = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        BUSY.iter().any(|word| text.contains(word))
    };
    answer.late || busy(&answer.why) || (answer.red.is_none() && busy(&answer.broken))
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(to, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_proves_nothing() {
        for (red, why, broken, nothing) in [
            (Some("a"), Some("expected 1 to be 2"), None, false),
            (Some("a"), Some("Test timed out in 20000ms."), None, true),
            (Some("a"), Some("Hook timed out in 60000ms."), None, true),
            (
                None,
                None,
                Some("[vitest-pool]: Failed to start forks worker"),
                true,
            ),
            (None, None, Some("x: syntax"), false),
            (
                Some("a"),
                Some("it is 1"),
                Some("the run was cut short"),
                false,
            ),
            (None, None, None, false),
        ] {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let answer = Answer {
                red: text(red),
                why: text(why),
                broken: text(broken),
                late: false,
            };
            assert_eq!(says_nothing(&answer), nothing, "{answer:?}");
        }
        assert!(says_nothing(&Answer {
            late: true,
            ..Answer::default()
        }));
    }
}
