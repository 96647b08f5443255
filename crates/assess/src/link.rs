//! Facts of files to one program: what each import leads to.

use crate::lower::Lowered;
use crate::programs;
use casemate_flow::program::{InputFile, Program, Target};
use casemate_flow::result::FileIdx;
use casemate_ir::{ExportKind, FileFacts, Import, Instr, Language};
use casemate_lang_js::{Resolution, Resolver};
use casemate_lang_py::Module;
use casemate_lang_template::Templates;
use casemate_model::matcher::Models;
use casemate_source::{Project, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A program, and where its files come from.
pub(crate) struct Linked {
    /// The program.
    pub program: Program,
    /// By file of the program: its index in the project.
    pub origin: Vec<usize>,
    /// Resolves what manifests name.
    pub resolver: Resolver,
}

/// What resolves specifiers among these files, by all that the manifests of the project say.
pub(crate) fn resolver(project: &Project, paths: &[String]) -> Resolver {
    let manifests: Vec<(String, String)> = project
        .manifests
        .iter()
        .filter(|m| m.path.ends_with(".json"))
        .map(|m| (m.path.clone(), m.text.to_string()))
        .collect();
    Resolver::new(paths, &manifests)
}

/// Links what was lowered, in path order.
pub(crate) fn link(project: &Project, mut lowered: Lowered, models: &Models) -> Linked {
    let path = |index: usize| {
        project
            .files
            .get(index)
            .map(|f| f.path.clone())
            .unwrap_or_default()
    };
    let paths: Vec<String> = lowered
        .files
        .iter()
        .map(|(index, _)| path(*index))
        .collect();
    let resolver = resolver(project, &paths).with_foreign(models.packages());
    for ((_, facts), path) in lowered.files.iter_mut().zip(&paths) {
        if facts.language == Language::JavaScript {
            casemate_lang_js::unroll(facts, path, &resolver);
        }
    }
    let mut python = python(&mut lowered, &paths);
    let is_template = |index: usize| {
        project
            .files
            .get(index)
            .is_some_and(|f| f.file_type.is_template())
    };
    let pages: Vec<usize> = lowered
        .files
        .iter()
        .enumerate()
        .filter(|(_, (index, _))| is_template(*index))
        .map(|(at, _)| at)
        .collect();
    let page_paths: Vec<&str> = pages
        .iter()
        .filter_map(|at| paths.get(*at))
        .map(String::as_str)
        .collect();
    let templates = Templates {
        paths: &page_paths,
        views: &[],
    };
    let of_template = |facts: &FileFacts, path: &str| {
        let target = |import: &Import| {
            let name = facts.str(import.specifier?);
            pages
                .get(templates.resolve(name, path)?)
                .map(|at| Target::File(FileIdx(u32::try_from(*at).unwrap_or(u32::MAX))))
        };
        facts
            .imports
            .iter()
            .map(|import| target(import).unwrap_or(Target::Unknown))
            .collect()
    };
    let mut origin = Vec::with_capacity(paths.len());
    let mut inputs = Vec::with_capacity(paths.len());
    for ((index, facts), path) in lowered.files.into_iter().zip(paths.iter().cloned()) {
        origin.push(index);
        let imports = if let Some(imports) = python.remove(&inputs.len()) {
            imports
        } else if is_template(index) {
            of_template(&facts, &path)
        } else {
            imports(&facts, &path, &resolver)
        };
        inputs.push(InputFile {
            path,
            facts,
            imports,
        });
    }
    let units: Vec<u32> = origin
        .iter()
        .map(|index| project.files.get(*index).map_or(0, |f| f.unit.0))
        .collect();
    let programs = programs::of(&inputs, &units);
    let mut program = Program::link(inputs);
    for member in models.written_members() {
        program.symbols.intern(member);
    }
    program.packages = packages(project, &origin);
    program.units = programs;
    Linked {
        program,
        origin,
        resolver,
    }
}

/// By position of a Python file among those lowered: what its imports lead to. All of them are settled together.
fn python(lowered: &mut Lowered, paths: &[String]) -> BTreeMap<usize, Vec<Target>> {
    let mut modules: Vec<Module<'_>> = lowered
        .files
        .iter_mut()
        .zip(paths)
        .enumerate()
        .filter(|(_, ((_, facts), _))| facts.language == Language::Python)
        .map(|(index, ((_, facts), path))| Module { index, path, facts })
        .collect();
    let resolver = casemate_lang_py::Resolver::new(modules.iter().map(|m| (m.index, m.path)));
    let settled = casemate_lang_py::settle(&mut modules, &resolver);
    let target = |resolution| match resolution {
        casemate_lang_py::Resolution::File(index) => {
            Target::File(FileIdx(u32::try_from(index).unwrap_or(u32::MAX)))
        }
        casemate_lang_py::Resolution::Package(name) => Target::Package(format!("py:{name}")),
        casemate_lang_py::Resolution::Folder | casemate_lang_py::Resolution::Unknown => {
            Target::Unknown
        }
    };
    modules
        .iter()
        .zip(settled)
        .map(|(module, imports)| (module.index, imports.into_iter().map(target).collect()))
        .collect()
}

/// By file: what the manifests of its unit and of the units around it declare.
fn packages(project: &Project, origin: &[usize]) -> Vec<Option<Arc<BTreeSet<String>>>> {
    let around = |unit: &Unit| {
        let above = |other: &&Unit| {
            other.manifest.is_some()
                && (other.root.is_empty()
                    || unit
                        .root
                        .strip_prefix(other.root.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        };
        let units: Vec<&Unit> = project.units.iter().filter(above).collect();
        let names = units.iter().flat_map(|u| u.dependencies.keys().cloned());
        (!units.is_empty()).then(|| Arc::new(names.collect::<BTreeSet<String>>()))
    };
    let by_unit: Vec<_> = project.units.iter().map(around).collect();
    let of_file = |index: &usize| {
        let unit = project.files.get(*index)?.unit;
        by_unit.get(unit.index())?.clone()
    };
    origin.iter().map(of_file).collect()
}

fn imports(facts: &FileFacts, path: &str, resolver: &Resolver) -> Vec<Target> {
    facts
        .imports
        .iter()
        .enumerate()
        .map(|(index, import)| {
            let Some(specifier) = import.specifier else {
                return Target::Unknown;
            };
            let specifier = facts.str(specifier);
            let found = resolver.resolve(specifier, path);
            // `src/generated/…` below a base folder looks like a package.
            let absent = match &found {
                Resolution::Unknown => true,
                Resolution::Package { name, .. } => !name.starts_with("@prisma/"),
                _ => false,
            };
            let made = casemate_lang_js::generated(specifier, names(facts, index));
            match made.filter(|_| absent) {
                Some(name) => Target::Package(format!("npm:{name}")),
                None => target(found),
            }
        })
        .collect()
}

/// What a file imports by name from one of its imports.
fn names(facts: &FileFacts, import: usize) -> impl Iterator<Item = &str> {
    let instrs = facts.functions.iter().flat_map(|function| &function.instrs);
    let imported = instrs.filter_map(move |instr| match *instr {
        Instr::Import {
            import: of,
            name: Some(name),
            ..
        } if of.index() == import => Some(facts.str(name)),
        _ => None,
    });
    let exported = facts
        .exports
        .iter()
        .filter_map(move |export| match export.kind {
            ExportKind::From(of, Some(name)) if of.index() == import => Some(facts.str(name)),
            _ => None,
        });
    imported.chain(exported)
}

fn target(resolution: Resolution) -> Target {
    match resolution {
        Resolution::File(index) => Target::File(FileIdx(u32::try_from(index).unwrap_or(u32::MAX))),
        Resolution::Package { name, subpath } if subpath.is_empty() => {
            Target::Package(format!("npm:{name}"))
        }
        Resolution::Package { name, subpath } => Target::Package(format!("npm:{name}/{subpath}")),
        Resolution::Core(name) => Target::Package(format!("node:{name}")),
        Resolution::Unknown => Target::Unknown,
    }
}
