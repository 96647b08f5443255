//! Messages of sockets that are answered for whoever sends them, beside others that look at who it is.

use super::trace::flat;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::{Instr, Key, Operand, Range32, Term};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Members of a socket that every one has, known or not.
const OWN: [&str; 18] = [
    "id",
    "on",
    "once",
    "off",
    "emit",
    "join",
    "leave",
    "to",
    "in",
    "broadcast",
    "disconnect",
    "connected",
    "disconnected",
    "rooms",
    "volatile",
    "send",
    "conn",
    "removeAllListeners",
];

/// Parts of names of messages by which somebody comes, goes or is only there.
const OPEN: [&str; 22] = [
    "login",
    "logout",
    "signin",
    "signup",
    "register",
    "auth",
    "token",
    "session",
    "connect",
    "error",
    "ping",
    "pong",
    "heartbeat",
    "setup",
    "hello",
    "handshake",
    "password",
    "verify",
    "join",
    "leave",
    "subscribe",
    "version",
];

/// Depth of functions that a socket is given to.
const DEPTH: u32 = 2;

/// What a message is answered with, as far as who sends it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Yes,
    No,
    Unknown,
}

/// One message that a socket listens to.
struct Message {
    event: String,
    site: Site,
    handler: FuncId,
    looks: Looks,
}

/// One fact for each message that does something for a client, without a look at who it is.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut files: BTreeMap<FileIdx, Vec<Message>> = BTreeMap::new();
    if !origins.program.imports_any(&["npm:socket.io".to_owned()]) {
        return Vec::new();
    }
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee,
                this: Some(_),
                args,
                ..
            } = *instr
            else {
                continue;
            };
            let Some((event, handler)) = listens(origins, f, callee, args) else {
                continue;
            };
            files.entry(f.file_idx).or_default().push(Message {
                event,
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                handler,
                looks: looks(origins, origins.program.func(handler), 0),
            });
        }
    }
    let mut out = Vec::new();
    if guards_connections(origins) {
        return out;
    }
    for messages in files.values() {
        let guarded = messages.iter().filter(|m| m.looks == Looks::Yes).count();
        let bare: Vec<&Message> = messages
            .iter()
            .filter(|m| m.looks == Looks::No && !is_open(&m.event) && takes(origins, m.handler))
            .collect();
        for message in &bare {
            let few = bare.len() * 3 <= guarded;
            out.push(Fact {
                fact: "socket.message".to_owned(),
                site: message.site,
                function: message.handler,
                callee: message.event.clone(),
                values: vec![
                    (
                        "siblings".to_owned(),
                        FactValue::Number(f64::from(u32::try_from(guarded).unwrap_or(u32::MAX))),
                    ),
                    ("outlier".to_owned(), FactValue::Bool(few)),
                ],
            });
        }
    }
    out
}

/// Something is asked before there is a connection: whoever has one may be known.
fn guards_connections(origins: &Solver<'_, '_>) -> bool {
    origins.program.function_ids().any(|func| {
        let f = origins.program.func(func);
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, .. } => origins.of_operand(func, callee).iter().any(|val| {
                matches!(origins.val(*val), Some(Val::Api(path)) if {
                    let text = origins.paths.text(path);
                    text.starts_with("npm:socket.io") && text.ends_with(".use")
                })
            }),
            _ => false,
        })
    })
}

fn is_open(event: &str) -> bool {
    let flat = flat(event);
    OPEN.iter().any(|word| flat.contains(word))
}

/// The message and its handler, where a call registers one on a socket.
fn listens(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    args: Range32,
) -> Option<(String, FuncId)> {
    let [event, handler] = f.func.args(args) else {
        return None;
    };
    let event = f.constant_text(event.value)?;
    let models = origins.paths.models();
    let of_socket = origins.of_operand(f.id, callee).iter().any(|val| {
        matches!(origins.val(*val), Some(Val::Api(path))
        if origins.paths.rows(path).any(|(_, row)| {
            matches!(row.role, Role::Source { .. })
                && row.when.is_none()
                && models
                    .source_kind(row, origins.paths.last_member(path))
                    .is_some_and(|kind| models.kinds().source_name(kind) == "ws")
        }))
    });
    let func = origins
        .of_operand(f.id, handler.value)
        .iter()
        .find_map(|val| match origins.val(*val) {
            Some(Val::Func(func)) => Some(func),
            _ => None,
        });
    Some((event.to_owned(), func.filter(|_| of_socket)?))
}

/// A socket: what has a member that registers messages.
fn is_socket(origins: &Solver<'_, '_>, f: FuncRef<'_>, operand: Operand) -> bool {
    origins.of_operand(f.id, operand).iter().any(|val| {
        matches!(origins.val(*val), Some(Val::Api(path)) if {
            let text = origins.paths.text(path);
            text.starts_with("npm:socket.io") && text.ends_with(".param(0)")
        })
    })
}

/// Whether a function, or one that it gives the socket to, decides by something that the program keeps on the socket.
fn looks(origins: &Solver<'_, '_>, f: FuncRef<'_>, depth: u32) -> Looks {
    let mut answer = Looks::No;
    for block in &f.func.blocks {
        if let Term::Branch { cond, .. } = block.term
            && asks_socket(origins, f, cond)
        {
            return Looks::Yes;
        }
    }
    for instr in &f.func.instrs {
        match *instr {
            Instr::Call {
                callee, args, this, ..
            } => {
                let mut args = f.func.args(args).iter();
                let given = args.any(|arg| is_socket(origins, f, arg.value));
                let of_socket = this.is_some_and(|this| is_socket(origins, f, this));
                if !given || of_socket {
                    continue;
                }
                let within = match origins.of_operand(f.id, callee) {
                    [val] => match origins.val(*val) {
                        Some(Val::Func(inner)) if inner != f.id && depth < DEPTH => {
                            looks(origins, origins.program.func(inner), depth + 1)
                        }
                        _ => Looks::Unknown,
                    },
                    _ => Looks::Unknown,
                };
                match within {
                    Looks::Yes => return Looks::Yes,
                    Looks::Unknown => answer = Looks::Unknown,
                    Looks::No => {}
                }
            }
            Instr::Closure { func, .. } => {
                match looks(origins, origins.program.func(f.sibling(func)), depth + 1) {
                    Looks::Yes => return Looks::Yes,
                    Looks::Unknown => answer = Looks::Unknown,
                    Looks::No => {}
                }
            }
            _ => {}
        }
    }
    answer
}

/// A condition depends on a member that the program gave the socket.
fn asks_socket(origins: &Solver<'_, '_>, f: FuncRef<'_>, cond: Operand) -> bool {
    let mut open = vec![cond];
    let mut seen = FxHashSet::default();
    while let Some(operand) = open.pop() {
        let Operand::Local(local) = operand else {
            continue;
        };
        if !seen.insert(local) || seen.len() > 60 {
            continue;
        }
        for (_, instr) in f.writers(local) {
            if let Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } = *instr
                && !OWN.contains(&f.file.facts.str(name))
                && is_socket(origins, f, base)
            {
                return true;
            }
            f.func.each_read(instr, |operand| open.push(operand));
        }
    }
    false
}

/// A handler uses what the client sends, other than to answer the call itself.
fn takes(origins: &Solver<'_, '_>, handler: FuncId) -> bool {
    let f = origins.program.func(handler);
    let Some(first) = f
        .func
        .params
        .first()
        .map(|param| Operand::Local(param.local))
    else {
        return false;
    };
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Load { base, .. } => base == first,
        Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| arg.value == first),
        _ => false,
    })
}
