//! The walk: every file of the project once, in path order.

use crate::filetype::FileType;
use crate::git::{Repository, Tracked};
use crate::ignored::{self, By, Level};
use crate::limits;
use crate::locate::{Located, relative};
use crate::project::Options;
use crate::read;
use crate::role;
use crate::skipped::{Reason, Skipped};
use ignore::gitignore::Gitignore;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A file that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Relative to the root.
    pub path: String,
    /// The path that roles are judged by: relative to the PATH that was asked for.
    pub judged: String,
    /// Where it is.
    pub full: PathBuf,
    /// It was named itself.
    pub named: bool,
}

/// What a walk found.
#[derive(Default)]
pub(crate) struct Found {
    pub entries: Vec<Entry>,
    pub skipped: Vec<Skipped>,
    pub git_ignored: usize,
    pub own_ignored: usize,
    /// Per exclusion of the options, what it left out.
    pub excluded: Vec<usize>,
    /// Per name of a foreign or output folder, how many were not entered.
    pub foreign: BTreeMap<String, usize>,
}

struct Walk<'a> {
    root: &'a Path,
    start: &'a Path,
    tracked: Option<(PathBuf, Tracked)>,
    excludes: Vec<Option<Gitignore>>,
    isolated: bool,
    found: Found,
}

struct Folder {
    path: PathBuf,
    depth: usize,
    level: Rc<Level>,
}

/// Lists all files of the located project.
pub(crate) fn walk(located: &Located, options: &Options) -> Found {
    let mut found = Found {
        excluded: vec![0; options.exclude.len()],
        ..Found::default()
    };
    for start in &located.walk {
        let repository = Repository::around(start);
        let mut walk = Walk {
            root: &located.root,
            start,
            tracked: repository
                .as_ref()
                .and_then(|r| Some((r.top.clone(), r.tracked()?))),
            excludes: options
                .exclude
                .iter()
                .map(|e| ignored::patterns(&located.root, std::iter::once(e.pattern.as_str())))
                .collect(),
            isolated: options.isolated,
            found,
        };
        walk.run(repository.as_ref());
        found = walk.found;
    }
    for named in &located.named {
        let path = relative(&located.root, named);
        found.entries.retain(|e| e.path != path);
        let judged = path.clone();
        found.entries.push(Entry {
            path,
            judged,
            full: named.clone(),
            named: true,
        });
    }
    found.entries.sort_by(|a, b| a.path.cmp(&b.path));
    found.entries.dedup_by(|a, b| a.full == b.full);
    found.skipped.sort();
    found
}

impl Walk<'_> {
    fn run(&mut self, repository: Option<&Repository>) {
        let level = self.level_above(repository);
        let mut stack = vec![Folder {
            path: self.start.to_path_buf(),
            depth: 0,
            level,
        }];
        while let Some(folder) = stack.pop() {
            self.folder(&folder, &mut stack);
        }
    }

    /// The ignore files above the start, down to it; none of them when they leave the start itself out, for it was asked for.
    fn level_above(&self, repository: Option<&Repository>) -> Rc<Level> {
        let top = repository
            .map(|r| r.top.as_path())
            .filter(|top| self.start.starts_with(top))
            .unwrap_or(self.start);
        let mut chain: Vec<&Path> = self
            .start
            .ancestors()
            .take_while(|a| a.starts_with(top))
            .collect();
        chain.reverse();
        let mut level: Option<Rc<Level>> = None;
        for folder in chain {
            if folder != top
                && level
                    .as_ref()
                    .is_some_and(|l| l.decides(folder, true).is_some())
            {
                return Level::of(self.start, None, !self.isolated);
            }
            level = Some(Level::of(folder, level, !self.isolated));
        }
        level.unwrap_or_else(|| Level::of(self.start, None, !self.isolated))
    }

    fn folder(&mut self, folder: &Folder, stack: &mut Vec<Folder>) {
        let listed = match fs::read_dir(&folder.path) {
            Ok(listed) => listed,
            Err(error) => return self.skip(&folder.path, read::of_io(&error)),
        };
        let mut entries: Vec<fs::DirEntry> = Vec::new();
        for entry in listed {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => self.skip(&folder.path, read::of_io(&error)),
            }
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        let beside_manifest = folder.depth == 0
            || entries
                .iter()
                .any(|e| FileType::of_name(&e.file_name().to_string_lossy()) == FileType::Manifest);
        for entry in entries {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else {
                self.skip(&path, Reason::Vanished);
                continue;
            };
            if kind.is_symlink() {
                self.link(&path, &folder.level);
            } else if kind.is_dir() {
                self.enter(path, folder, beside_manifest, stack);
            } else if kind.is_file() {
                self.file(path, &folder.level);
            } else if !self.left_out(&path, false, &folder.level) {
                self.skip(&path, Reason::NotRegular);
            }
        }
    }

    fn enter(
        &mut self,
        path: PathBuf,
        within: &Folder,
        beside_manifest: bool,
        stack: &mut Vec<Folder>,
    ) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let output = beside_manifest && role::OUTPUT_FOLDERS.contains(&name.as_str());
        if output || role::FOREIGN_FOLDERS.contains(&name.as_str()) {
            *self.found.foreign.entry(name).or_default() += 1;
        } else if within.depth >= limits::DEPTH {
            self.skip(
                &path,
                Reason::OverLimit(format!("{} folder levels", limits::DEPTH)),
            );
        } else if !self.left_out(&path, true, &within.level) {
            let level = Level::of(&path, Some(Rc::clone(&within.level)), !self.isolated);
            stack.push(Folder {
                path,
                depth: within.depth + 1,
                level,
            });
        }
    }

    fn file(&mut self, full: PathBuf, level: &Level) {
        if self.left_out(&full, false, level) {
            return;
        }
        if self.found.entries.len() >= limits::FILES {
            return self.skip(&full, Reason::OverLimit(format!("{} files", limits::FILES)));
        }
        let path = relative(self.root, &full);
        let judged = relative(self.start, &full);
        self.found.entries.push(Entry {
            path,
            judged,
            full,
            named: false,
        });
    }

    /// A link is never followed: what it names inside the project is read under its own name.
    fn link(&mut self, path: &Path, level: &Level) {
        if self.left_out(path, false, level) {
            return;
        }
        match path.canonicalize() {
            Ok(target) if target.starts_with(self.root) => {}
            Ok(_) => self.skip(path, Reason::LinkOutside),
            Err(_) => self.skip(path, Reason::LinkBroken),
        }
    }

    fn left_out(&mut self, path: &Path, is_dir: bool, level: &Level) -> bool {
        let excluding = self.excludes.iter().position(|e| {
            e.as_ref()
                .is_some_and(|e| e.matched(path, is_dir).is_ignore())
        });
        if let Some(count) = excluding.and_then(|i| self.found.excluded.get_mut(i)) {
            *count += 1;
            return true;
        }
        match level.decides(path, is_dir) {
            Some(By::GitIgnore) if self.is_tracked(path, is_dir) => false,
            Some(By::GitIgnore) => {
                self.found.git_ignored += 1;
                true
            }
            Some(By::OwnIgnore) => {
                self.found.own_ignored += 1;
                true
            }
            None => false,
        }
    }

    fn is_tracked(&self, path: &Path, is_dir: bool) -> bool {
        let Some((top, tracked)) = &self.tracked else {
            return false;
        };
        let path = relative(top, path);
        if is_dir {
            tracked.has_below(&path)
        } else {
            tracked.has(&path)
        }
    }

    fn skip(&mut self, path: &Path, reason: Reason) {
        self.found.skipped.push(Skipped {
            path: relative(self.root, path),
            reason,
        });
    }
}
