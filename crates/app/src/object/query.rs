//! Calls that ask something of a store, and what of whom they ask.

use super::{key, shape, sql};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Operand, Range32};
use casemate_model::path::{ArgIndex, Port, PortBase};
use casemate_model::row::Role;

/// What a call of a store does.
pub(crate) struct Query {
    pub(crate) op: String,
    /// What is called, where a model speaks of it.
    pub(super) path: Option<PathId>,
    /// The port of its key.
    pub(super) key: Option<Port>,
    /// The text of its statement.
    pub(crate) sql: Option<String>,
    /// What the records are called, where neither the receiver nor the statement says it.
    pub(super) object: Option<String>,
    pub(super) at: usize,
}

/// What a call asks of a store, if it does: as a model says, or else by its shape.
pub(crate) fn query(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
    callee: Operand,
    args: Range32,
) -> Option<Query> {
    modelled(origins, f, at, callee, args).or_else(|| shape::query(origins, f, at))
}

fn modelled(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
    callee: Operand,
    args: Range32,
) -> Option<Query> {
    // What a value may be is listed in no order: a client that many paths lead to is one of them.
    for &val in origins.of_operand(f.id, callee) {
        let Some(Val::Api(path)) = origins.val(val) else {
            continue;
        };
        for (_, row) in origins.paths.call_rows(path, false) {
            match &row.role {
                Role::Effect { op, key, .. } => {
                    return Some(Query {
                        op: op.clone(),
                        path: Some(path),
                        key: key.clone(),
                        sql: None,
                        object: None,
                        at,
                    });
                }
                Role::Sink { kind, port, .. }
                    if origins.paths.models().kinds().sink_name(*kind) == "sql" =>
                {
                    let Some(text) = argument(f, args, port).and_then(|o| sql::text(f, o)) else {
                        continue;
                    };
                    let Some(op) = sql::op(&text) else {
                        continue;
                    };
                    return Some(Query {
                        op: op.to_owned(),
                        path: Some(path),
                        key: None,
                        sql: Some(text),
                        object: None,
                        at,
                    });
                }
                _ => {}
            }
        }
    }
    None
}

/// What a call does to records, and what these are called.
pub(crate) fn effect(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
) -> Option<(String, String)> {
    let &Instr::Call {
        callee, this, args, ..
    } = f.func.instrs.get(at)?
    else {
        return None;
    };
    let query = query(origins, f, at, callee, args)?;
    let object = key::object(origins, f, &query, this, args);
    Some((query.op, object))
}

/// The argument that a port begins at.
pub(super) fn argument(f: FuncRef<'_>, args: Range32, port: &Port) -> Option<Operand> {
    let args = f.func.args(args);
    match &port.base {
        PortBase::Arg(ArgIndex::At(at) | ArgIndex::AtOrKeyword(at, _)) => {
            args.get(*at as usize).map(|arg| arg.value)
        }
        _ => None,
    }
}
