//! Where the OpenAPI document of a project and its code tell different things, as facts: endpoints that the document does not
//! describe, operations that nothing answers, logins that the document promises and the code does not ask for.
//!
//! A document that describes a part, or a program of which not all addresses are known, tells of no drift: nothing is said then.

use crate::link::Linked;
use casemate_app::model::{Answer, Application, Endpoint};
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::{FnId, Span};
use casemate_lang_openapi::document::{self, Operation, Security};
use casemate_lang_openapi::yaml;
use casemate_source::{FileType, Project};

/// So many endpoints have to be described …
const DESCRIBED: usize = 4;

/// … and at most one in so many of those below the same prefix may not be.
const MISSING: usize = 4;

/// Methods of requests, and what stands for any of them.
const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "route", "any", "all",
];

/// Names of what is no part of an interface: the document itself, pages that show it, what machines ask for.
const BESIDE: [&str; 12] = [
    "docs", "swagger", "openapi", "redoc", "health", "healthz", "ready", "live", "metrics",
    "favicon", "static", "robots",
];

/// One fact for each operation and for each endpoint, where a document describes nearly all of them.
pub(crate) fn facts(project: &Project, linked: &Linked, application: &Application) -> Vec<Fact> {
    let mut out = Vec::new();
    for (index, origin) in linked.origin.iter().enumerate() {
        let Some(source) = project.files.get(*origin) else {
            continue;
        };
        let (Ok(file), true) = (u32::try_from(index), source.file_type == FileType::OpenApi) else {
            continue;
        };
        let file = FileIdx(file);
        // A framework routes by it: the code is what it says.
        let routed = application.endpoints.iter().any(|e| e.site.file == file);
        if routed || !application.unresolved.is_empty() {
            continue;
        }
        let unit = source.unit;
        let own = |endpoint: &&Endpoint| {
            let origin = linked.origin.get(endpoint.site.file.0 as usize);
            let of = origin.and_then(|o| project.files.get(*o)).map(|f| f.unit);
            of == Some(unit) && METHODS.contains(&endpoint.method.as_str())
        };
        let endpoints: Vec<&Endpoint> = application.endpoints.iter().filter(own).collect();
        let Ok(node) = yaml::read(&source.text) else {
            continue;
        };
        compare(
            linked,
            file,
            &document::operations(&node),
            &endpoints,
            &mut out,
        );
    }
    out
}

fn compare(
    linked: &Linked,
    file: FileIdx,
    operations: &[Operation],
    endpoints: &[&Endpoint],
    out: &mut Vec<Fact>,
) {
    let known: Vec<(&Endpoint, Vec<String>)> = endpoints
        .iter()
        .filter_map(|e| Some((*e, parts(e.path.as_deref()?)?)))
        .collect();
    // Something may answer anything.
    if known.len() < endpoints.len() || known.iter().any(|(_, path)| path.iter().any(|p| p == "*"))
    {
        return;
    }
    let told: Vec<(&Operation, Vec<String>)> = operations
        .iter()
        .filter_map(|o| Some((o, parts(&o.path)?)))
        .collect();
    let Some(skipped) = alignment(&known, &told) else {
        return;
    };
    let same = |(endpoint, path): &(&Endpoint, Vec<String>),
                (operation, said): &(&Operation, Vec<String>)| {
        said.get(skipped..).is_some_and(|said| fits(path, said))
            && (endpoint.method == operation.method
                || ["route", "any", "all"].contains(&endpoint.method.as_str()))
    };
    let described: Vec<bool> = known
        .iter()
        .map(|k| told.iter().any(|t| same(k, t)))
        .collect();
    let prefix = common(
        known
            .iter()
            .zip(&described)
            .filter(|(_, d)| **d)
            .map(|(k, _)| &k.1),
    );
    let below = |path: &[String]| {
        path.starts_with(&prefix) && !path.iter().any(|p| BESIDE.contains(&p.as_str()))
    };
    let family = known
        .iter()
        .zip(&described)
        .filter(|((_, path), _)| below(path));
    let (with, without): (Vec<_>, Vec<_>) = family.partition(|(_, d)| **d);
    if with.len() < DESCRIBED || without.len() * MISSING > with.len() {
        return;
    }
    for ((endpoint, _), _) in &without {
        out.push(of_endpoint(
            endpoint,
            vec![("described", FactValue::Bool(false))],
        ));
    }
    for ((endpoint, path), _) in &with {
        let pair = (*endpoint, path.clone());
        let mut same = told.iter().filter(|t| same(&pair, t));
        let secured =
            same.clone().next().is_some() && same.all(|(o, _)| o.security != Security::Open);
        let guarded = match endpoint.guarded("authentication") {
            Answer::Yes => FactValue::Bool(true),
            Answer::No if endpoint.aware || endpoint.guarded("role") != Answer::No => {
                FactValue::Unknown
            }
            Answer::No => FactValue::Bool(false),
            Answer::Unknown => FactValue::Unknown,
        };
        out.push(of_endpoint(
            endpoint,
            vec![
                ("described", FactValue::Bool(true)),
                ("secured", FactValue::Bool(secured)),
                ("guarded", guarded),
            ],
        ));
    }
    for told in &told {
        if !known.iter().any(|k| same(k, told)) {
            let name = format!("{} {}", told.0.method.to_uppercase(), told.0.path);
            out.push(of_operation(linked, file, told.0.span, name));
        }
    }
}

fn of_endpoint(endpoint: &Endpoint, values: Vec<(&str, FactValue)>) -> Fact {
    Fact {
        fact: "document.endpoint".to_owned(),
        site: endpoint.site,
        function: endpoint
            .handlers
            .first()
            .copied()
            .unwrap_or(casemate_flow::result::FuncId(0)),
        callee: format!(
            "{} {}",
            endpoint.method.to_uppercase(),
            endpoint.path.as_deref().unwrap_or_default()
        ),
        values: values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
    }
}

fn of_operation(linked: &Linked, file: FileIdx, span: Span, callee: String) -> Fact {
    Fact {
        fact: "document.operation".to_owned(),
        site: Site { file, span },
        function: linked.program.func_id(file, FnId(0)),
        callee,
        values: vec![("answered".to_owned(), FactValue::Bool(false))],
    }
}

/// How many parts of the document's paths stand before what the code registers: what a proxy takes away. The way by which most fit.
fn alignment(
    known: &[(&Endpoint, Vec<String>)],
    told: &[(&Operation, Vec<String>)],
) -> Option<usize> {
    let matched = |skipped: usize| {
        let fit = known.iter().filter(|(_, path)| {
            told.iter()
                .any(|(_, said)| said.get(skipped..).is_some_and(|said| fits(path, said)))
        });
        fit.count()
    };
    (0..3)
        .map(|skipped| (matched(skipped), std::cmp::Reverse(skipped)))
        .max()
        .filter(|(n, _)| *n >= DESCRIBED)
        .map(|(_, skipped)| skipped.0)
}

/// The parts of a path; parameters are alike. Nothing where a part of it is not known.
fn parts(path: &str) -> Option<Vec<String>> {
    if path.contains("{?}") || path.contains('(') {
        return None;
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    Some(
        parts
            .map(|part| {
                if part.starts_with([':', '<', '{']) {
                    "{}".to_owned()
                } else {
                    part.to_lowercase()
                }
            })
            .collect(),
    )
}

fn fits(path: &[String], said: &[String]) -> bool {
    path.len() == said.len()
        && path
            .iter()
            .zip(said)
            .all(|(a, b)| a == b || a.contains('{') && b.contains('{'))
}

/// What all paths begin with.
fn common<'a>(mut paths: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let Some(first) = paths.next() else {
        return Vec::new();
    };
    let mut prefix = first.clone();
    for path in paths {
        let shared = prefix.iter().zip(path).take_while(|(a, b)| a == b).count();
        prefix.truncate(shared);
    }
    prefix
}
