//! Brings a project up to date with its description, and loses nothing of what people have changed in it.
//!
//! The project keeps the texts that were generated last ([`BASE`]). What has changed since then in the generated text is
//! merged line by line into the file as it is. A migration may have been applied, so it never changes: what is new gets a
//! number of its own, and what would differ is told.

use crate::merge::merge;
use crate::write::{WriteError, replace};
use crate::{File, GenerateError, generate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where a project keeps the texts that were generated last.
pub const BASE: &str = ".casemate/base.json";
const LOCK: &str = "package-lock.json";
const MIGRATIONS: &str = "migrations/";

/// Generated texts by path.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Base {
    files: BTreeMap<String, String>,
}

/// What becomes of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Below the project.
    pub path: String,
    /// What is done.
    pub change: Change,
}

/// What is done with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// It is new.
    Add(String),
    /// It is another one now, with all that people have changed in it.
    Rewrite(String),
    /// It is not generated any more, and nobody had changed it.
    Remove,
    /// The same lines were changed by both: the text with marks, and how many places.
    Conflict(String, usize),
    /// It stays as it is, and this is what somebody has to know.
    Keep(&'static str),
}

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum UpdateError {
    /// It was not made by `casemate new`.
    #[error("`{0}` has no {BASE}")]
    NoBase(PathBuf),
    /// The base is damaged.
    #[error("`{0}` cannot be understood")]
    BadBase(PathBuf),
    /// The description has mistakes.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A file cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// All that an update does, and the base afterwards.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Update {
    /// In the order of paths; files that stay as they are have none.
    pub steps: Vec<Step>,
    base: Base,
}

impl Base {
    /// Of files that are about to be written for the first time.
    pub fn of(files: &[File]) -> Self {
        Self {
            files: files
                .iter()
                .map(|file| (file.path.clone(), file.text.clone()))
                .collect(),
        }
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        // Texts and paths are always JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Update {
    /// Works out what an update of this project to this description does. Changes nothing.
    pub fn plan(folder: &Path, description: &str) -> Result<Self, UpdateError> {
        let made = generate(description)?;
        let path = folder.join(BASE);
        let text = read(&path)?.ok_or_else(|| UpdateError::NoBase(folder.to_path_buf()))?;
        let base: Base =
            serde_json::from_str(&text).map_err(|_| UpdateError::BadBase(path.clone()))?;
        let mut new: Vec<File> = made
            .files
            .into_iter()
            .filter(|file| file.path != BASE)
            .collect();
        settle_migrations(&mut new, &base);
        let mut update = Self::default();
        let paths = base.files.keys().chain(new.iter().map(|file| &file.path));
        let mut paths: Vec<String> = paths.cloned().collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let before = base.files.get(&path);
            let after = new.iter().find(|file| file.path == path);
            let after = after.map(|file| file.text.as_str());
            let now = read(&folder.join(&path))?;
            let change = change(&path, before.map(String::as_str), now.as_deref(), after);
            // What is kept against the new text is told again next time.
            let kept = match (&change, after) {
                (Some(Change::Keep(_)), _) if before.is_some() => before.cloned(),
                (_, after) => after.map(str::to_owned),
            };
            if let Some(kept) = kept {
                update.base.files.insert(path.clone(), kept);
            }
            update
                .steps
                .extend(change.map(|change| Step { path, change }));
        }
        Ok(update)
    }

    /// In how many places both have changed the same lines.
    pub fn conflicts(&self) -> usize {
        self.steps
            .iter()
            .map(|step| match step.change {
                Change::Conflict(_, places) => places,
                _ => 0,
            })
            .sum()
    }

    /// Whether it writes this file.
    pub fn writes(&self, path: &str) -> bool {
        self.steps.iter().any(|step| {
            let kept = matches!(step.change, Change::Keep(_));
            step.path == path && !kept
        })
    }

    /// Does it. Each file is replaced whole and the base last: an update that was interrupted can be done again.
    pub fn apply(&self, folder: &Path) -> Result<(), UpdateError> {
        for Step { path, change } in &self.steps {
            let target = folder.join(path);
            match change {
                Change::Add(text) | Change::Rewrite(text) | Change::Conflict(text, _) => {
                    replace(&target, text)?;
                }
                Change::Remove => fs::remove_file(&target).map_err(|source| WriteError::Io {
                    path: target.clone(),
                    source,
                })?,
                Change::Keep(_) => {}
            }
        }
        replace(&folder.join(BASE), &self.base.text())?;
        Ok(())
    }
}

/// From the text before, the text now and the text that is generated now; nothing, if the file stays as it is.
fn change(
    path: &str,
    before: Option<&str>,
    now: Option<&str>,
    after: Option<&str>,
) -> Option<Change> {
    if now == after || before == after {
        return None;
    }
    match (before, now, after) {
        (Some(_), None, Some(_)) => Some(Change::Keep("you have removed it, and it has changed")),
        (None, None, Some(after)) => Some(Change::Add(after.to_owned())),
        (Some(before), Some(now), None) if before != now => Some(Change::Keep(
            "it is not generated any more, and you have changed it",
        )),
        (Some(_), Some(_), None) if path.starts_with(MIGRATIONS) => Some(Change::Keep(
            "it is not generated any more; drop its tables in a new migration",
        )),
        (Some(_), Some(_), None) => Some(Change::Remove),
        (Some(_), Some(_), Some(_)) if path.starts_with(MIGRATIONS) => Some(Change::Keep(
            "it would differ, and may have been applied; write a new migration",
        )),
        (Some(before), Some(now), Some(after)) if now == before => {
            Some(Change::Rewrite(after.to_owned()))
        }
        (Some(_), Some(_), Some(_)) if path == LOCK => {
            Some(Change::Keep("you have changed it; run `npm install`"))
        }
        (before, Some(now), Some(after)) => {
            let merged = merge(before.unwrap_or_default(), now, after);
            Some(if merged.conflicts == 0 {
                Change::Rewrite(merged.text)
            } else {
                Change::Conflict(merged.text, merged.conflicts)
            })
        }
        (_, _, None) => None,
    }
}

/// A migration that is there already keeps its number, and a new one comes behind all others.
fn settle_migrations(new: &mut [File], base: &Base) {
    let topic = |path: &str| -> Option<(usize, String)> {
        let (number, topic) = path.strip_prefix(MIGRATIONS)?.split_once('_')?;
        Some((number.parse().ok()?, topic.to_owned()))
    };
    let known: Vec<(usize, String)> = base.files.keys().filter_map(|path| topic(path)).collect();
    let mut next = known
        .iter()
        .map(|(number, _)| number + 1)
        .max()
        .unwrap_or(1);
    for file in new {
        let Some((_, topic)) = topic(&file.path) else {
            continue;
        };
        let number = known
            .iter()
            .find(|(_, other)| *other == topic)
            .map_or(next, |(number, _)| *number);
        next = next.max(number + 1);
        file.path = format!("{MIGRATIONS}{number:04}_{topic}");
    }
}

fn read(path: &Path) -> Result<Option<String>, UpdateError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(UpdateError::Read {
            path: path.to_path_buf(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::write;

    const LEAST: &str = "[app]\nname = \"x\"\n[auth]\nroles = [\"a\", \"b\"]\n[entity.note]\nfields.title = \"text(9)\"\nallow.read = \"authenticated\"\n";
    const TAG: &str = "[entity.badge]\nfields.name = \"text(9)\"\nallow.read = \"authenticated\"\n";

    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(&generate(LEAST).unwrap().files, folder.path()).unwrap();
        folder
    }

    fn plan(folder: &Path, text: &str) -> Update {
        Update::plan(folder, text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn step<'a>(update: &'a Update, path: &str) -> Option<&'a Change> {
        update
            .steps
            .iter()
            .find(|s| s.path == path)
            .map(|s| &s.change)
    }

    fn edit(folder: &Path, path: &str, from: &str, to: &str) {
        let path = folder.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    #[test]
    fn the_same_description_changes_nothing_whatever_people_have_done() {
        let folder = project();
        assert_eq!(plan(folder.path(), LEAST).steps, []);
        edit(
            folder.path(),
            "src/app.ts",
            "const app",
            "// Ours.\n  const app",
        );
        fs::remove_file(folder.path().join("biome.json")).unwrap();
        assert_eq!(plan(folder.path(), LEAST).steps, []);
    }

    #[test]
    fn changes_of_both_are_joined() {
        let folder = project();
        edit(
            folder.path(),
            "src/container.ts",
            "/** Builds",
            "/** Ours. */\n/** Builds",
        );
        let wider = format!("{LEAST}{TAG}");
        let update = plan(folder.path(), &wider);
        assert_eq!(update.conflicts(), 0);
        update.apply(folder.path()).unwrap();
        let container = fs::read_to_string(folder.path().join("src/container.ts")).unwrap();
        assert!(container.contains("/** Ours. */") && container.contains("BadgeService"));
        assert!(folder.path().join("src/services/badgeService.ts").is_file());
        assert_eq!(plan(folder.path(), &wider).steps, []);
        // And back: what was added goes, what people wrote stays.
        plan(folder.path(), LEAST).apply(folder.path()).unwrap();
        let container = fs::read_to_string(folder.path().join("src/container.ts")).unwrap();
        assert!(container.contains("/** Ours. */") && !container.contains("BadgeService"));
        assert!(!folder.path().join("src/services/badgeService.ts").exists());
    }

    #[test]
    fn migrations_never_change_and_new_ones_come_last() {
        let folder = project();
        let update = plan(
            folder.path(),
            &LEAST.replace("[entity.note]", &format!("{TAG}[entity.note]")),
        );
        assert!(matches!(
            step(&update, "migrations/0003_badges.sql"),
            Some(Change::Add(_))
        ));
        assert_eq!(step(&update, "migrations/0002_notes.sql"), None);
        let update = plan(folder.path(), &LEAST.replace("text(9)", "text(10)"));
        assert!(matches!(
            step(&update, "migrations/0002_notes.sql"),
            Some(Change::Keep(_))
        ));
        update.apply(folder.path()).unwrap();
        let again = plan(folder.path(), &LEAST.replace("text(9)", "text(10)"));
        assert!(
            matches!(
                &again.steps[..],
                [Step {
                    change: Change::Keep(_),
                    ..
                }]
            ),
            "{:?}",
            again.steps
        );
    }

    #[test]
    fn the_same_lines_changed_by_both_are_shown() {
        let folder = project();
        edit(folder.path(), "src/types/note.ts", ".max(100)", ".max(50)");
        let update = plan(folder.path(), &format!("{LEAST}list = {{ max = 10 }}\n"));
        assert_eq!(update.conflicts(), 1);
        let Some(Change::Conflict(text, 1)) = step(&update, "src/types/note.ts") else {
            panic!("{:?}", update.steps);
        };
        assert!(
            text.contains("<<<<<<< yours\n")
                && text.contains(".max(50)")
                && text.contains(".max(10)")
        );
    }

    #[test]
    fn what_people_removed_or_kept_is_told() {
        let folder = project();
        let wider = format!("{LEAST}{TAG}");
        fs::remove_file(folder.path().join("src/container.ts")).unwrap();
        let update = plan(folder.path(), &wider);
        assert!(matches!(
            step(&update, "src/container.ts"),
            Some(Change::Keep(_))
        ));
        fs::create_dir_all(folder.path().join("src/services")).unwrap();
        fs::write(
            folder.path().join("src/services/badgeService.ts"),
            "// Ours.\n",
        )
        .unwrap();
        let update = plan(folder.path(), &wider);
        assert!(matches!(
            step(&update, "src/services/badgeService.ts"),
            Some(Change::Conflict(..))
        ));
    }

    #[test]
    fn other_folders_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Update::plan(folder.path(), LEAST),
            Err(UpdateError::NoBase(_))
        ));
        let folder = project();
        fs::write(folder.path().join(BASE), "{").unwrap();
        assert!(matches!(
            Update::plan(folder.path(), LEAST),
            Err(UpdateError::BadBase(_))
        ));
        assert!(matches!(
            Update::plan(folder.path(), "x"),
            Err(UpdateError::Generate(_))
        ));
    }
}
