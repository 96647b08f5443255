//! Which edits are to be tried on a project as it is now.

use super::{ProveError, io_error};
use crate::control::{Control, first_difference};
use crate::{DESCRIPTION, generate, merge};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Folders that are made from the rest, or are none of the project's business.
pub const PASSED_OVER: &[&str] = &[
    "node_modules",
    "dist",
    "coverage",
    ".git",
    ".casemate",
    "web/node_modules",
    "web/.next",
];

/// All removals of controls, and what they were made of.
pub struct Plan {
    /// In the order of their places.
    pub removals: Vec<Removal>,
    /// Paths of all files of the project, in order.
    pub files: Vec<String>,
    /// Names the content of the whole project.
    pub state: String,
}

/// A file without one control.
pub struct Removal {
    /// The control.
    pub control: Control,
    /// The line in the file as it is now.
    pub line: usize,
    /// The text without the control, or why there is none.
    pub text: Result<String, String>,
    /// Names the edit.
    pub state: String,
}

impl Plan {
    /// Reads the project and works out all edits.
    pub fn new(folder: &Path, only: &[String]) -> Result<Self, ProveError> {
        let description = match fs::read_to_string(folder.join(DESCRIPTION)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(ProveError::NoDescription(folder.to_path_buf()));
            }
            Err(error) => return Err(io_error("backend.toml cannot be read")(error)),
        };
        let made = generate(&description)?;
        for id in only {
            if made.controls.iter().all(|control| control.id != *id) {
                return Err(ProveError::UnknownControl(id.clone()));
            }
        }
        let files = files_of(folder)?;
        let mut hash = blake3::Hasher::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        // What `prove` itself writes into the README makes no other project.
        for path in files.iter().filter(|path| *path != "README.md") {
            let bytes = fs::read(folder.join(path))
                .map_err(io_error(format!("`{path}` cannot be read")))?;
            hash.update(path.as_bytes());
            hash.update(blake3::hash(&bytes).as_bytes());
        }
        let removals = made
            .controls
            .iter()
            .filter(|control| only.is_empty() || only.contains(&control.id))
            .map(|control| {
                let base = made.files.iter().find(|file| file.path == control.path);
                let base = base.map_or("", |file| file.text.as_str());
                removal(folder, base, control.clone())
            })
            .collect();
        Ok(Self {
            removals,
            files,
            state: hash.finalize().to_hex().to_string(),
        })
    }
}

fn removal(folder: &Path, base: &str, control: Control) -> Removal {
    let now = fs::read_to_string(folder.join(&control.path));
    let mut line = control.line;
    let text = match now {
        Err(error) => Err(format!(
            "`{}` cannot be read: {}",
            control.path,
            error.kind()
        )),
        Ok(now) => {
            let merged = merge::merge(base, &now, &control.without);
            line = first_difference(&now, &merged.text);
            if merged.conflicts > 0 {
                Err("the code at this place was changed by hand".to_owned())
            } else if merged.text == now {
                Err("the control is not there any more".to_owned())
            } else {
                Ok(merged.text)
            }
        }
    };
    let edit = text.as_deref().unwrap_or_default();
    let state = format!("{}\0{edit}", control.key());
    Removal {
        line,
        text,
        state: blake3::hash(state.as_bytes()).to_hex().to_string(),
        control,
    }
}

/// All regular files of the project, in order; links are not followed.
pub fn files_of(folder: &Path) -> Result<Vec<String>, ProveError> {
    let mut found = Vec::new();
    let mut left = vec![String::new()];
    while let Some(below) = left.pop() {
        let cannot = || {
            io_error(format!(
                "`{}` cannot be read",
                folder.join(&below).display()
            ))
        };
        for entry in fs::read_dir(folder.join(&below)).map_err(cannot())? {
            let entry = entry.map_err(cannot())?;
            let kind = entry.file_type().map_err(cannot())?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            if kind.is_dir() && !PASSED_OVER.contains(&path.as_str()) {
                left.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[app]\nname = \"x\"\n[auth]\nroles = [\"a\", \"b\"]\n[entity.note]\nfields.title = \"text(9)\"\nallow.read = \"authenticated\"\n";

    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        crate::write::write(&generate(LEAST).unwrap().files, folder.path()).unwrap();
        folder
    }

    fn plan(folder: &Path) -> Plan {
        Plan::new(folder, &[]).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_control_has_an_edit() {
        let folder = project();
        let plan = plan(folder.path());
        assert!(plan.removals.len() > 40);
        for removal in &plan.removals {
            assert!(removal.text.is_ok(), "{}", removal.control.key());
            assert!(!removal.control.tests.is_empty());
        }
        let mut states: Vec<&str> = plan.removals.iter().map(|r| r.state.as_str()).collect();
        states.sort_unstable();
        states.dedup();
        assert_eq!(states.len(), plan.removals.len());
    }

    #[test]
    fn what_people_changed_stays() {
        let folder = project();
        let before = plan(folder.path());
        let path = folder.path().join("src/app.ts");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("// Ours.\n{text}")).unwrap();
        let after = plan(folder.path());
        assert_ne!(before.state, after.state);
        for removal in after
            .removals
            .iter()
            .filter(|r| r.control.path == "src/app.ts")
        {
            assert!(
                removal
                    .text
                    .as_ref()
                    .is_ok_and(|t| t.starts_with("// Ours.\n"))
            );
        }
        fs::write(&path, "").unwrap();
        for removal in plan(folder.path()).removals {
            assert_eq!(
                removal.text.is_err(),
                removal.control.path == "src/app.ts",
                "{}",
                removal.control.key()
            );
        }
    }

    #[test]
    fn other_folders_are_no_projects() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Plan::new(folder.path(), &[]),
            Err(ProveError::NoDescription(_))
        ));
        let folder = project();
        let unknown = Plan::new(folder.path(), &["helmet".to_owned()]);
        assert!(matches!(unknown, Err(ProveError::UnknownControl(_))));
    }
}
