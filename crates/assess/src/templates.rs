//! Which engine reads a template, and which template a name means, for the templates of a project.

use casemate_flow::program::Program;
use casemate_flow::result::{FileIdx, FuncId};
use casemate_ir::{Const, FileFacts, FnId, Function, Instr, Key, Language, LocalId, Operand};
use casemate_lang_template::{EngineHints, Seen, Templates};
use casemate_source::{Engine, Project, SourceFile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the packages of a project and their code say about engines, by unit.
pub(crate) struct Hints {
    units: Vec<EngineHints>,
    /// Folders that hold code themselves, and whether some of it is Python.
    folders: BTreeMap<String, bool>,
}

impl Hints {
    /// Hints from the manifests and from code that was lowered.
    pub(crate) fn new(project: &Project, code: &[(usize, FileFacts)]) -> Self {
        let mut units: Vec<EngineHints> = project
            .units
            .iter()
            .map(|_| EngineHints::default())
            .collect();
        for (hints, unit) in units.iter_mut().zip(&project.units) {
            unit.dependencies
                .keys()
                .for_each(|name| hints.package(name));
        }
        let mut folders = BTreeMap::new();
        for (index, facts) in code {
            if let Some(file) = project.files.get(*index) {
                let python = folders.entry(folder(&file.path).to_owned()).or_default();
                *python |= facts.language == Language::Python;
            }
            let unit = project.files.get(*index).map(|f| f.unit.index());
            let Some(hints) = unit.and_then(|u| units.get_mut(u)) else {
                continue;
            };
            for (extension, engine) in registrations(facts) {
                hints.register(&extension, &engine);
            }
            // Manifests of Python name distributions and may be absent: what is imported says more.
            if facts.language == Language::Python {
                let specifiers = facts.imports.iter().filter_map(|i| i.specifier);
                for name in specifiers.map(|s| facts.str(s)) {
                    hints.package(name);
                    hints.package(name.split('.').next().unwrap_or(name));
                }
            }
        }
        Self { units, folders }
    }

    /// The engine of a file, if it is a template.
    pub(crate) fn engine(&self, file: &SourceFile) -> Option<Engine> {
        let seen = Seen {
            text: &file.text,
            beside_python: self.beside_python(&file.path),
        };
        casemate_lang_template::engine_of(&file.path, seen, self.units.get(file.unit.index())?)
    }

    /// Whether the nearest folder above a file that holds code holds Python.
    fn beside_python(&self, path: &str) -> bool {
        let mut at = folder(path);
        loop {
            match self.folders.get(at) {
                Some(python) => return *python,
                None if at.is_empty() => return false,
                None => at = folder(at),
            }
        }
    }
}

/// The folder of a path; empty for the root.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |it| it.0)
}

/// Calls of a method `engine` with an extension and something that names an engine: `app.engine('html', consolidate.swig)`.
fn registrations(facts: &FileFacts) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for function in &facts.functions {
        // Looking up what is called goes through the whole function: only where such a member is read at all.
        let reads: Vec<LocalId> = function
            .instrs
            .iter()
            .filter_map(|instr| match instr {
                Instr::Load {
                    to,
                    key: Key::Field(name),
                    ..
                } if facts.str(*name) == "engine" => Some(*to),
                _ => None,
            })
            .collect();
        if reads.is_empty() {
            continue;
        }
        for instr in &function.instrs {
            let Instr::Call {
                callee: Operand::Local(callee),
                args,
                ..
            } = instr
            else {
                continue;
            };
            if !reads.contains(callee) {
                continue;
            }
            let is_engine = matches!(defined(function, *callee), Some(Instr::Load { key: Key::Field(name), .. }) if facts.str(*name) == "engine");
            let [extension, engine, ..] = function.args(*args) else {
                continue;
            };
            if let (true, Operand::Const(extension)) = (is_engine, extension.value)
                && let Const::Str(extension) = facts.constant(extension)
            {
                found.extend(
                    names(facts, function, engine.value)
                        .into_iter()
                        .map(|name| (facts.str(*extension).to_owned(), name)),
                );
            }
        }
    }
    found
}

/// The names that lead to a value: members and packages, outermost first.
fn names(facts: &FileFacts, function: &Function, value: Operand) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = value;
    // A chain of members and calls is short; a loop in the program ends here too.
    for _ in 0..8 {
        let Operand::Local(local) = at else { break };
        match defined(function, local) {
            Some(Instr::Load {
                base,
                key: Key::Field(name),
                ..
            }) => {
                names.push(facts.str(*name).to_owned());
                at = *base;
            }
            Some(Instr::Call { callee, .. }) => at = *callee,
            Some(Instr::Copy { from, .. }) => at = *from,
            Some(Instr::Import { import, .. }) => {
                let specifier = facts.imports.get(import.index()).and_then(|i| i.specifier);
                names.extend(specifier.map(|s| facts.str(s).to_owned()));
                break;
            }
            _ => break,
        }
    }
    names
}

fn defined(function: &Function, local: LocalId) -> Option<&Instr> {
    function.instrs.iter().find(|instr| match instr {
        Instr::Copy { to, .. }
        | Instr::Load { to, .. }
        | Instr::Call { to, .. }
        | Instr::Import { to, .. } => *to == local,
        _ => false,
    })
}

/// The templates of a program.
pub(crate) struct Known {
    paths: Vec<String>,
    functions: Vec<FuncId>,
}

impl Known {
    /// The templates among the program's files; `is_template` says which.
    pub(crate) fn of(program: &Program, is_template: impl Fn(usize) -> bool) -> Self {
        let templates = program
            .files
            .iter()
            .enumerate()
            .filter(|(index, _)| is_template(*index));
        let function = |index: usize| {
            program.func_id(FileIdx(u32::try_from(index).unwrap_or(u32::MAX)), FnId(0))
        };
        let (paths, functions) = templates
            .map(|(index, file)| (file.path.clone(), function(index)))
            .unzip();
        Self { paths, functions }
    }

    /// The templates that a name means, seen from a file. Parts of the name that are not constant stand for anything.
    pub(crate) fn lookup(&self, from: &str, name: &[Option<Arc<str>>]) -> Vec<FuncId> {
        let paths: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        let templates = Templates {
            paths: &paths,
            views: &[],
        };
        let constant: Option<String> = name.iter().map(|piece| piece.as_deref()).collect();
        let found = match constant {
            Some(name) => templates.resolve(&name, from).into_iter().collect(),
            None => {
                let edge = |piece: Option<&Option<Arc<str>>>| {
                    piece
                        .and_then(|p| p.as_deref())
                        .unwrap_or_default()
                        .to_owned()
                };
                templates.resolve_joined(&edge(name.first()), &edge(name.last()), from)
            }
        };
        found
            .into_iter()
            .filter_map(|index| self.functions.get(index).copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_that_code_registers() {
        let code = "const cons = require('consolidate'); const app = require('express')();\n\
                    app.engine('html', cons.swig); app.engine('.tpl', require('ejs').renderFile); app.set('view engine', 'html')";
        let facts =
            casemate_lang_js::lower(code, "app.js", &casemate_lang_js::LowerOptions::default());
        let project = Project::from_memory(
            "x",
            &[
                ("app.js".into(), code.into()),
                ("views/a.html".into(), "{{a}}".into()),
            ],
        );
        let hints = Hints::new(&project, &[(0, facts)]);
        assert_eq!(
            hints.engine(&SourceFile::new("views/a.html", "")),
            Some(Engine::Swig)
        );
        assert_eq!(
            hints.engine(&SourceFile::new("views/a.tpl", "")),
            Some(Engine::Ejs)
        );
        assert_eq!(hints.engine(&SourceFile::new("views/a.js", "")), None);
    }
}
