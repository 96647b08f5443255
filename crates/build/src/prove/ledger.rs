//! What was seen of a project, kept in it: `.casemate/proof.json`.

use super::{Proof, ProveError, io_error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PLACE: &str = ".casemate/proof.json";

/// All that was seen of one state of a project.
pub struct Ledger {
    path: PathBuf,
    entries: Entries,
}

#[derive(Serialize, Deserialize, Default)]
struct Entries {
    /// The state of the project that all of this is true of.
    state: String,
    /// Its tests were green as they are, after so many seconds.
    green: Option<u64>,
    /// By edit.
    proofs: BTreeMap<String, Proof>,
}

impl Ledger {
    /// What is known of this state; nothing, if another one was looked at before.
    pub fn open(folder: &Path, state: &str, fresh: bool) -> Self {
        let path = folder.join(PLACE);
        let read = || -> Option<Entries> {
            let entries: Entries = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
            (entries.state == state && !fresh).then_some(entries)
        };
        let entries = read().unwrap_or_else(|| Entries {
            state: state.to_owned(),
            ..Entries::default()
        });
        Self { path, entries }
    }

    /// What was seen of an edit.
    pub fn seen(&self, edit: &str) -> Option<Proof> {
        self.entries.proofs.get(edit).cloned()
    }

    /// How long the tests took that were green without any edit.
    pub fn green(&self) -> Option<Duration> {
        self.entries.green.map(Duration::from_secs)
    }

    /// Notes that the tests are green without any edit, and how long they took.
    pub fn set_green(&mut self, took: Duration) -> Result<(), ProveError> {
        self.entries.green = Some(took.as_secs());
        self.keep()
    }

    /// Notes what was seen of an edit.
    pub fn write(&mut self, edit: &str, proof: Proof) -> Result<(), ProveError> {
        self.entries.proofs.insert(edit.to_owned(), proof);
        self.keep()
    }

    fn keep(&self) -> Result<(), ProveError> {
        let failed = || io_error(format!("`{}` cannot be written", self.path.display()));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed())?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed())?;
        let text = serde_json::to_vec_pretty(&self.entries).map_err(|e| failed()(e.into()))?;
        file.write_all(&text).map_err(failed())?;
        file.persist(&self.path).map_err(|e| failed()(e.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::Verdict;

    #[test]
    fn another_state_is_another_matter() {
        let folder = tempfile::tempdir().unwrap();
        let proof = Proof {
            id: "csrf".into(),
            path: "src/app.ts".into(),
            line: 1,
            tests: Verdict::Noticed("a test".into()),
            assessment: Verdict::Missed("nothing new is reported".into()),
        };
        let mut ledger = Ledger::open(folder.path(), "one", false);
        let took = Duration::from_secs(7);
        ledger.set_green(took).unwrap();
        ledger.write("edit", proof.clone()).unwrap();
        let again = Ledger::open(folder.path(), "one", false);
        assert_eq!(
            (again.green(), again.seen("edit")),
            (Some(took), Some(proof))
        );
        for other in [
            Ledger::open(folder.path(), "two", false),
            Ledger::open(folder.path(), "one", true),
        ] {
            assert_eq!((other.green(), other.seen("edit")), (None, None));
        }
        fs::write(folder.path().join(PLACE), "{").unwrap();
        assert_eq!(Ledger::open(folder.path(), "one", false).green(), None);
    }
}
