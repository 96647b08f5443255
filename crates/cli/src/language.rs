//! The language of reports: `--lang`, and `casemate lang`.

use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::knowledge::Knowledge;
use casemate_assess::language;
use casemate_say::Catalogue;
use std::path::{Path, PathBuf};

/// The folder of catalogues, beside rules and models of a project's own.
const FOLDER: &str = ".casemate/lang";

/// Chooses the language of everything that is said from now on. Has to come first.
pub fn choose(name: &str, quiet: bool) -> Result<(), Failure> {
    if name == "en" {
        return Ok(());
    }
    let path = file(name)?;
    let shown = path.display().to_string();
    let wrong = |why: String| Failure::new(format!("`{shown}` {why}"));
    let text = std::fs::read_to_string(&path)
        .map_err(|e| wrong(format!("cannot be read: {}", e.kind())))?;
    let catalogue = Catalogue::parse(&text).map_err(|e| wrong(format!("is no catalogue: {e}")))?;
    let template = template()?;
    let missing = catalogue.missing(&template).map_err(Failure::new)?;
    if missing.lacks > 0 && !quiet {
        print::note(&format!(
            "{shown} lacks {} of {} texts, which stay English",
            missing.lacks, missing.all
        ));
    }
    if missing.stale > 0 && !quiet {
        print::note(&format!(
            "{shown} translates {} texts that casemate says no more",
            missing.stale
        ));
    }
    casemate_say::speak(catalogue);
    Ok(())
}

/// Prints what there is to translate.
pub fn print_template() -> Result<Exit, Failure> {
    print::results(&template()?)
}

fn template() -> Result<String, Failure> {
    // Not the one that is kept: it would keep its English.
    let knowledge = Knowledge::read_built_in().map_err(|e| Failure::new(e.to_string()))?;
    Ok(language::template(&knowledge))
}

/// The file of a language.
fn file(name: &str) -> Result<PathBuf, Failure> {
    if name.ends_with(".toml") {
        return Ok(PathBuf::from(name));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let path = Path::new(FOLDER).join(format!("{name}.toml"));
    if name.chars().all(plain) && path.is_file() {
        return Ok(path);
    }
    Err(
        Failure::new(format!("there is no `{}`", path.display())).help(
            "`casemate lang > xx.toml` writes a catalogue without translations; give its path to `--lang`",
        ),
    )
}
