//! Programs that share a manifest: folders that start a server each and import nothing of one another.
//!
//! What is held of a program as a whole (its passwords, what stands before all handlers) must not be taken from its neighbour.

use casemate_flow::program::{InputFile, Target};
use casemate_ir::{FileFacts, Language};
use std::collections::{BTreeMap, BTreeSet};

/// Frameworks whose parts find each other by imports; those that find them by names in settings are one program.
const ASSEMBLED: [&str; 16] = [
    "npm:express",
    "npm:fastify",
    "npm:koa",
    "npm:@hapi/hapi",
    "npm:hono",
    "npm:polka",
    "npm:restify",
    "npm:@nestjs/core",
    "node:http",
    "py:flask",
    "py:quart",
    "py:fastapi",
    "py:starlette",
    "py:sanic",
    "py:bottle",
    "py:aiohttp",
];

/// Names by which a file that imports one of these starts a server, and not only adds to one.
const STARTS: [&str; 12] = [
    "listen",
    "createServer",
    "serve",
    "NestFactory",
    "Flask",
    "Quart",
    "FastAPI",
    "Starlette",
    "Sanic",
    "Bottle",
    "Application",
    "run_app",
];

/// By file: its program, as a number. Files of no program of their own keep that of their manifest.
pub(crate) fn of(inputs: &[InputFile], units: &[u32]) -> Vec<u32> {
    let mut out = units.to_vec();
    let mut next = units.iter().max().map_or(0, |last| last + 1);
    let named: BTreeSet<u32> = units.iter().copied().collect();
    let groups = groups(inputs, units);
    for unit in named {
        let folders = folders(inputs, units, unit, &groups);
        if folders.len() < 2 {
            continue;
        }
        for folder in folders {
            for (at, input) in inputs.iter().enumerate() {
                if units.get(at) == Some(&unit)
                    && within(&input.path, &folder)
                    && let Some(program) = out.get_mut(at)
                {
                    *program = next;
                }
            }
            next += 1;
        }
    }
    out
}

/// The folders of programs of their own under one manifest, as [`of`] numbered them. `files`: the path, the manifest and the
/// program of each.
pub(crate) fn named<'a>(
    files: impl Iterator<Item = (&'a str, u32, u32)>,
    unit: u32,
    units: usize,
) -> Vec<String> {
    let mut by: BTreeMap<u32, String> = BTreeMap::new();
    for (path, of, program) in files {
        if of != unit || (program as usize) < units {
            continue;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let shared = match by.get(&program) {
            Some(known) => common(known, folder),
            None => folder.to_owned(),
        };
        by.insert(program, shared);
    }
    by.into_values().collect()
}

/// The folders of one manifest that are programs, none inside another.
fn folders(inputs: &[InputFile], units: &[u32], unit: u32, groups: &[usize]) -> Vec<String> {
    let mut by_group: BTreeMap<usize, (Option<String>, bool)> = BTreeMap::new();
    for ((input, of), group) in inputs.iter().zip(units).zip(groups) {
        if *of != unit {
            continue;
        }
        let folder = input.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (shared, starts) = by_group.entry(*group).or_default();
        *shared = Some(match shared.take() {
            Some(known) => common(&known, folder),
            None => folder.to_owned(),
        });
        *starts |= starts_a_server(input);
    }
    let mut folders: Vec<String> = by_group
        .into_values()
        .filter(|(_, starts)| *starts)
        .filter_map(|(folder, _)| folder)
        .collect();
    folders.sort();
    let mut apart: Vec<String> = Vec::new();
    for folder in folders {
        if !apart.iter().any(|of| within(&format!("{folder}/"), of)) {
            apart.push(folder);
        }
    }
    apart
}

/// By file: a number that files share which import each other, directly or not, inside one manifest.
fn groups(inputs: &[InputFile], units: &[u32]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..inputs.len()).collect();
    for (at, input) in inputs.iter().enumerate() {
        for (import, target) in input.facts.imports.iter().zip(&input.imports) {
            let Target::File(other) = target else {
                continue;
            };
            let other = other.0 as usize;
            let named = import.specifier.map(|name| input.facts.str(name));
            // A module that imports its own name means itself, and is led to its namesake elsewhere.
            if units.get(at) != units.get(other) || named == Some(stem(&input.path)) {
                continue;
            }
            let (one, two) = (first(&mut of, at), first(&mut of, other));
            if let Some(slot) = of.get_mut(one.max(two)) {
                *slot = one.min(two);
            }
        }
    }
    (0..inputs.len()).map(|at| first(&mut of, at)).collect()
}

/// The number of a group; ways to it are shortened on the way.
fn first(of: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = of.get(at).copied().filter(|next| *next != at) {
        let after = of.get(next).copied().unwrap_or(next);
        if let Some(slot) = of.get_mut(at) {
            *slot = after;
        }
        at = next;
    }
    at
}

fn starts_a_server(input: &InputFile) -> bool {
    let of_server = |target: &Target| match target {
        Target::Package(name) => ASSEMBLED.contains(&name.as_str()),
        _ => false,
    };
    input.facts.language != Language::Template
        && input.imports.iter().any(of_server)
        && says(&input.facts, &STARTS)
}

fn says(facts: &FileFacts, names: &[&str]) -> bool {
    facts.strings.iter().any(|text| names.contains(&&**text))
}

/// The name of a file without its folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

/// The folder that holds both.
fn common(one: &str, two: &str) -> String {
    let parts = one.split('/').zip(two.split('/'));
    let shared: Vec<&str> = parts
        .take_while(|(a, b)| a == b)
        .map(|(part, _)| part)
        .collect();
    shared.join("/")
}

fn within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_flow::result::FileIdx;
    use casemate_lang_py::{LowerOptions, lower};

    /// Programs of files: path, text, and the number that is expected. `flask` is a package; an import of another name leads to the
    /// file of that name in the same folder, else to one elsewhere.
    fn check(files: &[(&str, &str, u32)]) {
        let place = |name: &str, from: &str| {
            let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
            let beside = format!("{folder}/{name}.py");
            let is = |wanted: &dyn Fn(&str) -> bool| files.iter().position(|f| wanted(f.0));
            is(&|path| path == beside && path != from)
                .or_else(|| is(&|path| path != from && path.ends_with(&format!("/{name}.py"))))
        };
        let inputs: Vec<InputFile> = files
            .iter()
            .map(|(path, text, _)| {
                let facts = lower(text, &LowerOptions::default());
                let imports = facts.imports.iter().map(|import| {
                    let name = import.specifier.map_or("", |name| facts.str(name));
                    match place(name, path) {
                        Some(at) => Target::File(FileIdx(u32::try_from(at).unwrap())),
                        None => Target::Package(format!("py:{name}")),
                    }
                });
                InputFile {
                    path: (*path).to_owned(),
                    imports: imports.collect(),
                    facts,
                }
            })
            .collect();
        let expected: Vec<u32> = files.iter().map(|f| f.2).collect();
        assert_eq!(of(&inputs, &vec![0; files.len()]), expected, "{files:?}");
    }

    const SERVER: &str = "from flask import Flask\napp = Flask(__name__)\n";
    const SHARES: &str = "import shared\nfrom flask import Flask\napp = Flask(__name__)\n";
    const PART: &str = "from flask import Blueprint\npart = Blueprint('a', __name__)\n";

    #[test]
    fn folders_that_start_a_server_and_share_nothing_are_programs() {
        check(&[
            ("a/app.py", SHARES, 1),
            ("a/shared.py", "import shared\n", 1),
            ("a/tool.py", "print(1)\n", 1),
            ("b/app.py", SHARES, 2),
            ("b/shared.py", "print(2)\n", 2),
            ("tools/x.py", "print(1)\n", 0),
        ]);
        // What both use holds them together.
        check(&[
            ("a/app.py", SHARES, 0),
            ("b/app.py", SHARES, 0),
            ("c/shared.py", "print(1)\n", 0),
        ]);
        // A part that nobody imports starts nothing.
        check(&[("a/app.py", SERVER, 0), ("b/part.py", PART, 0)]);
        // One folder inside another.
        check(&[("app.py", SERVER, 0), ("demo/app.py", SERVER, 0)]);
    }
}
