//! Model files as text: parsed, checked, and turned into rows.
//!
//! # A file
//! `[library]` (`name`, `packages`, `source`; `versions` holds for all rows), `[types]` (name → paths), `[[row]]`,
//! `[[example]]` (`code`; `lang` default `ts`; `file` default `app.<lang>`).
//!
//! # A row
//! `at` (one path or a list) and `role`; optional on all: `versions`, `when`, `note`, `confidence`, `replace`.
//! What the roles read, with the default where there is one:
//!
//! | role | fields |
//! |---|---|
//! | type | is |
//! | source | kind (or a list), shape = `string`, port = the matched value; `ret` where the path ends in `()` |
//! | sink | kind (or a list), in (or a list), needs |
//! | flow | from = `arg(0)` (or a list), to = `ret` (or a list), derive |
//! | clean | from = `arg(0)` (or a list), to = `ret` (or a list), kinds |
//! | test | on = `arg(0)` (or a list), accept = `true` (`false`, `returns`, `nonnull`, a port, `!` and a port), kinds |
//! | schema | type, members, coerce — or — step, with, format — or — on = `arg(0)`, to, accept = `returns`, unknown = `keep`, schema, guarded, earlier —
//!   or — request, part, json, unknown — or — member, part — or — classes, unknown |
//! | call | fn, args (a list of ports, `_` where nothing is known), result |
//! | entry | method, path, methods, each, login, before, handlers, suffix, params, params4, instance, prefix, guards, depends, result; instead of `at`: file, export (each one or a list), root |
//! | inject | by = `constructor-type` |
//! | guard | kind, principal |
//! | principal | container |
//! | render | template = `arg(0)`, locals = `arg(1)`, to, inline, engine |
//! | config | fact, read (a port, or a table), default (a literal, or a table) |
//! | effect | op, object, key, fields |
//! | neutral, noreturn | |
//!
//! Lists of kinds take parents (`html`), all (`*`) and exceptions (`-log`).

mod fields;
mod reader;
mod roles;

use crate::kind::Kinds;
use crate::path::{ApiPath, PathScope};
use crate::row::Row;
use fields::{Fields, Report};
use std::path::Path;
use toml::de::DeTable;

/// What is wrong with a file, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
#[error("{file}:{line}: {what}{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct LoadError {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, as a clause.
    pub what: String,
    /// A known name that is near.
    pub near: Option<String>,
}

/// One model file, checked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModelFile {
    /// The file as it was named.
    pub file: String,
    /// The library's name.
    pub library: String,
    /// Its packages, with ecosystem.
    pub packages: Vec<String>,
    /// Where the facts come from.
    pub source: String,
    /// Named types (`express/req`) and the paths that have them.
    pub types: Vec<(String, Vec<ApiPath>)>,
    /// The types that its table `[types]` declares.
    pub declared: Vec<String>,
    /// Rows, with the paths that they are reached by.
    pub rows: Vec<(Row, Vec<ApiPath>)>,
    /// Types that rows, ports and parameters name, with the line: each must exist somewhere.
    pub uses: Vec<(String, u32)>,
    /// Examples, which reach every row.
    pub examples: Vec<Example>,
}

/// A piece of code that reaches rows of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Example {
    /// Its files: the code first, then what stands beside it.
    pub files: Vec<ExampleFile>,
    /// The line of the model file.
    pub line: u32,
}

/// A file of an example.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExampleFile {
    /// Its path in the small project that the example is.
    pub path: String,
    /// Its text, markers included.
    pub text: String,
    /// The line of the model file.
    pub line: u32,
}

/// Reads and checks one model file.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn load_str(path: &str, text: &str, kinds: &Kinds) -> Result<ModelFile, Vec<LoadError>> {
    let report = Report::new(path, text);
    let file = match DeTable::parse(text) {
        Ok(table) => read_file(
            path,
            &Fields::new(table.get_ref(), "the file", 0, &report),
            kinds,
        ),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            report.add(offset, error.message().replace('\n', " "), None);
            ModelFile::default()
        }
    };
    match report.finish() {
        errors if errors.is_empty() => Ok(file),
        errors => Err(errors),
    }
}

/// Reads `kinds.toml` and every other `*.toml` below a folder, in the order of their names.
///
/// # Errors
/// Everything that is wrong with the files.
pub fn read_folder(folder: &Path) -> Result<(Kinds, Vec<ModelFile>), Vec<LoadError>> {
    let fail = |file: &Path, what: String| LoadError {
        file: file.display().to_string(),
        line: 1,
        what,
        near: None,
    };
    let list = folder.join("kinds.toml");
    let kinds = std::fs::read_to_string(&list)
        .map_err(|error| error.to_string())
        .and_then(|text| Kinds::parse(&text))
        .map_err(|what| vec![fail(&list, what)])?;
    let mut files = Vec::new();
    let mut errors = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match entries {
            Err(error) => errors.push(fail(&next, error.to_string())),
            Ok(entries) => {
                for entry in entries {
                    let path = entry.path();
                    if path.is_dir() {
                        folders.push(path);
                    } else if path
                        .extension()
                        .is_some_and(|extension| extension == "toml")
                        && path != list
                    {
                        files.push(path);
                    }
                }
            }
        }
    }
    files.sort();
    let mut models = Vec::new();
    for path in files {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        match std::fs::read_to_string(&path) {
            Err(error) => errors.push(fail(&path, error.to_string())),
            Ok(text) => match load_str(&name, &text, &kinds) {
                Ok(model) => models.push(model),
                Err(more) => errors.extend(more),
            },
        }
    }
    if errors.is_empty() {
        Ok((kinds, models))
    } else {
        Err(errors)
    }
}

fn read_file(path: &str, fields: &Fields<'_, '_>, kinds: &Kinds) -> ModelFile {
    let mut file = ModelFile {
        file: path.to_owned(),
        ..ModelFile::default()
    };
    let mut versions = None;
    match fields
        .get("library")
        .map(|value| (value.span().start, value.get_ref().as_table()))
    {
        Some((offset, Some(table))) => {
            let library = Fields::new(table, "`[library]`", offset, fields.report);
            file.library = library
                .required("name")
                .map(|name| name.value.to_owned())
                .unwrap_or_default();
            file.packages = library
                .texts("packages")
                .iter()
                .map(|package| package.value.to_owned())
                .collect();
            file.source = library
                .required("source")
                .map(|source| source.value.to_owned())
                .unwrap_or_default();
            versions = library
                .text("versions")
                .map(|versions| versions.value.to_owned());
            let plain =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
            if !file.library.chars().all(plain) {
                library.wrong(
                    offset,
                    format!(
                        "the name `{}` must be lower case letters, digits and hyphens",
                        file.library
                    ),
                );
            }
            library.finish();
        }
        _ => fields.wrong(0, "the file needs a table `[library]`"),
    }
    let scope = PathScope {
        library: &file.library,
        packages: &file.packages,
    };
    for (name, value) in fields.entries("types") {
        let mut paths = Vec::new();
        for text in fields.texts_in(value, name) {
            match scope.paths(text.value) {
                Ok(more) => paths.extend(more),
                Err(error) => fields.report.add(text.offset, error.what, error.near),
            }
        }
        let name = format!("{}/{name}", file.library);
        file.declared.push(name.clone());
        file.types.push((name, paths));
    }
    let context = roles::Context {
        kinds,
        scope,
        library: &file.library,
        versions: versions.as_deref(),
    };
    let mut found = roles::Found::default();
    for row in fields.tables("row", "the row") {
        roles::read_row(&row, &context, &mut found);
    }
    let mut examples = Vec::new();
    for example in fields.tables("example", "the example") {
        examples.push(read_example(&example));
    }
    fields.finish();
    file.examples = examples;
    file.rows = found.rows;
    file.types.extend(found.types);
    let line = |offset: usize| fields.report.line(offset);
    file.uses = found
        .uses
        .into_iter()
        .map(|(name, offset)| (name, line(offset)))
        .collect();
    file
}

fn read_example(fields: &Fields<'_, '_>) -> Example {
    let lang = fields.text("lang").map_or("ts", |lang| lang.value);
    let line = fields.report.line(fields.offset);
    let path = fields.text("file").map(|file| file.value.to_owned());
    let path = path.unwrap_or_else(|| format!("app.{lang}"));
    // The first line of a text of several lines stands below its quotes.
    let file = |path: String, text: &str, offset: usize| ExampleFile {
        path,
        text: text.to_owned(),
        line: fields.report.line(offset) + u32::from(text.contains('\n')),
    };
    let mut files = Vec::new();
    if let Some(code) = fields.required("code") {
        files.push(file(path, code.value, code.offset));
    }
    for (path, text) in fields.entries("files") {
        let offset = text.span().start;
        match text.get_ref().as_str() {
            Some(text) => files.push(file(path.to_owned(), text, offset)),
            None => fields.wrong(offset, format!("`{path}` of `files` must be a text")),
        }
    }
    fields.finish();
    Example { files, line }
}

#[cfg(test)]
#[path = "load/tests.rs"]
mod tests;
