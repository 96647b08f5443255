//! Who the attacker is, per package: somebody who sends requests, or somebody who calls what is exported.
//!
//! A package that registers handlers is a server. One that registers none, is published and cannot be started is a library,
//! unless a server of the same project uses it: then its callers are read themselves.

use crate::application::is_task;
use crate::assessment::ThreatModel;
use crate::dossier::words::count;
use crate::link::Linked;
use casemate_flow::program::{Program, Target};
use casemate_flow::result::{Entry, FileIdx};
use casemate_ir::ExportKind;
use casemate_lang_js::Resolution;
use casemate_say::{label, say};
use casemate_source::{Project, Unit};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// What holds for one package, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Judgement {
    pub model: ThreatModel,
    pub because: String,
    pub endpoints: usize,
}

/// Judges every package of the project. `asked`: what the caller wants for all.
pub(crate) fn judge(
    project: &Project,
    linked: &Linked,
    entries: &[Entry],
    asked: Option<ThreatModel>,
    answers: &dyn Fn(&Entry) -> bool,
) -> Vec<Judgement> {
    let unit_of = |file: FileIdx| {
        let origin = linked
            .origin
            .get(file.0 as usize)
            .copied()
            .unwrap_or_default();
        project.files.get(origin).map_or(0, |f| f.unit.index())
    };
    let is_endpoint = answers;
    // What answers requests, what stands before it, and what queues run.
    let mut registered = vec![[0_usize; 3]; project.units.len()];
    let mut known = BTreeSet::new();
    for entry in entries {
        // A handler of several parts is one endpoint.
        if !known.insert((entry.site, entry.method.as_str(), entry.path.as_deref())) {
            continue;
        }
        if let Some([answers, before, tasks]) = registered.get_mut(unit_of(entry.site.file)) {
            // What hands requests to an application is none of its endpoints.
            *if entry.method == "use" || !is_endpoint(entry) {
                before
            } else if is_task(&entry.method) {
                tasks
            } else {
                answers
            } += 1;
        }
    }
    let endpoints: Vec<usize> = registered.iter().map(|n| n.iter().sum()).collect();
    let serves = |unit: &Unit| {
        project
            .units
            .iter()
            .zip(&endpoints)
            .any(|(u, n)| *n > 0 && u.name == unit.name)
    };
    let used_by_server = |unit: &Unit| {
        project.units.iter().any(|other| {
            other.name != unit.name && serves(other) && other.dependencies.contains_key(&unit.name)
        })
    };
    let judgement = |unit: &Unit, [answers, before, tasks]: [usize; 3]| {
        let endpoints = answers + before + tasks;
        if let Some(model) = asked {
            return (model, say!("asked for on the command line"));
        }
        if endpoints > 0 {
            let answers = count(answers, "endpoint", "endpoints");
            let before = match before {
                0 => String::new(),
                n => say!(
                    " and {registrations} before them",
                    registrations = count(n, "registration", "registrations")
                ),
            };
            let tasks = match tasks {
                0 => String::new(),
                n => say!(
                    ", and queues run {tasks}",
                    tasks = count(n, "task", "tasks")
                ),
            };
            return (ThreatModel::Server, say!("it has {answers}{before}{tasks}"));
        }
        if unit.manifest.is_none() || unit.private || unit.starts {
            let why = if unit.starts {
                label!("its manifest says how to start it")
            } else {
                label!("it is not published")
            };
            return (
                ThreatModel::Server,
                say!("it registers no handler, and {why}"),
            );
        }
        if used_by_server(unit) {
            return (
                ThreatModel::Server,
                say!("it registers no handler, and a server of this project uses it"),
            );
        }
        (
            ThreatModel::Library,
            say!("it registers no handler and offers modules to others"),
        )
    };
    project
        .units
        .iter()
        .zip(&registered)
        .map(|(unit, registered)| {
            let (model, because) = judgement(unit, *registered);
            let [endpoints, ..] = *registered;
            Judgement {
                model,
                because,
                endpoints,
            }
        })
        .collect()
}

/// The modules that a package offers: what its manifest names, else its index, with all that they re-export; every module
/// where none of these is there (they are made by a build that was not run).
pub(crate) fn offered(project: &Project, linked: &Linked) -> FxHashSet<FileIdx> {
    let mut offered = FxHashSet::default();
    for (index, unit) in project.units.iter().enumerate() {
        let from = if unit.root.is_empty() {
            "package.json".to_owned()
        } else {
            say!("{root}/package.json", root = unit.root)
        };
        let resolve = |path: &str| match linked.resolver.resolve(&relative(path), &from) {
            Resolution::File(file) => Some(FileIdx(u32::try_from(file).unwrap_or(u32::MAX))),
            _ => None,
        };
        let mut roots: Vec<FileIdx> = unit
            .offers
            .iter()
            .filter_map(|path| resolve(path))
            .collect();
        if roots.is_empty() {
            roots.extend(
                ["index", "src/index", "lib/index", "src/main", "main"]
                    .iter()
                    .filter_map(|path| resolve(path))
                    .take(1),
            );
        }
        if roots.is_empty() {
            let files = linked.origin.iter().enumerate().filter(|(_, origin)| {
                project
                    .files
                    .get(**origin)
                    .is_some_and(|f| f.unit.index() == index)
            });
            roots.extend(files.map(|(file, _)| FileIdx(u32::try_from(file).unwrap_or(u32::MAX))));
        }
        while let Some(file) = roots.pop() {
            if offered.insert(file) {
                roots.extend(re_exports(&linked.program, file));
            }
        }
    }
    offered
}

fn relative(path: &str) -> String {
    if path.starts_with("./") || path.starts_with("../") {
        path.to_owned()
    } else {
        format!("./{path}")
    }
}

fn re_exports(program: &Program, file: FileIdx) -> Vec<FileIdx> {
    let Some(file) = program.files.get(file.0 as usize) else {
        return Vec::new();
    };
    let exports = file
        .facts
        .exports
        .iter()
        .filter_map(|export| match export.kind {
            ExportKind::From(import, _) | ExportKind::All(import) => {
                file.imports.get(import.index())
            }
            ExportKind::Variable(_) => None,
        });
    exports
        .filter_map(|target| match target {
            Target::File(file) => Some(*file),
            _ => None,
        })
        .collect()
}
