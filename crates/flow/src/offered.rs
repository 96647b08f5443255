//! Functions that others call than the program: what a library exports, and what is as dangerous whoever calls it.

use crate::answer::{Options, reached};
use crate::origin::{Solver, Val};
use crate::program::to_u32;
use crate::result::{Entry, FuncId, Note};
use crate::taint::{self, Finding, PortBase, SourceRef, TaintResult};
use casemate_model::kind::Shape;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Parameters of exported functions reach sinks.
pub(crate) fn findings(
    origins: &Solver<'_, '_>,
    result: &TaintResult,
    entries: &[Entry],
    options: &Options<'_>,
) -> Vec<Finding> {
    let program = origins.program;
    let Ok(kind) = origins.paths.models().kinds().source("library") else {
        return Vec::new();
    };
    let whole = origins
        .paths
        .models()
        .kinds()
        .set_of_all(["proto", "merge", "redos"])
        .unwrap_or_default();
    let mut exported: FxHashSet<FuncId> = FxHashSet::default();
    for index in 0..program.files.len() {
        let file = crate::result::FileIdx(to_u32(index));
        if (options.library)(file, entries) {
            exported.extend(exports(origins, file));
        }
    }
    let mut out = Vec::new();
    // A function that walks along a path of members and writes at its end given as an argument pollutes prototypes for whoever lets the path in: that
    // is said of every such function, with the doubt whether anybody does.
    let ids = taint::KindIds::new(origins.paths.models().kinds());
    let utility = origins.paths.models().kinds().sink("proto").ok();
    // A filter that is put together around what a function is given means something else with the characters of filters in it, whoever
    // calls the function. Where no endpoint is seen to, as of the plugins that sign people in, it is said with the doubt.
    let filters = origins
        .paths
        .models()
        .kinds()
        .set_of_all(["ldap", "xpath"])
        .unwrap_or_default();
    let mut by_endpoints: Option<FxHashSet<FuncId>> = None;
    for func in program.function_ids() {
        let offered = exported.contains(&func);
        let Some(summary) = result.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            continue;
        };
        for sink in &summary.sinks {
            let PortBase::Param(index) = sink.port.base() else {
                continue;
            };
            let local = Some(sink.sink.kind) == utility
                && sink.sink.func == func
                && sink.sink.notes & taint::WALK != 0;
            let filter = filters.has(sink.sink.kind)
                && sink.derived
                && sink.port.members().is_empty()
                && sink.sink.func == func
                && !offered
                && {
                    let by_endpoints = by_endpoints.get_or_insert_with(|| {
                        reached(&result.callees, entries).into_iter().collect()
                    });
                    !by_endpoints.contains(&func)
                };
            if !offered && !local && !filter {
                continue;
            }
            let doubt = if offered {
                0
            } else {
                taint::note_bit(Note::WhenUnknown)
            };
            let f = program.func(func);
            let Some(param) = f.func.params.get(index as usize) else {
                continue;
            };
            // A function that runs, reads or fetches exactly what it is given is asked to; one that builds text around it is not,
            // unless what it is given is called a command.
            let chosen = !sink.derived || sink.notes & taint::LEADING != 0;
            let called = match sink.port.members().last() {
                Some(member) => Some(program.text(*member)),
                None => param.name.map(|n| f.file.facts.str(n)),
            };
            let meant = called.is_some_and(|name| ids.meant(sink.sink.kind, name));
            if (chosen || meant) && !whole.has(sink.sink.kind) {
                continue;
            }
            let source = SourceRef {
                func,
                span: f.func.head,
                kind,
                shape: Shape::Structured,
            };
            out.push(Finding {
                source,
                sink: Arc::clone(&sink.sink),
                notes: sink.notes | sink.sink.notes | doubt,
                trace: sink.trace,
            });
        }
    }
    out
}

/// Functions that a file offers, and the methods of classes and objects that it offers.
fn exports(origins: &Solver<'_, '_>, file: crate::result::FileIdx) -> Vec<FuncId> {
    let program = origins.program;
    let mut vals = Vec::new();
    for export in &program.file(file).facts.exports {
        if let casemate_ir::ExportKind::Variable(global) = export.kind {
            vals.extend_from_slice(origins.of_global(program.global(file, global)));
        }
    }
    vals.extend(origins.commonjs_exports(file));
    let mut out = Vec::new();
    for val in vals {
        callable(origins, val, 0, &mut out);
    }
    out
}

fn callable(
    origins: &Solver<'_, '_>,
    val: crate::origin::ValId,
    depth: u32,
    out: &mut Vec<FuncId>,
) {
    if depth > 2 {
        return;
    }
    let program = origins.program;
    match origins.val(val) {
        Some(Val::Func(func)) => {
            out.push(func);
            for inner in origins.members_of(val) {
                callable(origins, inner, depth + 1, out);
            }
            if let Some(proto) = origins.proto_of(func) {
                for inner in origins.members_of(proto) {
                    callable(origins, inner, depth + 1, out);
                }
            }
        }
        Some(Val::Class(class)) => {
            if let Some((file, def)) = program.class(class) {
                out.push(program.func_id(file, def.constructor));
                out.extend(
                    def.members
                        .iter()
                        .filter_map(|m| m.func)
                        .map(|f| program.func_id(file, f)),
                );
            }
        }
        Some(Val::Object(..) | Val::Exports(_)) => {
            for inner in origins.members_of(val) {
                callable(origins, inner, depth + 1, out);
            }
        }
        _ => {}
    }
}
