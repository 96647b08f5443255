//! Handlers that are declared instead of registered: by decorators, by file and name.

use crate::decoration;
use crate::model::{Application, Endpoint, Middleware};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::Entry;
use casemate_ir::{Const, Instr, Operand};

/// Files that run before all pages of a project.
const BEFORE_ALL: [&str; 2] = ["middleware", "proxy"];

/// Adds what is declared to what is registered.
pub(crate) fn add(origins: &Solver<'_, '_>, made: &mut Application) {
    let before_all = origins.program.files.iter().any(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        BEFORE_ALL.contains(&stem) && name.ends_with("s")
    });
    for entry in origins.declared.values() {
        if entry.method == "use" || entry.method == "error" {
            made.middleware.push(Middleware {
                site: entry.site,
                path: None,
                callee: entry.callee.clone(),
                handlers: entry.handlers.clone(),
            });
            continue;
        }
        let by_file = entry.callee.contains('#');
        for method in methods(origins, entry) {
            made.endpoints.push(Endpoint {
                method,
                path: entry.path.clone(),
                mounted: true,

                callee: entry.callee.clone(),
                handlers: entry.handlers.clone(),
                chain: Vec::new(),
                // Until what stands around the handler is read.
                unknown: u32::from(!by_file || before_all),
                ..Endpoint::at(entry.site)
            });
        }
    }
}

/// The methods of a declared handler: that of the decorator, or those that it is given.
fn methods(origins: &Solver<'_, '_>, entry: &Entry) -> Vec<String> {
    let named = entry.method.to_lowercase();
    if !matches!(named.as_str(), "" | "route" | "api_route" | "action") {
        return vec![named];
    }
    let Some(f) = entry.handlers.first().map(|f| origins.program.func(*f)) else {
        return vec![named];
    };
    let Some(parent) = f.parent().map(|p| origins.program.func(p)) else {
        return vec![named];
    };
    for decorator in &f.func.decorators {
        let args = decoration::arguments(origins, parent.id, decorator.value);
        let list = decoration::keyword(parent, args, "methods").or_else(|| {
            // `@api_view(['GET'])` has nothing else.
            let first = args.first().filter(|_| args.len() == 1)?;
            decoration::elements(parent, first.value).map(|_| first.value)
        });
        let given = list.and_then(|list| decoration::elements(parent, list));
        let texts: Vec<String> = given
            .unwrap_or_default()
            .into_iter()
            .filter_map(|value| text(parent, value))
            .collect();
        if !texts.is_empty() {
            return texts;
        }
        let called = called_name(parent, decorator.value)
            .unwrap_or_default()
            .to_lowercase();
        if matches!(
            called.as_str(),
            "get"
                | "post"
                | "put"
                | "patch"
                | "delete"
                | "all"
                | "head"
                | "options"
                | "search"
                | "sse"
        ) {
            return vec![called];
        }
        if called == "route" && list.is_none() && entry.callee.starts_with("py:") {
            return vec!["get".to_owned()];
        }
    }
    vec![if named.is_empty() {
        "route".to_owned()
    } else {
        named
    }]
}

fn called_name<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { to, callee, .. } if Operand::Local(to) == value => {
            decoration::written_name(f, callee)
        }
        _ => None,
    })
}

fn text(f: FuncRef<'_>, value: Operand) -> Option<String> {
    match value {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => Some(f.file.facts.str(*text).to_lowercase()),
            _ => None,
        },
        Operand::Local(_) => None,
    }
}
