//! What a PATH means: which project, which folders of it, and what of it is asked about.

use std::path::{Component, Path, PathBuf};

/// Files whose folder is the root of a project.
const PROJECT_SIGNS: &[&str] = &[
    "package.json",
    "pyproject.toml",
    "manage.py",
    "requirements.txt",
    "deno.json",
    "go.mod",
    "pom.xml",
    "composer.json",
    "casemate.toml",
    ".git",
];

/// The project behind one or more PATHs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The folder that all paths of the assessment are relative to; canonical.
    pub root: PathBuf,
    /// The root as the user wrote it.
    pub display: String,
    /// Folders that are walked; canonical.
    pub walk: Vec<PathBuf>,
    /// Files that were named themselves; canonical. No ignore file and no role keeps them out.
    pub named: Vec<PathBuf>,
    /// Where findings are wanted, relative to the root with `/`; empty: everywhere.
    pub focus: Vec<String>,
}

/// Why a PATH has no project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LocateError {
    /// Nothing is there.
    Missing(PathBuf),
    /// It is neither a file nor a folder.
    NotRegular(PathBuf),
    /// It may not be read; the system's word for it.
    Unreadable(PathBuf, String),
}

impl std::fmt::Display for LocateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "`{}` does not exist", path.display()),
            Self::NotRegular(path) => {
                write!(f, "`{}` is neither a file nor a folder", path.display())
            }
            Self::Unreadable(path, why) => write!(f, "`{}` cannot be read: {why}", path.display()),
        }
    }
}

impl std::error::Error for LocateError {}

/// Finds the project of the given paths; no path means the current folder.
///
/// # Errors
/// A path that is not there, cannot be read, or is neither file nor folder.
pub fn locate(paths: &[PathBuf]) -> Result<Located, LocateError> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut folders = Vec::new();
    let mut named = Vec::new();
    let mut projects = Vec::new();
    for path in paths {
        let full = canonical(path)?;
        if full.is_dir() {
            folders.push(full);
        } else if full.is_file() {
            projects.extend(project_of(&full));
            named.push(full);
        } else {
            return Err(LocateError::NotRegular(path.clone()));
        }
    }
    let parents = named
        .iter()
        .filter_map(|f| f.parent().map(Path::to_path_buf));
    let roots: Vec<PathBuf> = folders
        .iter()
        .chain(&projects)
        .cloned()
        .chain(parents)
        .collect();
    let root = common(&roots);
    let display = match paths {
        [only] if folders.len() == 1 => only.display().to_string(),
        _ => shown(&root),
    };
    let focus = if named.is_empty() {
        Vec::new()
    } else {
        folders
            .iter()
            .chain(&named)
            .map(|p| relative(&root, p))
            .filter(|p| !p.is_empty())
            .collect()
    };
    let mut walk = folders;
    walk.append(&mut projects);
    walk.sort();
    walk.dedup();
    let outer = walk.clone();
    walk.retain(|w| !outer.iter().any(|o| o != w && w.starts_with(o)));
    Ok(Located {
        root,
        display,
        walk,
        named,
        focus,
    })
}

/// A path below the root with `/`, whatever the system writes.
#[must_use]
pub fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = below
        .components()
        .filter_map(|c| match c {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

fn canonical(path: &Path) -> Result<PathBuf, LocateError> {
    path.canonicalize().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => LocateError::Missing(path.to_path_buf()),
        std::io::ErrorKind::PermissionDenied => {
            LocateError::Unreadable(path.to_path_buf(), "permission denied".into())
        }
        kind => LocateError::Unreadable(path.to_path_buf(), kind.to_string()),
    })
}

/// The nearest folder above a file that is a project's root.
fn project_of(file: &Path) -> Option<PathBuf> {
    file.ancestors()
        .skip(1)
        .find(|dir| PROJECT_SIGNS.iter().any(|sign| dir.join(sign).exists()))
        .map(Path::to_path_buf)
}

fn common(paths: &[PathBuf]) -> PathBuf {
    let Some(first) = paths.first() else {
        return PathBuf::from(".");
    };
    let mut common = first.clone();
    for path in paths {
        while !path.starts_with(&common) {
            if !common.pop() {
                return common;
            }
        }
    }
    common
}

/// A root that the user did not write: relative to the current folder where it lies in it.
fn shown(root: &Path) -> String {
    let below = std::env::current_dir()
        .and_then(|d| d.canonicalize())
        .ok()
        .and_then(|d| root.strip_prefix(d).ok().map(Path::to_path_buf));
    match below {
        Some(path) if path.as_os_str().is_empty() => ".".into(),
        Some(path) => path.display().to_string(),
        None => root.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_folders_and_several() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("api/src")).unwrap();
        fs::create_dir_all(top.join("web/src")).unwrap();
        fs::write(top.join("api/package.json"), "{}").unwrap();
        fs::write(top.join("api/src/a.js"), "").unwrap();

        let folder = locate(&[top.join("api")]).unwrap();
        assert_eq!(
            (folder.root.clone(), folder.walk, folder.focus),
            (top.join("api"), vec![top.join("api")], vec![])
        );

        let file = locate(&[top.join("api/src/a.js")]).unwrap();
        assert_eq!(
            (file.root, file.walk, file.focus),
            (
                top.join("api"),
                vec![top.join("api")],
                vec!["src/a.js".to_owned()]
            )
        );

        let several = locate(&[top.join("api/src"), top.join("web")]).unwrap();
        assert_eq!(
            (several.root, several.walk.len(), several.focus),
            (top.clone(), 2, vec![])
        );

        assert_eq!(
            locate(&[top.join("nope")]),
            Err(LocateError::Missing(top.join("nope")))
        );
    }
}
