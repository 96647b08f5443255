//! `.casemate/rules` and `.casemate/models`: what a project knows of itself. Never read with `--isolated`, and listed in the report
//! with what it adds and hides.

use crate::assessment::{Assessment, Hidden, PolicyEffect};
use crate::dossier::words::{count, list};
use crate::error::Error;
use crate::knowledge::Knowledge;
use casemate_model::load::{LoadError, ModelFile, load_str};
use casemate_say::say;
use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The folder.
const FOLDER: &str = ".casemate";

/// Files that are read.
const FILES: usize = 200;

/// Bytes of one of them.
const BYTES: u64 = 256 * 1024;

/// What a project knows of itself.
pub(crate) struct Own {
    /// With all that is inside the program.
    pub knowledge: Knowledge,
    /// Its rules: id and file.
    rules: Vec<(String, String)>,
    /// Its libraries.
    libraries: Vec<String>,
}

/// Reads both folders, where one is there. Links are not followed.
///
/// # Errors
/// A mistake in a file, or more of them than are read.
pub(crate) fn read(root: &Path, built_in: &Knowledge) -> Result<Option<Own>, Error> {
    let folder = root.join(FOLDER);
    if !plain(&folder).is_some_and(|m| m.is_dir()) {
        return Ok(None);
    }
    let (rules, models) = (folder.join("rules"), folder.join("models"));
    let of_rules = files(&rules, "md")?;
    let of_models = files(&models, "toml")?;
    if of_rules.is_empty() && of_models.is_empty() {
        return Ok(None);
    }
    let mut knowledge = built_in.clone();
    let mut read: Vec<ModelFile> = Vec::new();
    for path in &of_models {
        let name = named(root, path);
        let text = text(&name, path)?;
        read.push(load_str(&name, &text, knowledge.models.kinds()).map_err(|e| model_mistake(&e))?);
    }
    let libraries = read.iter().map(|m| m.library.clone()).collect();
    if !read.is_empty() {
        let models = std::mem::take(&mut knowledge.models);
        knowledge.models = models.extended(read).map_err(|e| model_mistake(&e))?;
    }
    let before: BTreeSet<String> = knowledge.catalogue.rules().map(|r| r.id.clone()).collect();
    if !of_rules.is_empty() {
        let catalogue = std::mem::take(&mut knowledge.catalogue);
        let (catalogue, mistakes) = catalogue.extended(&rules, knowledge.models.kinds());
        if let Some(first) = mistakes.first() {
            return Err(Error::Policy {
                file: format!("{FOLDER}/rules/{}", first.file),
                line: first.line as usize,
                message: first.message.clone(),
            });
        }
        knowledge.catalogue = catalogue;
    }
    let rules = knowledge
        .catalogue
        .rules()
        .filter(|r| !before.contains(&r.id))
        .map(|r| (r.id.clone(), format!("{FOLDER}/rules/{}", r.file)))
        .collect();
    Ok(Some(Own {
        knowledge,
        rules,
        libraries,
    }))
}

impl Own {
    /// Whether what it adds may hide what would be found without it.
    pub(crate) fn may_hide(&self) -> bool {
        !self.libraries.is_empty()
    }

    /// What it does, for the report. `without`: the assessment by what is inside the program alone.
    pub(crate) fn effects(
        &self,
        with: &Assessment,
        without: Option<&Assessment>,
    ) -> Vec<PolicyEffect> {
        let mut out: Vec<PolicyEffect> = self
            .rules
            .iter()
            .map(|(id, file)| {
                let found = with.findings.iter().filter(|f| f.rule == *id).count();
                PolicyEffect {
                    origin: file.clone(),
                    says: say!(
                        "adds the rule {id}, with {findings}",
                        findings = count(found, "finding", "findings")
                    ),
                    reason: None,
                    hides: 0,
                    unit: Hidden::Findings,
                }
            })
            .collect();
        if let Some(without) = without {
            let ids = |a: &Assessment| {
                a.findings
                    .iter()
                    .map(|f| f.id.clone())
                    .collect::<BTreeSet<String>>()
            };
            let own: BTreeSet<&str> = self.rules.iter().map(|(id, _)| id.as_str()).collect();
            let (there, before) = (ids(with), ids(without));
            let new = there.difference(&before).filter(|id| {
                let rule = id.split('@').next().unwrap_or_default();
                !own.contains(rule)
            });
            out.push(PolicyEffect {
                origin: say!("{FOLDER}/models"),
                says: say!(
                    "adds models of {libraries}, by which {are} new",
                    libraries = list(&self.libraries, 6),
                    are = count(new.count(), "finding is", "findings are")
                ),
                reason: None,
                hides: before.difference(&there).count(),
                unit: Hidden::Findings,
            });
        }
        out
    }
}

fn plain(path: &Path) -> Option<Metadata> {
    path.symlink_metadata().ok()
}

/// The files with an ending in a folder and in the folders in it, by name.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        if !plain(&folder).is_some_and(|m| m.is_dir()) {
            continue;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|e| e.path()) {
            match plain(&path) {
                Some(m) if m.is_dir() && depth == 0 => folders.push((path, 1)),
                Some(m) if m.is_file() && path.extension().is_some_and(|e| e == ending) => {
                    if m.len() > BYTES {
                        return Err(wrong(
                            &path,
                            say!("larger than {size} kB", size = BYTES / 1024),
                        ));
                    }
                    found.push(path);
                }
                _ => {}
            }
            if found.len() > FILES || folders.len() > FILES {
                return Err(wrong(&folder, say!("holds more than {FILES} files")));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn text(name: &str, path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|e| Error::Policy {
        file: name.to_owned(),
        line: 1,
        message: say!("cannot be read: {kind}", kind = e.kind()),
    })
}

fn named(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = inside
        .components()
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

fn wrong(path: &Path, message: String) -> Error {
    Error::Policy {
        file: path.display().to_string(),
        line: 1,
        message,
    }
}

fn model_mistake(errors: &[LoadError]) -> Error {
    let first = errors.first();
    let near = first.and_then(|e| e.near.as_ref());
    let near = near.map_or_else(String::new, |near| say!("; did you mean `{near}`?"));
    Error::Policy {
        file: first.map_or_else(|| FOLDER.to_owned(), |e| e.file.clone()),
        line: first.map_or(1, |e| e.line as usize),
        message: first.map_or_else(String::new, |e| format!("{}{near}", e.what)),
    }
}
