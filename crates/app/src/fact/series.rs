//! Metrics that a program keeps and writes out itself, in the text format of Prometheus, with the address of a request as a label: each
//! address is a series of its own.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Const, Instr, Key, Operand, Term};
use std::collections::BTreeMap;

/// Members of a request that hold its address as the client wrote it.
const ADDRESSES: &[&str] = &["originalUrl", "url"];

/// Methods by which what is kept goes away.
const FORGETS: &[&str] = &["delete", "clear"];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut keeping: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for f in trace::functions(origins) {
        let labels = labels(f);
        if !labels.is_empty()
            && keeps(f)
            && let Some(name) = f.func.name
        {
            keeping.insert(f.file.facts.str(name), labels);
        }
    }
    if keeping.is_empty() {
        return Vec::new();
    }
    let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
    for f in trace::functions(origins) {
        for call in trace::method_calls(f) {
            let Some(labels) = keeping.get(call.name) else {
                continue;
            };
            for value in labels.iter().filter_map(|at| call.args.get(*at)) {
                for (site, function) in addresses(origins, f, call.at, value.value) {
                    out.entry(site).or_insert_with(|| Fact {
                        fact: "metric.label".to_owned(),
                        site,
                        function,
                        callee: call.name.to_owned(),
                        values: vec![("address".to_owned(), FactValue::Bool(true))],
                    });
                }
            }
        }
    }
    out.into_values().collect()
}

/// Positions of parameters that are written into a text as values of labels: `route="${route}"`.
fn labels(f: FuncRef<'_>) -> Vec<usize> {
    let mut out = Vec::new();
    for instr in &f.func.instrs {
        let Instr::Template { operands, .. } = *instr else {
            continue;
        };
        for pair in f.func.operands(operands).windows(2) {
            let [Operand::Const(before), Operand::Local(hole)] = *pair else {
                continue;
            };
            let opens = matches!(f.file.facts.constant(before), Const::Str(text)
                if opens_label(f.file.facts.str(*text)));
            if opens && let Some(at) = f.func.params.iter().position(|p| p.local == hole) {
                out.push(at);
            }
        }
    }
    out
}

/// `name{route="`, `",route="`: a value of a label follows, in a list of such, and no attribute of a page.
fn opens_label(before: &str) -> bool {
    before.strip_suffix("=\"").is_some_and(|rest| {
        let list =
            rest.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ' ');
        list.len() < rest.len() && list.ends_with(['{', ','])
    })
}

/// It puts something into a map, and nothing in its file takes anything out of one.
fn keeps(f: FuncRef<'_>) -> bool {
    let program = f.file;
    let forgets = program
        .facts
        .functions
        .iter()
        .flat_map(|function| &function.instrs)
        .any(|instr| {
            matches!(instr, Instr::Load { key: Key::Field(name), .. }
                if FORGETS.contains(&program.facts.str(*name)))
        });
    !forgets && trace::method_calls(f).any(|call| call.name == "set")
}

/// Where a value is the address of a request: here, or what a function of the program gives back.
fn addresses(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
    value: Operand,
) -> Vec<(Site, FuncId)> {
    if is_address(f, value) {
        let span = f.func.spans.get(at).copied().unwrap_or_default();
        return vec![(origins.program.site(f.id, span), f.id)];
    }
    let Some((_, Instr::Call { callee, .. })) = trace::made_by(f, value) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for val in origins.of_operand(f.id, *callee).iter().take(2) {
        if let Some(Val::Func(inner)) = origins.val(*val) {
            let inner = origins.program.func(inner);
            for block in &inner.func.blocks {
                if let Term::Return(Some(value)) = block.term
                    && is_address(inner, value)
                {
                    out.push((origins.program.site(inner.id, block.term_span), inner.id));
                }
            }
        }
    }
    out
}

fn is_address(f: FuncRef<'_>, value: Operand) -> bool {
    matches!(trace::made_by(f, value), Some((_, Instr::Load { key: Key::Field(name), .. }))
        if ADDRESSES.contains(&f.file.facts.str(*name)))
}
