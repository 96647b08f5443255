//! A copy of a project in which controls are taken away.

use super::plan::Plan;
use super::{ProveError, Verdict, io_error};
use crate::control::Control;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A run of the tests that takes longer does not end.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Part of the names of tests that start the service as it is built.
const BUILT: &str = "process";

/// A copy of a project.
pub struct Workspace {
    folder: TempDir,
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

/// What Vitest reports.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    success: bool,
    test_results: Vec<Suite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    name: String,
    status: String,
    #[serde(default)]
    message: String,
    assertion_results: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    full_name: String,
    status: String,
    #[serde(default)]
    failure_messages: Vec<String>,
}

impl Workspace {
    /// Copies the files of a project; what is installed is shared.
    pub fn new(folder: &Path, plan: &Plan) -> Result<Self, ProveError> {
        let copy = tempfile::Builder::new()
            .prefix("casemate-prove-")
            .tempdir()
            .map_err(io_error("no temporary folder can be made"))?;
        for path in &plan.files {
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
        Ok(Self { folder: copy })
    }

    /// Where the copy is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces the text of a file for as long as the answer lives.
    pub fn edit(&self, path: &str, text: &str) -> Result<Edit, ProveError> {
        let path = self.folder.path().join(path);
        let cannot = || io_error("the copy cannot be written");
        let before = fs::read(&path).map_err(cannot())?;
        fs::write(&path, text).map_err(cannot())?;
        Ok(Edit { path, before })
    }

    /// Runs all tests without any edit; the first that is red.
    pub fn check(&self) -> Result<Option<String>, ProveError> {
        self.build()?;
        Ok(match self.run(&[])? {
            Ok(report) if report.success => None,
            Ok(report) => Some(match red(&report) {
                Some(test) => format!("{test}: {}", reason(&report)),
                None => broken(&report),
            }),
            Err(why) => Some(why),
        })
    }

    /// Runs the tests that should notice; if none does, all.
    pub fn test(&self, control: &Control) -> Result<Verdict, ProveError> {
        let first: Vec<&str> = control.tests.iter().map(String::as_str).collect();
        for names in [&first[..], &[]] {
            if names.is_empty() || names.iter().any(|name| name.contains(BUILT)) {
                self.build()?;
            }
            match self.run(names)? {
                Err(why) => return Ok(Verdict::Missed(why)),
                Ok(report) => {
                    if let Some(test) = red(&report) {
                        return Ok(Verdict::Noticed(test));
                    }
                    if !report.success {
                        return Ok(Verdict::Missed(format!(
                            "the code does not run without it: {}",
                            broken(&report)
                        )));
                    }
                }
            }
        }
        Ok(Verdict::Missed("all tests stay green".to_owned()))
    }

    /// Compiles. Names that an edit has left unused are mistakes for the compiler, which writes its output all the same.
    fn build(&self) -> Result<(), ProveError> {
        let compiler = self.folder.path().join("node_modules/typescript/bin/tsc");
        self.node(&[&compiler.to_string_lossy(), "-p", "tsconfig.build.json"])
            .map(|_| ())
    }

    /// Runs the test files whose names contain one of these, or all. The inner error says why there is no report.
    fn run(&self, names: &[&str]) -> Result<Result<Report, String>, ProveError> {
        let vitest = self.folder.path().join("node_modules/vitest/vitest.mjs");
        let output = self.folder.path().join(".vitest.json");
        let _ = fs::remove_file(&output);
        let (program, file) = (
            vitest.to_string_lossy().into_owned(),
            format!("--outputFile={}", output.display()),
        );
        let mut arguments = vec![
            program.as_str(),
            "run",
            "--reporter=json",
            &file,
            "--bail=1",
        ];
        arguments.extend(names);
        if !self.node(&arguments)? {
            return Ok(Err("the tests do not end".to_owned()));
        }
        let report = fs::read(&output)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(report.ok_or_else(|| "the tests do not start without it".to_owned()))
    }

    /// Runs Node.js in the copy; whether it ended by itself.
    fn node(&self, arguments: &[&str]) -> Result<bool, ProveError> {
        let mut child = Command::new("node")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io_error("node cannot be started"))?;
        let begun = Instant::now();
        loop {
            if child
                .try_wait()
                .map_err(io_error("node cannot be waited for"))?
                .is_some()
            {
                return Ok(true);
            }
            if begun.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Ok(false);
            }
            sleep(Duration::from_millis(50));
        }
    }
}

/// The first test that failed; a suite whose preparation failed counts with all of its tests.
fn red(report: &Report) -> Option<String> {
    let failed = |test: &&Test| test.status == "failed";
    let suites = &report.test_results;
    suites
        .iter()
        .flat_map(|suite| &suite.assertion_results)
        .find(failed)
        .map(|test| test.full_name.clone())
        .or_else(|| {
            suites
                .iter()
                .filter(|suite| suite.status == "failed")
                .find_map(|suite| suite.assertion_results.first())
                .map(|test| test.full_name.clone())
        })
}

/// Why the first test failed that says so.
fn reason(report: &Report) -> &str {
    report
        .test_results
        .iter()
        .flat_map(|suite| &suite.assertion_results)
        .flat_map(|test| &test.failure_messages)
        .find_map(|message| message.lines().next())
        .unwrap_or("it does not say why")
}

/// Why a run failed in which no test failed.
fn broken(report: &Report) -> String {
    report
        .test_results
        .iter()
        .find(|suite| suite.status == "failed")
        .map_or_else(
            || "no test ran".to_owned(),
            |suite| {
                let name = suite.name.rsplit('/').next().unwrap_or(&suite.name);
                let message = suite.message.lines().next().unwrap_or_default();
                format!("{name}: {message}")
            },
        )
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

    fn report(text: &str) -> Report {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_file_that_does_not_load_is_no_red_test() {
        let broken_file = report(
            r#"{"success":false,"testResults":[{"name":"/x/a.test.ts","status":"failed","message":"Error: syntax\nat","assertionResults":[]}]}"#,
        );
        assert_eq!(red(&broken_file), None);
        assert_eq!(broken(&broken_file), "a.test.ts: Error: syntax");
    }

    #[test]
    fn failed_tests_and_failed_preparations_are_red() {
        let failed = report(
            r#"{"success":false,"testResults":[{"name":"a","status":"failed","assertionResults":[{"fullName":"one","status":"passed"},{"fullName":"two","status":"failed","failureMessages":["it is 1\nat x"]}]}]}"#,
        );
        assert_eq!(red(&failed).as_deref(), Some("two"));
        assert_eq!(reason(&failed), "it is 1");
        let prepared = report(
            r#"{"success":false,"testResults":[{"name":"a","status":"failed","message":"x","assertionResults":[{"fullName":"one","status":"skipped"}]}]}"#,
        );
        assert_eq!(red(&prepared).as_deref(), Some("one"));
    }
}
