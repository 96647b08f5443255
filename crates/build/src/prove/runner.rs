//! A process of Node.js that runs tests of a project whenever it is asked.
//!
//! Most of what a run of one test file costs is the start: Node.js, the configuration, a database with its migrations, the
//! translation of TypeScript. The process does all of that once.

use super::{ProveError, io_error};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

const PROGRAM: &str = include_str!("runner.mjs");
/// Marks the lines that are answers; the project may print others.
const MARK: char = '\u{1}';
/// For how long the process may be silent beyond the time that it was given.
const GRACE: Duration = Duration::from_secs(60);
/// For how long it may tidy up.
const FAREWELL: Duration = Duration::from_secs(20);

/// What a run said.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The first test that failed.
    pub red: Option<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// Why there is no answer, where no test failed.
    pub broken: Option<String>,
    /// It took longer than it may.
    pub late: bool,
}

#[derive(Serialize)]
struct Request<'a> {
    changed: &'a [String],
    names: &'a [&'a str],
    seconds: u64,
}

/// A process that runs tests.
pub struct Runner {
    child: Child,
    answers: Receiver<Answer>,
}

impl Runner {
    /// Starts it in the folder of a project. No test runs yet.
    pub fn start(folder: &Path) -> Result<Self, ProveError> {
        let mut child = Command::new("node")
            .args(["--input-type=module", "--eval", PROGRAM])
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io_error("node cannot be started"))?;
        let (tell, answers) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let answer = line.strip_prefix(MARK).map(serde_json::from_str);
                    if let Some(Ok(answer)) = answer
                        && tell.send(answer).is_err()
                    {
                        return;
                    }
                }
            });
        }
        Ok(Self { child, answers })
    }

    /// Runs the test files whose names contain one of these, or all; nothing is answered if the process has ended.
    pub fn run(
        &mut self,
        changed: &[String],
        names: &[&str],
        patience: Duration,
    ) -> Option<Answer> {
        let request = Request {
            changed,
            names,
            seconds: patience.as_secs(),
        };
        let mut text = serde_json::to_string(&request).ok()?;
        text.push('\n');
        self.child.stdin.as_mut()?.write_all(text.as_bytes()).ok()?;
        self.answers.recv_timeout(patience + GRACE).ok()
    }
}

impl Drop for Runner {
    /// Lets it stop what it started; without an answer it is ended.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while begun.elapsed() < FAREWELL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A Vitest that has one test, which is red where `a` is in the file.
    const VITEST: &str = "import { readFileSync } from 'node:fs'
        export const createVitest = async (_, { reporters: [observer] }) => ({
          standalone: async () => {}, invalidateFile() {}, cancelCurrentRun: async () => {}, close: async () => {},
          globTestSpecifications: async (names) => names,
          runTestSpecifications: async (names) => {
            console.log('noise')
            if (names[0] === 'endless') await new Promise((resolve) => setTimeout(resolve, 60_000))
            const state = readFileSync('file', 'utf8').includes('a') ? 'failed' : 'passed'
            const test = { fullName: 'one', result: () => ({ state, errors: [{ message: 'it is 1\\nat x' }] }) }
            const suite = { relativeModuleId: 'x', state: () => state, errors: () => [{ message: 'syntax\\nat x' }],
              children: { allTests: () => [], allSuites: () => [] } }
            if (names[0] !== 'nothing') {
              if (names[0] !== 'broken') observer.onTestCaseResult(test)
              observer.onTestModuleEnd(suite)
            }
            return { unhandledErrors: [] }
          },
        })";

    #[test]
    fn one_process_answers_many_times() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("node_modules/vitest");
        fs::create_dir_all(&package).unwrap();
        fs::write(
            package.join("package.json"),
            r#"{"type":"module","exports":{"./node":"./node.js"}}"#,
        )
        .unwrap();
        fs::write(package.join("node.js"), VITEST).unwrap();
        let mut runner = Runner::start(folder.path()).unwrap();
        let mut ask = |text: &str, name: &str| {
            fs::write(folder.path().join("file"), text).unwrap();
            runner.run(&["file".to_owned()], &[name], Duration::from_secs(5))
        };
        let red = Answer {
            red: Some("one".into()),
            why: Some("it is 1".into()),
            ..Answer::default()
        };
        let broken = |why: &str| Answer {
            broken: Some(why.into()),
            ..Answer::default()
        };
        let late = Answer {
            late: true,
            ..Answer::default()
        };
        for (text, name, answer) in [
            ("b", "file", Some(Answer::default())),
            ("a", "file", Some(red)),
            ("a", "broken", Some(broken("x: syntax"))),
            ("b", "nothing", Some(broken("no test ran"))),
            ("b", "file", Some(Answer::default())),
            ("b", "endless", Some(late)),
            ("b", "file", None),
        ] {
            assert_eq!(ask(text, name), answer, "{text} {name}");
        }
    }
}
