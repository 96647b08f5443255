//! Compiles `models/` and `rules/` into two blobs inside the program, so that it needs no file beside it.
//!
//! A file with mistakes is left out and told: the test `the_catalogue_is_whole` is what fails then, with all mistakes at
//! once, and until then everybody else can go on building.

use casemate_model::kind::Kinds;
use casemate_model::load::{LoadError, load_str};
use casemate_model::matcher::Models;
use casemate_rules::catalogue::Catalogue;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let texts = model_texts(&folder(&home, "models", "kinds.toml")?)?;
    let models = compile_models(&texts)?;
    let (catalogue, mistakes) =
        Catalogue::load_folder(&folder(&home, "rules", "asvs-ids.txt")?, models.kinds());
    for mistake in mistakes {
        println!("cargo::warning={mistake}");
    }
    fs::write(
        out.join("models-text.bin"),
        postcard::to_stdvec(&texts).map_err(io::Error::other)?,
    )?;
    fs::write(
        out.join("models.bin"),
        models.to_bytes().map_err(io::Error::other)?,
    )?;
    fs::write(
        out.join("rules.bin"),
        catalogue.to_bytes().map_err(io::Error::other)?,
    )
}

/// A folder of the repository: beside the crate, where it was packaged alone, or two levels up.
fn folder(home: &Path, name: &str, sign: &str) -> io::Result<PathBuf> {
    let found = home
        .ancestors()
        .take(3)
        .map(|above| above.join(name))
        .find(|f| f.join(sign).is_file());
    let found = found.ok_or_else(|| {
        io::Error::other(format!(
            "there is no folder `{name}` in or above {}",
            home.display()
        ))
    })?;
    println!("cargo::rerun-if-changed={}", found.display());
    Ok(found)
}

/// The list of kinds, and all model files by name.
type Texts = (String, Vec<(String, String)>);

fn model_texts(folder: &Path) -> io::Result<Texts> {
    let mut files = Vec::new();
    for path in toml_files(folder)? {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .display()
            .to_string()
            .replace('\\', "/");
        files.push((name, fs::read_to_string(&path)?));
    }
    Ok((fs::read_to_string(folder.join("kinds.toml"))?, files))
}

fn compile_models((kinds, texts): &Texts) -> io::Result<Models> {
    let kinds = Kinds::parse(kinds).map_err(io::Error::other)?;
    let mut files = Vec::new();
    for (name, text) in texts {
        match load_str(name, text, &kinds) {
            Ok(file) => files.push(file),
            Err(mistakes) => tell(&mistakes),
        }
    }
    // A type that a file names may stand in a file that was left out.
    loop {
        match Models::compile(files.clone(), kinds.clone()) {
            Ok(models) => return Ok(models),
            Err(mistakes) => {
                tell(&mistakes);
                let before = files.len();
                files.retain(|f| mistakes.iter().all(|m| m.file != f.file));
                if files.len() == before {
                    return Err(io::Error::other("the models cannot be compiled"));
                }
            }
        }
    }
}

fn tell(mistakes: &[LoadError]) {
    for mistake in mistakes {
        println!("cargo::warning={mistake}");
    }
}

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(toml_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "toml")
            && path.file_name().is_some_and(|n| n != "kinds.toml")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
