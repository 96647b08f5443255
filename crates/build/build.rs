//! Lists the files of `templates/` for `include_str!`, so that a new template is a new file and nothing else.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let root = home.join("templates");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    walk(&root, &root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let full = root.join(&file);
        let _ = writeln!(list, "    ({file:?}, include_str!({full:?})),");
    }
    list.push(']');
    fs::write(out.join("templates.rs"), list)
}

fn walk(root: &Path, folder: &Path, into: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, into)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            into.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
