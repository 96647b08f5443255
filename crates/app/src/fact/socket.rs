//! Whether servers of web sockets look at where a handshake comes from and at who it is, as facts.

use super::application::same_unit;
use super::header::value;
use crate::model::{Application, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::{Const, FnKind, Instr, Key, Operand};
use std::collections::BTreeSet;

/// Depth of functions in functions.
const DEPTH: u32 = 4;

impl Application {
    /// One fact for each server, and for each endpoint of a framework that is one.
    pub(super) fn sockets(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let naming: BTreeSet<FileIdx> = origins
            .program
            .function_ids()
            .map(|func| origins.program.func(func))
            .filter(|f| names_origin(*f))
            .map(|f| f.file_idx)
            .collect();
        let servers = known.iter().filter(|fact| fact.fact == "websocket.server");
        let mut out: Vec<Fact> = servers
            .map(|server| {
                let check = value(server, "check");
                let handlers = self.of_sockets(origins, server.site.file);
                let origin = match check {
                    FactValue::Absent | FactValue::Null => {
                        asked(origins, &naming, &handlers, server)
                    }
                    FactValue::Unknown => FactValue::Unknown,
                    _ => FactValue::Bool(true),
                };
                fact(server, origin)
            })
            .collect();
        out.extend(self.upgrades(origins, known, &naming));
        for endpoint in self.endpoints.iter().filter(|e| of_framework(e)) {
            let place = Fact {
                fact: String::new(),
                site: endpoint.site,
                function: endpoint.handlers.first().copied().unwrap_or(FuncId(0)),
                callee: endpoint.callee.clone(),
                values: Vec::new(),
            };
            let origin = asked(origins, &naming, &endpoint.handlers, &place);
            out.push(fact(&place, origin));
        }
        out
    }

    /// One fact for each place where a request of HTTP becomes a socket by hand.
    fn upgrades(
        &self,
        origins: &Solver<'_, '_>,
        known: &[Fact],
        naming: &BTreeSet<FileIdx>,
    ) -> Vec<Fact> {
        let mut out = Vec::new();
        for upgrade in known.iter().filter(|fact| fact.fact == UPGRADE) {
            let endpoints = self.endpoints.iter().filter(|e| opens(origins, e, upgrade));
            let mut asking: Vec<FuncId> = endpoints.flat_map(before).collect();
            asking.extend(around(origins, upgrade.function));
            let origin = asked(origins, naming, &asking, upgrade);
            out.push(fact(upgrade, origin));
        }
        out
    }

    fn of_sockets(&self, origins: &Solver<'_, '_>, file: FileIdx) -> Vec<FuncId> {
        let near = self
            .endpoints
            .iter()
            .filter(|e| is_socket(e) && same_unit(origins, e.site.file, file));
        near.flat_map(|e| e.handlers.iter().copied()).collect()
    }
}

/// The fact of a call that makes a socket of a request.
const UPGRADE: &str = "websocket.upgrade";

/// The endpoints whose handlers make sockets of requests.
pub(super) fn opening(
    endpoints: &[Endpoint],
    origins: &Solver<'_, '_>,
    known: &[Fact],
) -> BTreeSet<Site> {
    let upgrades = || known.iter().filter(|fact| fact.fact == UPGRADE);
    endpoints
        .iter()
        .filter(|e| upgrades().any(|fact| opens(origins, e, fact)))
        .map(|e| e.site)
        .collect()
}

/// A handler of the endpoint stands around the call.
fn opens(origins: &Solver<'_, '_>, endpoint: &Endpoint, upgrade: &Fact) -> bool {
    let around = around(origins, upgrade.function);
    endpoint.handlers.iter().any(|f| around.contains(f))
}

/// A function and those that it stands in, without the body of the module.
fn around(origins: &Solver<'_, '_>, func: FuncId) -> Vec<FuncId> {
    let mut out = vec![func];
    let mut at = origins.program.func(func);
    while let Some(parent) = at.func.parent {
        let outer = at.sibling(parent);
        at = origins.program.func(outer);
        if at.func.kind == FnKind::Module {
            break;
        }
        out.push(outer);
    }
    out
}

/// The functions that run before a handler.
fn before(endpoint: &Endpoint) -> Vec<FuncId> {
    let chain = endpoint.chain.iter();
    chain.flat_map(|member| member.what.functions()).collect()
}

fn of_framework(endpoint: &Endpoint) -> bool {
    is_socket(endpoint) && endpoint.path.is_some()
}

fn is_socket(endpoint: &Endpoint) -> bool {
    endpoint.method.eq_ignore_ascii_case("ws") || endpoint.callee.contains(".websocket(")
}

fn fact(place: &Fact, origin: FactValue) -> Fact {
    Fact {
        fact: "websocket".to_owned(),
        site: place.site,
        function: place.function,
        callee: place.callee.clone(),
        values: vec![
            ("origin".to_owned(), origin),
            // Who ends TLS, the server or a proxy before it, the code does not tell.
            ("encrypted".to_owned(), FactValue::Unknown),
        ],
    }
}

/// Handlers that read the origin ask for it; other code of the unit that does may.
fn asked(
    origins: &Solver<'_, '_>,
    naming: &BTreeSet<FileIdx>,
    handlers: &[FuncId],
    place: &Fact,
) -> FactValue {
    if handlers.iter().any(|func| reads(origins, *func, 0)) {
        return FactValue::Bool(true);
    }
    let elsewhere = naming
        .iter()
        .any(|file| same_unit(origins, *file, place.site.file));
    if elsewhere {
        FactValue::Unknown
    } else {
        FactValue::Bool(false)
    }
}

fn reads(origins: &Solver<'_, '_>, func: FuncId, depth: u32) -> bool {
    let f = origins.program.func(func);
    names_origin(f)
        || depth < DEPTH
            && f.func.instrs.iter().any(|instr| {
                matches!(*instr, Instr::Closure { func, .. }
                    if reads(origins, f.sibling(func), depth + 1))
            })
}

/// `headers.origin`, `headers.get('origin')`, `headers['origin']`, `AllowedHostsOriginValidator(…)`
fn names_origin(f: FuncRef<'_>) -> bool {
    let text = |operand: Operand| match operand {
        Operand::Const(id) => match *f.file.facts.constant(id) {
            Const::Str(text) => f.file.facts.str(text).eq_ignore_ascii_case("origin"),
            _ => false,
        },
        Operand::Local(_) => false,
    };
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => is_origin(f.file.facts.str(name)),
        Instr::Import {
            name: Some(name), ..
        } => is_origin(f.file.facts.str(name)),
        Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| text(arg.value)),
        _ => false,
    })
}

fn is_origin(name: &str) -> bool {
    name.eq_ignore_ascii_case("origin") || name.ends_with("OriginValidator")
}
