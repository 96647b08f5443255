//! Callbacks of other services that make nobody known and believe what the address says.

use super::names;
use super::trace::{called, flat, reached};
use crate::guard::names::Names;
use crate::guard::root::{Known, Search};
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::Site;
use casemate_ir::{Instr, OpKind, Operand};

/// Parts of names of what makes somebody known, or checks a signature.
const KNOWS: [&str; 16] = [
    "login",
    "logon",
    "signin",
    "authenticat",
    "setcookie",
    "createsession",
    "startsession",
    "newsession",
    "regenerate",
    "verif",
    "decrypt",
    "unsign",
    "unseal",
    "hmac",
    "timingsafe",
    "signature",
];

/// Names of what reads, takes apart or passes on a text and judges nothing.
const PLAIN: [&str; 24] = [
    "get",
    "split",
    "string",
    "tostring",
    "str",
    "parse",
    "loads",
    "decodeuricomponent",
    "encodeuricomponent",
    "trim",
    "strip",
    "atob",
    "btoa",
    "redirect",
    "log",
    "info",
    "error",
    "warn",
    "debug",
    "json",
    "send",
    "url",
    "number",
    "int",
];

/// Depth of calls from a handler.
const DEPTH: usize = 3;

/// Whether an endpoint comes back from another service, changes a record chosen by the `state` of its address, and neither makes
/// anybody known nor holds the `state` against anything.
pub(super) fn believes(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let last = names(endpoint).filter(|name| !name.is_empty()).last();
    if !last.is_some_and(|name| name.contains("callback")) || endpoint.aware {
        return false;
    }
    let state = Names::of("state");
    let chosen = || endpoint.objects.chosen.iter();
    let changed = endpoint.objects.changed.meets(state)
        || chosen().any(|access| access.op != "read" && access.names.meets(state));
    // A `state` that was stored is looked for among what was stored.
    let stored = chosen().any(|access| {
        let mut key = access.key.iter();
        access.op == "read"
            && access.names.meets(state)
            && key.any(|key| key.ends_with("state") || key.ends_with("nonce"))
    });
    if !changed || stored {
        return false;
    }
    let Some(functions) = reached(origins, &endpoint.handlers, DEPTH) else {
        return false;
    };
    let knows = functions.iter().any(|func| {
        let f = origins.program.func(*func);
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, this, .. } => {
                let (name, of) = called(f, callee, this);
                let name = flat(name.unwrap_or_default());
                let cookies = name == "cookie"
                    || name == "set" && of.is_some_and(|of| flat(of).contains("cookie"));
                cookies || name == "sign" || KNOWS.iter().any(|word| name.contains(word))
            }
            _ => false,
        })
    });
    let queries: Vec<Site> = chosen()
        .flat_map(|access| [Some(access.site), access.via])
        .flatten()
        .collect();
    let said = endpoint.handlers.iter().any(|handler| {
        let f = origins.program.func(*handler);
        f.file.facts.strings.iter().any(|text| &**text == "state")
    });
    let known = Known::default();
    said && !knows
        && !endpoint.handlers.iter().any(|handler| {
            judges(
                origins,
                &known,
                origins.program.func(*handler),
                state,
                &queries,
            )
        })
}

/// Whether a function compares what the client says under a name with something, or gives it to what may.
fn judges(
    origins: &Solver<'_, '_>,
    known: &Known,
    f: FuncRef<'_>,
    name: Names,
    queries: &[Site],
) -> bool {
    let depends = |value: Operand| {
        let roots = Search::of(origins, known, f.id, value);
        roots.client && roots.names.meets(name)
    };
    f.func
        .instrs
        .iter()
        .enumerate()
        .any(|(at, instr)| match *instr {
            Instr::Op {
                op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
                operands,
                ..
            } => {
                let operands = f.func.operands(operands);
                let variable = operands.iter().all(|o| matches!(o, Operand::Local(_)));
                variable && operands.iter().any(|o| depends(*o))
            }
            Instr::Call {
                callee, this, args, ..
            } => {
                let span = f.func.spans.get(at).copied().unwrap_or_default();
                let site = Site {
                    file: f.file_idx,
                    span,
                };
                let within = origins.of_operand(f.id, callee).iter();
                let own = within
                    .into_iter()
                    .any(|v| matches!(origins.val(*v), Some(Val::Func(_))));
                let (called, _) = called(f, callee, this);
                let plain = called.is_some_and(|name| PLAIN.contains(&flat(name).as_str()));
                let query = queries.iter().any(|query| {
                    query.file == site.file
                        && query.span.start <= span.end
                        && span.start <= query.span.end
                });
                let mut args = f.func.args(args).iter();
                !own && !plain && !query && args.any(|arg| depends(arg.value))
            }
            _ => false,
        })
}
