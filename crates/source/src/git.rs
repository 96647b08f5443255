//! The little that is read of a git repository, without git: the commit that HEAD names, and which paths are tracked.

use crate::limits;
use crate::read;
use std::path::{Path, PathBuf};

/// A repository that holds the project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository {
    /// Its work tree's top folder.
    pub top: PathBuf,
    git: PathBuf,
    common: PathBuf,
}

impl Repository {
    /// The repository around a folder.
    #[must_use]
    pub fn around(folder: &Path) -> Option<Self> {
        folder.ancestors().find_map(|top| {
            let dot = top.join(".git");
            let git = if dot.is_dir() { dot } else { linked(&dot)? };
            git.join("HEAD").is_file().then(|| {
                let common = small_text(&git.join("commondir"))
                    .map_or_else(|| git.clone(), |c| git.join(c.trim()));
                Self {
                    top: top.to_path_buf(),
                    git,
                    common,
                }
            })
        })
    }

    /// The commit of HEAD, as hexadecimal digits.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        let head = small_text(&self.git.join("HEAD"))?;
        let head = head.trim();
        let Some(name) = head.strip_prefix("ref: ") else {
            return commit(head);
        };
        let plain = name.starts_with("refs/")
            && name
                .split('/')
                .all(|part| !part.is_empty() && part != ".." && part != ".");
        if !plain {
            return None;
        }
        [&self.git, &self.common]
            .into_iter()
            .find_map(|dir| commit(small_text(&dir.join(name))?.trim()))
            .or_else(|| {
                let packed = small_text(&self.common.join("packed-refs"))?;
                packed
                    .lines()
                    .find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').and_then(commit))
            })
    }

    /// What git tracks, relative to the top, sorted; absent when the index cannot be read.
    #[must_use]
    pub fn tracked(&self) -> Option<Tracked> {
        let bytes = read::bytes(&self.git.join("index"), limits::STEERING_BYTES).ok()?;
        let mut paths = index_paths(&bytes)?;
        paths.sort_unstable();
        Some(Tracked { paths })
    }
}

/// The tracked paths of a repository.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tracked {
    paths: Vec<String>,
}

impl Tracked {
    /// Whether the file is tracked.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.paths
            .binary_search_by(|p| p.as_str().cmp(path))
            .is_ok()
    }

    /// Whether anything below the folder is tracked.
    #[must_use]
    pub fn has_below(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        let at = self.paths.partition_point(|p| p.as_str() < prefix.as_str());
        self.paths.get(at).is_some_and(|p| p.starts_with(&prefix))
    }
}

/// The git folder of a linked work tree: `.git` is then a file that names it.
fn linked(dot: &Path) -> Option<PathBuf> {
    let text = small_text(dot)?;
    let named = text.trim().strip_prefix("gitdir: ")?;
    Some(dot.parent()?.join(named))
}

fn small_text(path: &Path) -> Option<String> {
    String::from_utf8(read::bytes(path, limits::STEERING_BYTES).ok()?).ok()
}

fn commit(text: &str) -> Option<String> {
    (matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| text.to_ascii_lowercase())
}

/// The paths of an index file, versions 2 to 4 with SHA-1 names.
fn index_paths(bytes: &[u8]) -> Option<Vec<String>> {
    const STAT: usize = 40;
    const NAME: usize = 20;
    if bytes.get(..4)? != b"DIRC" {
        return None;
    }
    let version = u32_at(bytes, 4)?;
    let count = u32_at(bytes, 8)? as usize;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut paths = Vec::with_capacity(count.min(bytes.len() / (STAT + NAME)));
    let mut at = 12;
    let mut previous: Vec<u8> = Vec::new();
    for _ in 0..count {
        let start = at;
        let mode = u32_at(bytes, at + 24)?;
        let flags = u16::from_be_bytes(
            bytes
                .get(at + STAT + NAME..at + STAT + NAME + 2)?
                .try_into()
                .ok()?,
        );
        at += STAT + NAME + 2;
        if version >= 3 && flags & 0x4000 != 0 {
            at += 2;
        }
        if version == 4 {
            let (dropped, next) = variable_length(bytes, at)?;
            at = next;
            previous.truncate(previous.len().checked_sub(dropped)?);
        } else {
            previous.clear();
        }
        let rest = bytes.get(at..)?;
        let end = rest.iter().position(|b| *b == 0)?;
        previous.extend_from_slice(rest.get(..end)?);
        at += end + 1;
        if version < 4 {
            at = start + (at - start).next_multiple_of(8);
        }
        let regular = mode & 0o170_000 == 0o100_000;
        if regular {
            paths.push(String::from_utf8_lossy(&previous).into_owned());
        }
    }
    Some(paths)
}

/// The number in front of a version 4 name, and where the name begins.
fn variable_length(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *bytes.get(at)?;
    at += 1;
    let mut value = usize::from(byte & 0x7F);
    while byte & 0x80 != 0 {
        byte = *bytes.get(at)?;
        at += 1;
        value = value
            .checked_add(1)?
            .checked_mul(128)?
            .checked_add(usize::from(byte & 0x7F))?;
    }
    Some((value, at))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn entry(name: &str) -> Vec<u8> {
        let mut bytes = vec![0; 24];
        bytes.extend(0o100_644_u32.to_be_bytes());
        bytes.resize(60, 0);
        bytes.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn head_and_index() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path().join(".git");
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(
            git.join("packed-refs"),
            format!("# pack-refs\n{} refs/heads/main\n", "a".repeat(40)),
        )
        .unwrap();
        let mut index = b"DIRC\0\0\0\x02\0\0\0\x02".to_vec();
        index.extend(entry("dist/app.js"));
        index.extend(entry("src/a.js"));
        fs::write(git.join("index"), index).unwrap();

        fs::create_dir(dir.path().join("src")).unwrap();
        let repository = Repository::around(&dir.path().join("src")).unwrap();
        assert_eq!(repository.head(), Some("a".repeat(40)));
        fs::write(git.join("refs/heads/main"), format!("{}\n", "b".repeat(40))).unwrap();
        assert_eq!(repository.head(), Some("b".repeat(40)));
        fs::write(git.join("HEAD"), "ref: refs/../../../etc/passwd").unwrap();
        assert_eq!(repository.head(), None);

        let tracked = repository.tracked().unwrap();
        assert!(tracked.has("src/a.js") && !tracked.has("src/b.js"));
        assert!(tracked.has_below("dist") && !tracked.has_below("dis"));
    }

    #[test]
    fn a_broken_index_is_no_index() {
        assert_eq!(index_paths(b"DIRC\0\0\0\x02\xff\xff\xff\xff"), None);
        assert_eq!(index_paths(b"nope"), None);
        assert_eq!(variable_length(&[0xff; 12], 0), None);
    }
}
