//! What becomes of uploaded files, as facts: where they are kept, who serves that folder, and what looks at them.

use super::application::same_unit;
use super::header::value;
use casemate_flow::origin::Solver;
use casemate_flow::program::Target;
use casemate_flow::result::{Fact, FactValue, FileIdx};
use casemate_ir::{Instr, Key};
use std::collections::BTreeMap;

/// Packages that look at what a file holds, or make a new one of it.
const LOOK: [&str; 20] = [
    "npm:file-type",
    "npm:mmmagic",
    "npm:magic-bytes.js",
    "npm:file-type-mime",
    "npm:image-type",
    "npm:detect-file-type",
    "npm:sharp",
    "npm:jimp",
    "npm:gm",
    "npm:image-size",
    "npm:probe-image-size",
    "py:magic",
    "py:filetype",
    "py:puremagic",
    "py:PIL",
    "py:imghdr",
    "py:cv2",
    "py:fleep",
    "py:wand",
    "py:pyvips",
];

/// Members and functions by which the name or the declared type of a file is looked at.
const DECLARED: [&str; 9] = [
    "mimetype",
    "mimeType",
    "content_type",
    "contentType",
    "extname",
    "splitext",
    "rsplit",
    "endswith",
    "endsWith",
];

/// One fact for each folder that uploads are put into, and one for each place where uploads are accepted.
pub(super) fn of(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let folders = known.iter().filter(|fact| fact.fact == "upload.folder");
    let mut out: Vec<Fact> = folders.map(|fact| place(origins, known, fact)).collect();
    let accepted = known.iter().filter(|fact| fact.fact == "upload");
    let mut looked: BTreeMap<(FileIdx, bool), FactValue> = BTreeMap::new();
    out.extend(accepted.map(|fact| {
        let filter = !matches!(value(fact, "filter"), FactValue::Absent | FactValue::Null);
        let checked = looked
            .entry((fact.site.file, filter))
            .or_insert_with(|| checked(origins, fact));
        Fact {
            fact: "upload.type".to_owned(),
            values: vec![("checked".to_owned(), checked.clone())],
            ..fact.clone()
        }
    }));
    out
}

fn place(origins: &Solver<'_, '_>, known: &[Fact], fact: &Fact) -> Fact {
    let folder = match value(fact, "file") {
        FactValue::Absent | FactValue::Null => folder_of(value(fact, "folder")),
        FactValue::Str(path) => {
            let parent = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            folder_of(&FactValue::Str(parent.to_owned()))
        }
        file => folder_of(file),
    };
    let (served, code) = match &folder {
        None => (FactValue::Unknown, FactValue::Unknown),
        Some(folder) => (
            served(origins, known, fact.site.file, folder),
            FactValue::Bool(holds_code(origins, fact.site.file, folder)),
        ),
    };
    Fact {
        fact: "upload.place".to_owned(),
        values: vec![
            (
                "folder".to_owned(),
                folder.map_or(FactValue::Unknown, FactValue::Str),
            ),
            ("served".to_owned(), served),
            ("code".to_owned(), code),
        ],
        ..fact.clone()
    }
}

/// Whether a folder that is served holds that one; one that is served for downloads alone does not count.
fn served(origins: &Solver<'_, '_>, known: &[Fact], file: FileIdx, folder: &str) -> FactValue {
    let mut open = false;
    for fact in known
        .iter()
        .filter(|f| f.fact == "static" && same_unit(origins, f.site.file, file))
    {
        let plain = matches!(value(fact, "set"), FactValue::Absent | FactValue::Null);
        match folder_of(value(fact, "root")) {
            Some(root) if within(folder, &root) && plain => return FactValue::Bool(true),
            Some(root) if within(folder, &root) => open = true,
            Some(_) => {}
            None => open = true,
        }
    }
    // Flask serves this one by itself.
    if origins
        .program
        .files
        .get(file.0 as usize)
        .is_some_and(|f| f.imports.contains(&Target::Package("py:flask".to_owned())))
        && within(folder, "static")
    {
        return FactValue::Bool(true);
    }
    if open {
        FactValue::Unknown
    } else {
        FactValue::Bool(false)
    }
}

/// Whether code or templates of the program lie in the folder itself.
fn holds_code(origins: &Solver<'_, '_>, file: FileIdx, folder: &str) -> bool {
    let unit = origins.program.files.iter().enumerate().filter(|(at, _)| {
        let at = FileIdx(u32::try_from(*at).unwrap_or(u32::MAX));
        same_unit(origins, at, file)
    });
    let mut unit = unit.map(|(_, file)| file.path.as_str());
    let own = origins
        .program
        .files
        .get(file.0 as usize)
        .map_or("", |f| f.path.as_str());
    let beside = own.rsplit_once('/').map_or("", |(folder, _)| folder);
    unit.any(|path| {
        let parent = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder.is_empty() {
            parent.is_empty() || parent == beside
        } else {
            parent == folder
                || parent
                    .strip_prefix(beside)
                    .is_some_and(|p| p.trim_start_matches('/') == folder)
        }
    })
}

/// What looks at files in the unit of a place: `content`, `declared` their name or type alone, `nothing`.
fn checked(origins: &Solver<'_, '_>, fact: &Fact) -> FactValue {
    let mut declared = !matches!(value(fact, "filter"), FactValue::Absent | FactValue::Null);
    for (at, file) in origins.program.files.iter().enumerate() {
        let index = FileIdx(u32::try_from(at).unwrap_or(u32::MAX));
        if !same_unit(origins, index, fact.site.file) {
            continue;
        }
        let looks = file.imports.iter().any(|target| match target {
            Target::Package(root) => LOOK.iter().any(|name| {
                root.strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
            }),
            _ => false,
        });
        if looks {
            return FactValue::Str("content".to_owned());
        }
    }
    declared |= origins.program.function_ids().any(|func| {
        let f = origins.program.func(func);
        f.file_idx == fact.site.file
            && f.func.instrs.iter().any(|instr| {
                matches!(*instr, Instr::Load { key: Key::Field(name), .. }
                    if DECLARED.contains(&f.file.facts.str(name)))
            })
    });
    FactValue::Str(if declared { "declared" } else { "nothing" }.to_owned())
}

/// A folder as relative as it is known: `./a/b/`, `__dirname + '/a/b'` → `a/b`.
fn folder_of(value: &FactValue) -> Option<String> {
    let text = match value {
        FactValue::Str(text) => text.clone(),
        FactValue::Template(pieces) => {
            // What is in front may be where the file lies; what is behind is a file's name.
            let known: Vec<&str> = pieces
                .iter()
                .skip_while(|piece| piece.is_none())
                .map_while(Option::as_deref)
                .collect();
            let text = known.concat();
            let last = pieces.last()?.is_none();
            if last {
                text.rsplit_once('/')?.0.to_owned()
            } else {
                text
            }
        }
        _ => return None,
    };
    let text = text.replace('\\', "/");
    let names: Vec<&str> = text
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
        .collect();
    if text.starts_with('/') && matches!(value, FactValue::Str(_)) || names.contains(&"..") {
        // Elsewhere on the machine, or above: told by its last name alone.
        return names.last().map(|name| format!("/{name}"));
    }
    Some(names.join("/"))
}

fn within(folder: &str, root: &str) -> bool {
    !root.is_empty()
        && folder
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
