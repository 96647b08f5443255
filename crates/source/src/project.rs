//! A project as it was read.

use crate::deployment::is_deployment;
use crate::filetype::FileType;
use crate::frontend;
use crate::git::Repository;
use crate::limits;
use crate::lines::{LineIndex, Position};
use crate::locate::Located;
use crate::read;
use crate::role::{self, SetAside};
use crate::skipped::{Reason, Skipped};
use crate::unit::{self, Manifest, Unit, UnitId};
use crate::walk::{self, Entry};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What the caller wants left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Patterns in the syntax of `.gitignore`, relative to the root.
    pub exclude: Vec<Exclusion>,
    /// The project's own policy does not count: `.casemateignore` is not read.
    pub isolated: bool,
}

/// A pattern that leaves files out, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// In the syntax of `.gitignore`.
    pub pattern: String,
    /// `--exclude`, or the line of the policy.
    pub origin: String,
}

/// How much an ignore file or exclusion left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct IgnoreEffect {
    /// What says so.
    pub origin: String,
    /// Files and folders that it left out, a folder counted once.
    pub entries: usize,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
    /// What it is.
    pub file_type: FileType,
    /// The package it belongs to.
    pub unit: UnitId,
    /// Where its lines begin.
    pub lines: LineIndex,
    /// What a reader must be told of how it was read.
    pub note: Option<&'static str>,
}

impl SourceFile {
    /// A file from its text.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.into(),
            file_type: type_of(path, text.as_bytes()),
            unit: UnitId::default(),
            lines: LineIndex::new(text),
            note: None,
        }
    }

    /// The place of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        self.lines.position(&self.text, offset)
    }

    /// The text of a line, counted from 1.
    #[must_use]
    pub fn line_text(&self, line: u32) -> &str {
        self.lines.line_text(&self.text, line)
    }
}

/// A project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The name of its root folder.
    pub name: String,
    /// The root as the user wrote it.
    pub display: String,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Its packages, sorted by root; the first is the root's.
    pub units: Vec<Unit>,
    /// Files that front ends read, in path order: backend code and templates.
    pub files: Vec<SourceFile>,
    /// Manifests and lock files, in path order.
    pub manifests: Vec<Manifest>,
    /// Files that say what is deployed, in path order.
    pub deployments: Vec<Manifest>,
    /// Code that is not the backend's, in path order.
    pub set_aside: Vec<SetAside>,
    /// Those of them whose text says that they run in a browser, in path order: what they load may run there as well.
    pub browser: Vec<SourceFile>,
    /// What could not be read, in path order.
    pub skipped: Vec<Skipped>,
    /// How many files there are in languages that no front end reads yet.
    pub without_front_end: BTreeMap<&'static str, usize>,
    /// Files that were listed, of any type.
    pub seen: usize,
    /// What ignore files and exclusions left out.
    pub ignored: Vec<IgnoreEffect>,
    /// Folders of other people's code and of build output, by name, with their number. Their bodies are not read.
    pub foreign: BTreeMap<String, usize>,
    /// Where findings are wanted; empty: everywhere.
    pub focus: Vec<String>,
    /// What else a reader must be told.
    pub notes: Vec<String>,
}

enum Outcome {
    File(SourceFile),
    Manifest(Manifest),
    Deployment(Manifest),
    Aside(SetAside),
    Browser(SetAside, SourceFile),
    Skipped(Reason),
    NoFrontEnd(&'static str),
    Other,
}

impl Project {
    /// Reads a located project. Whatever cannot be read is listed; nothing fails.
    #[must_use]
    pub fn open(located: &Located, options: &Options) -> Self {
        let found = walk::walk(located, options);
        let mut project = Self {
            name: located.root.file_name().map_or_else(
                || located.display.clone(),
                |n| n.to_string_lossy().into_owned(),
            ),
            display: located.display.clone(),
            commit: Repository::around(&located.root).and_then(|r| r.head()),
            seen: found.entries.len(),
            skipped: found.skipped,
            foreign: found.foreign,
            focus: located.focus.clone(),
            ..Self::default()
        };
        project.ignored = effects(
            found.git_ignored,
            found.own_ignored,
            &found.excluded,
            options,
        );
        project.take(read_all(&found.entries));
        project
    }

    /// A project from texts, for tests and the examples of rules.
    #[must_use]
    pub fn from_memory(name: &str, files: &[(String, String)]) -> Self {
        let mut project = Self {
            name: name.to_owned(),
            display: ".".into(),
            seen: files.len(),
            ..Self::default()
        };
        let mut outcomes: Vec<(String, Outcome)> = files
            .iter()
            .map(|(path, text)| (path.clone(), of_text(path, path, text.clone(), None, false)))
            .collect();
        outcomes.sort_by(|a, b| a.0.cmp(&b.0));
        project.take(outcomes);
        project
    }

    /// Whether a finding at this path is wanted.
    #[must_use]
    pub fn in_focus(&self, path: &str) -> bool {
        self.focus.is_empty()
            || self.focus.iter().any(|f| {
                path == f
                    || path
                        .strip_prefix(f.as_str())
                        .is_some_and(|r| r.starts_with('/'))
            })
    }

    /// Whether files of a package may hold what runs on a server beside what runs in a browser: its manifest names a
    /// framework of that kind, or there is none to tell.
    #[must_use]
    pub fn mixes_halves(&self, unit: &unit::Unit) -> bool {
        self.package_manifest(unit)
            .is_none_or(|manifest| frontend::mixes_halves(&manifest.text))
    }

    fn package_manifest(&self, unit: &unit::Unit) -> Option<&Manifest> {
        let path = if unit.root.is_empty() {
            "package.json".to_owned()
        } else {
            format!("{}/package.json", unit.root)
        };
        self.manifests.iter().find(|m| m.path == path)
    }

    fn take(&mut self, outcomes: Vec<(String, Outcome)>) {
        let mut total = 0_u64;
        for (path, outcome) in outcomes {
            match outcome {
                Outcome::File(file) => {
                    total += file.text.len() as u64;
                    if total > limits::TOTAL_BYTES {
                        let limit = format!("{} bytes of text", limits::TOTAL_BYTES);
                        self.skipped.push(Skipped {
                            path,
                            reason: Reason::OverLimit(limit),
                        });
                    } else {
                        self.files.push(file);
                    }
                }
                Outcome::Manifest(manifest) => self.manifests.push(manifest),
                Outcome::Deployment(file) => self.deployments.push(file),
                Outcome::Aside(aside) => self.set_aside.push(aside),
                Outcome::Browser(aside, file) => {
                    self.set_aside.push(aside);
                    self.browser.push(file);
                }
                Outcome::Skipped(reason) => self.skipped.push(Skipped { path, reason }),
                Outcome::NoFrontEnd(language) => {
                    *self.without_front_end.entry(language).or_default() += 1
                }
                Outcome::Other => {}
            }
        }
        self.skipped.sort();
        self.units = unit::units(&self.name, &self.manifests, &mut self.notes);
        let paths = self.files.iter().map(|f| f.path.as_str());
        unit::add_programs(&mut self.units, paths, &self.name);
        for file in self.files.iter_mut().chain(&mut self.browser) {
            file.unit = unit::unit_of(&file.path, &self.units);
        }
        self.set_frontends_aside();
    }

    /// Sets aside the JavaScript of packages that run in browsers, other than what shows signs of a server.
    fn set_frontends_aside(&mut self) {
        let framework = |unit: &unit::Unit| frontend::framework(&self.package_manifest(unit)?.text);
        let of_units: Vec<Option<&str>> = self.units.iter().map(framework).collect();
        let of_file = |file: &SourceFile| {
            let script = matches!(file.file_type, FileType::JavaScript | FileType::TypeScript);
            let framework = of_units.get(file.unit.index()).copied().flatten()?;
            (script && !self.focus.contains(&file.path) && !role::runs_on_server(&file.text))
                .then_some(framework)
        };
        let judged: Vec<Option<&str>> = self.files.iter().map(of_file).collect();
        let mut judged = judged.into_iter();
        let aside = &mut self.set_aside;
        self.files.retain(|file| {
            let Some(framework) = judged.next().flatten() else {
                return true;
            };
            aside.push(SetAside {
                path: file.path.clone(),
                role: role::Role::Browser,
                because: format!("its package depends on `{framework}` and on nothing of a server"),
            });
            false
        });
        aside.sort();
    }
}

fn read_all(entries: &[Entry]) -> Vec<(String, Outcome)> {
    entries
        .par_iter()
        .map(|entry| (entry.path.clone(), read_one(entry)))
        .collect()
}

fn read_one(entry: &Entry) -> Outcome {
    let name = file_name(&entry.path);
    let mut file_type = FileType::of_path(&entry.path);
    if file_type == FileType::Other && FileType::needs_head(name) {
        file_type =
            read::head(&entry.full).map_or(FileType::Other, |head| FileType::of_head(name, &head));
    }
    if let Some(language) = file_type.without_front_end() {
        return Outcome::NoFrontEnd(language);
    }
    if file_type == FileType::Other && is_deployment(&entry.path) {
        // Where it cannot be read, a unit is not told; no code is lost.
        return read::text(&entry.full)
            .map_or(Outcome::Other, |text| deployment(&entry.path, text.text));
    }
    if !entry.named
        && let Some((role, because)) = role::of_path(&entry.judged, file_type)
    {
        return Outcome::Aside(SetAside {
            path: entry.path.clone(),
            role,
            because,
        });
    }
    if !file_type.is_read() && !entry.named {
        return Outcome::Other;
    }
    match read::text(&entry.full) {
        Ok(text) => of_text(
            &entry.path,
            &entry.judged,
            text.text,
            text.note,
            entry.named,
        ),
        Err(reason) => Outcome::Skipped(reason),
    }
}

fn deployment(path: &str, text: String) -> Outcome {
    Outcome::Deployment(Manifest {
        path: path.to_owned(),
        text: text.into(),
    })
}

/// What a text is, for a file whose type has a reader.
fn of_text(
    path: &str,
    judged: &str,
    text: String,
    note: Option<&'static str>,
    named: bool,
) -> Outcome {
    let file_type = type_of(path, text.as_bytes());
    if let Some(language) = file_type.without_front_end() {
        return Outcome::NoFrontEnd(language);
    }
    if file_type == FileType::Manifest {
        return Outcome::Manifest(Manifest {
            path: path.to_owned(),
            text: text.into(),
        });
    }
    if file_type == FileType::Other && is_deployment(path) {
        return deployment(path, text);
    }
    let by_path = if named {
        None
    } else {
        role::of_path(judged, file_type)
    };
    let judgement = by_path.or_else(|| {
        if named || !file_type.is_code() {
            None
        } else {
            role::of_text(judged, &text)
        }
    });
    match judgement {
        Some((role, because)) => {
            let aside = SetAside {
                path: path.to_owned(),
                role,
                because,
            };
            if role == role::Role::Browser {
                Outcome::Browser(aside, SourceFile::new(path, &text))
            } else {
                Outcome::Aside(aside)
            }
        }
        None if !file_type.is_read() => Outcome::Other,
        None => Outcome::File(SourceFile {
            note,
            ..SourceFile::new(path, &text)
        }),
    }
}

fn type_of(path: &str, head: &[u8]) -> FileType {
    let name = file_name(path);
    match FileType::of_path(path) {
        FileType::Other if FileType::needs_head(name) => FileType::of_head(
            name,
            head.get(..limits::HEAD_BYTES as usize).unwrap_or(head),
        ),
        file_type => file_type,
    }
}

fn file_name(path: &str) -> &str {
    Path::new(path)
        .file_name()
        .and_then(|n| n.to_str())
        .unwrap_or(path)
}

fn effects(git: usize, own: usize, excluded: &[usize], options: &Options) -> Vec<IgnoreEffect> {
    let files = [(".gitignore", git), (".casemateignore", own)];
    let from_files = files
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(origin, entries)| IgnoreEffect {
            origin: origin.into(),
            entries,
        });
    let from_options = options
        .exclude
        .iter()
        .zip(excluded)
        .map(|(exclusion, entries)| IgnoreEffect {
            origin: format!("{} {}", exclusion.origin, exclusion.pattern),
            entries: *entries,
        });
    from_files.chain(from_options).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_vanished_after_the_walk_is_told() {
        let gone = Entry {
            path: "a.js".into(),
            judged: "a.js".into(),
            full: "/nonexistent/a.js".into(),
            named: false,
        };
        assert!(matches!(
            read_one(&gone),
            Outcome::Skipped(Reason::Vanished)
        ));
    }
}
