//! The language of reports: `--lang`, and `casemate lang`.

use crate::args::LangArgs;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::knowledge::Knowledge;
use casemate_assess::language;
use casemate_model::near::near;
use casemate_say::{Catalogue, Held};
use std::path::{Path, PathBuf};

/// The folder of catalogues, beside rules and models of a project's own.
const FOLDER: &str = ".casemate/lang";

/// Keys that are named where something is wrong with them.
const NAMED: usize = 5;

/// Chooses the language of everything that is said from now on. Has to come first.
pub fn choose(name: &str, quiet: bool) -> Result<(), Failure> {
    if name == "en" {
        return Ok(());
    }
    let path = file(name)?;
    let catalogue = read(&path)?;
    let held = catalogue.held(&template(None)?).map_err(Failure::new)?;
    if !quiet {
        tell(&path, &held);
    }
    casemate_say::speak(catalogue);
    Ok(())
}

/// Prints what there is to translate, with what a catalogue translates of it.
pub fn print_template(args: &LangArgs) -> Result<Exit, Failure> {
    let Some(path) = &args.file else {
        return print::results(&template(None)?);
    };
    let had = read(path)?;
    tell(path, &had.held(&template(None)?).map_err(Failure::new)?);
    print::results(&template(Some(&had))?)
}

fn read(path: &Path) -> Result<Catalogue, Failure> {
    let wrong = |why: String| Failure::new(format!("`{}` {why}", path.display()));
    let text = std::fs::read_to_string(path)
        .map_err(|e| wrong(format!("cannot be read: {}", e.kind())))?;
    Catalogue::parse(&text).map_err(|e| wrong(format!("is no catalogue: {e}")))
}

/// What a translator has still to do, and what went wrong.
fn tell(path: &Path, held: &Held) {
    let shown = path.display();
    if held.lacks > 0 {
        let (lacks, all) = (held.lacks, held.all);
        print::note(&format!(
            "{shown} lacks {lacks} of {all} texts, which stay English"
        ));
    }
    for key in held.strange.iter().take(NAMED) {
        let near = near(key, held.known.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        print::note(&format!(
            "{shown} translates `{key}`, which casemate does not say{}",
            near.unwrap_or_default()
        ));
    }
    more(held.strange.len(), "texts that casemate does not say");
    for (key, place) in held.lost.iter().take(NAMED) {
        print::note(&format!(
            "the translation of `{key}` says nothing of `{{{place}}}`"
        ));
    }
    more(held.lost.len(), "translations without a place of theirs");
}

fn more(all: usize, what: &str) {
    if all > NAMED {
        print::note(&format!("and {} more {what}", all - NAMED));
    }
}

fn template(had: Option<&Catalogue>) -> Result<String, Failure> {
    // Not the one that is kept: it would keep its English.
    let knowledge = Knowledge::read_built_in().map_err(|e| Failure::new(e.to_string()))?;
    Ok(language::template(&knowledge, had))
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
