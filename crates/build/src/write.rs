//! Puts a project on disk: whole, or not at all.

use crate::File;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// There is something already.
    #[error("`{0}` is not empty")]
    NotEmpty(PathBuf),
    /// It is no folder.
    #[error("`{0}` is not a folder")]
    NotAFolder(PathBuf),
    /// The disk refused.
    #[error("`{path}` cannot be written: {source}")]
    Io {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Writes all files into `target`, which must be empty or not there. They are made in a folder beside it, which is then
/// renamed: whoever looks sees nothing or everything.
pub fn write(files: &[File], target: &Path) -> Result<(), WriteError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source: io::Error| WriteError::Io { path, source }
    };
    match fs::read_dir(target) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(WriteError::NotEmpty(target.to_path_buf()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(WriteError::NotAFolder(target.to_path_buf()));
        }
        Err(error) => return Err(failed(target)(error)),
    }
    // A link to an empty folder stays a link.
    let real = target
        .canonicalize()
        .unwrap_or_else(|_| target.to_path_buf());
    let parent = real
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".casemate-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The usual mode of a new folder; the default of a temporary one is for its owner alone.
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    let staging = builder.tempdir_in(parent).map_err(failed(parent))?;
    for file in files {
        let path = staging.path().join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed(&target.join(&file.path)))?;
        }
        fs::write(&path, &file.text).map_err(failed(&target.join(&file.path)))?;
    }
    // An empty folder is replaced; one that somebody has filled meanwhile is not.
    fs::rename(staging.path(), &real).map_err(failed(target))?;
    // The folder is the project now; there is nothing left to remove.
    let _ = staging.keep();
    Ok(())
}

/// Replaces a file, whole or not at all, with the folders above it.
pub fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let failed = |source: io::Error| WriteError::Io {
        path: path.to_path_buf(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".casemate-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0o666, |old| old.permissions().mode());
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File {
            path: path.into(),
            text: "x".into(),
        }
    }

    #[test]
    fn whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        write(&[file("a/b.txt"), file("c.txt")], &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("a/b.txt")).unwrap(), "x");
        assert!(matches!(
            write(&[file("d")], &target),
            Err(WriteError::NotEmpty(_))
        ));
        // The second path needs a folder where the first is a file.
        let broken = dir.path().join("broken");
        assert!(write(&[file("a"), file("a/b")], &broken).is_err());
        assert!(!broken.exists());
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["out"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let dir = tempfile::tempdir().unwrap();
        write(&[file("a")], dir.path()).unwrap();
        assert!(dir.path().join("a").exists());
    }

    #[test]
    fn a_file_is_no_target() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        fs::write(&target, "x").unwrap();
        assert!(matches!(
            write(&[file("a")], &target),
            Err(WriteError::NotAFolder(_))
        ));
        assert_eq!(fs::read_to_string(&target).unwrap(), "x");
    }
}
