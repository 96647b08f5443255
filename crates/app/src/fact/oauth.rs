//! Authorization servers that the program is itself: how addresses of clients are compared, and what becomes of codes.

use super::trace::{at, called, flat, reached, text, texts};
use crate::object::key::variable;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{File, FuncRef};
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, OpKind, Operand};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;

/// Calls that compare a part of a text.
const PARTS: [&str; 9] = [
    "startswith",
    "endswith",
    "includes",
    "indexof",
    "match",
    "test",
    "search",
    "fullmatch",
    "find",
];

fn is_redirect(name: &str) -> bool {
    matches!(
        flat(name).as_str(),
        "redirecturi" | "redirecturl" | "redirecturis"
    )
}

/// A file of an authorization server says what a client asks it for.
fn of_server(file: &File) -> bool {
    let has = |names: &[&str]| file.facts.strings.iter().any(|s| names.contains(&&**s));
    has(&["client_id", "clientId"]) && has(&["response_type", "responseType", "grant_type"])
        || has(&["registeredRedirectUris", "redirect_uris", "redirectUris"])
}

/// One fact for each comparison of an address that codes are sent to.
pub(super) fn addresses(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    let servers: Vec<bool> = origins.program.files.iter().map(of_server).collect();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        let server = servers.get(f.file_idx.0 as usize).copied().unwrap_or(false);
        if origins.program.is_copy(func) || !server {
            continue;
        }
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let named = |value: Operand| variable(f, value).is_some_and(is_redirect);
            let found = match *instr {
                Instr::Op {
                    op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
                    operands,
                    ..
                } => {
                    let operands = f.func.operands(operands);
                    let all = operands.iter().all(|o| {
                        named(*o) || variable(f, *o).is_some_and(|n| flat(n).contains("redirect"))
                    });
                    (all && operands.iter().any(|o| named(*o))).then_some((true, "all of it"))
                }
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let (name, _) = called(f, callee, this);
                    let name = name.map(flat).unwrap_or_default();
                    let args = f.func.args(args);
                    let of_it = this.is_some_and(named);
                    let with_it = args.iter().any(|arg| named(arg.value));
                    let list = this
                        .and_then(|this| variable(f, this))
                        .is_some_and(|n| flat(n).ends_with("uris") || flat(n).ends_with("urls"));
                    let scheme = args
                        .first()
                        .and_then(|arg| text(f, arg.value))
                        .is_some_and(|text| text.len() < 9 || text == "undefined");
                    match name.as_str() {
                        "includes" | "indexof" | "has" if list && with_it => {
                            Some((true, "all of it"))
                        }
                        name if PARTS.contains(&name) && !list && !scheme && (of_it || with_it) => {
                            Some((false, "a part of it"))
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some((exact, by)) = found {
                out.push(at(
                    f,
                    index,
                    "redirect.match",
                    "a comparison",
                    &[
                        ("exact", FactValue::Bool(exact)),
                        ("by", FactValue::Str(by.to_owned())),
                    ],
                ));
            }
        }
    }
    out
}

/// One fact for a program that logs in through services: whether there are several, and whether each has an address of its own.
pub(super) fn servers(known: &[Fact]) -> Vec<Fact> {
    let mut of_service: Vec<(&Fact, Vec<String>)> = known
        .iter()
        .filter(|fact| fact.fact == "oauth.login" && fact.callee.contains("npm:passport"))
        .map(|fact| {
            let callback = super::trace::value(fact, "callback");
            (fact, super::trace::texts_of(callback))
        })
        .collect();
    of_service.sort_by_key(|(fact, _)| fact.site);
    let Some((first, _)) = of_service.first() else {
        return Vec::new();
    };
    let mut seen = FxHashSet::default();
    let shared = of_service
        .iter()
        .flat_map(|(_, all)| all)
        .any(|callback| !seen.insert(callback.as_str()));
    let open = of_service.iter().any(|(_, all)| all.is_empty());
    let several = of_service.len() > 1;
    let distinct = match (shared, open && several) {
        (true, _) => FactValue::Bool(false),
        (false, true) => FactValue::Unknown,
        (false, false) => FactValue::Bool(true),
    };
    vec![Fact {
        fact: "oauth.servers".to_owned(),
        values: vec![
            ("several".to_owned(), FactValue::Bool(several)),
            ("distinct".to_owned(), distinct),
        ],
        ..(*first).clone()
    }]
}

/// Verbs of names that end something.
const ENDS: [&str; 9] = [
    "delete",
    "destroy",
    "remove",
    "revoke",
    "consume",
    "invalidate",
    "unlink",
    "redeem",
    "pop",
];

/// Fields that say that a code is used up.
const USED: [&str; 6] = [
    "used",
    "usedat",
    "consumed",
    "consumedat",
    "redeemed",
    "isused",
];

/// One fact for each function that exchanges codes for tokens.
pub(super) fn exchanges(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut seen = FxHashSet::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let handlers: Vec<FuncId> = match *instr {
                Instr::Call { callee, args, .. }
                    if texts(origins, func, callee)
                        .iter()
                        .any(|name| name.ends_with("oauth2orize.exchange.code")) =>
                {
                    let args = f.func.args(args).iter();
                    let functions = args.flat_map(|arg| origins.of_operand(func, arg.value));
                    functions
                        .filter_map(|val| match origins.val(*val) {
                            Some(Val::Func(inner)) => Some(inner),
                            _ => None,
                        })
                        .collect()
                }
                // `grant_type === 'authorization_code'`: the function around it.
                Instr::Op {
                    op: OpKind::Eq | OpKind::StrictEq | OpKind::Ne | OpKind::StrictNe,
                    operands,
                    ..
                } if f
                    .func
                    .operands(operands)
                    .iter()
                    .any(|o| text(f, *o) == Some("authorization_code")) =>
                {
                    vec![func]
                }
                _ => continue,
            };
            if handlers.is_empty() || !seen.insert(func) {
                continue;
            }
            let (consumed, revokes) = match reached(origins, &handlers, 4) {
                Some(all) => ends(origins, &all),
                None => (FactValue::Unknown, FactValue::Unknown),
            };
            out.push(at(
                f,
                index,
                "code.exchange",
                "an exchange of codes",
                &[("consumed", consumed), ("revokes", revokes)],
            ));
        }
    }
    out
}

fn ends(origins: &Solver<'_, '_>, all: &[FuncId]) -> (FactValue, FactValue) {
    let (mut consumed, mut revokes) = (false, false);
    for &func in all {
        let f = origins.program.func(func);
        for instr in &f.func.instrs {
            match *instr {
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let (name, on) = called(f, callee, this);
                    let name = name.map(flat).unwrap_or_default();
                    let on = on.map(flat).unwrap_or_default();
                    let deletes = origins.of_operand(func, callee).iter().any(|val| {
                        matches!(origins.val(*val), Some(Val::Api(path)) if origins.paths.call_rows(path, false)
                            .any(|(_, row)| matches!(&row.role, Role::Effect { op, .. } if op == "delete")))
                    });
                    let verb = deletes || ENDS.iter().any(|verb| name.contains(verb));
                    let code = name.contains("code") || on.contains("code") || on.contains("grant");
                    let token = name.contains("token") || on.contains("token");
                    consumed |= verb && (code || !token);
                    revokes |= verb && (token || name.contains("revoke"));
                    let fields = f.func.args(args).iter().any(|arg| used(f, arg.value, 0));
                    consumed |= fields;
                }
                Instr::Store {
                    key: casemate_ir::Key::Field(name),
                    ..
                } => consumed |= USED.contains(&flat(f.file.facts.str(name)).as_str()),
                Instr::Delete { .. } => consumed = true,
                _ => {}
            }
        }
    }
    (FactValue::Bool(consumed), FactValue::Bool(revokes))
}

/// An object that is written with such a field.
fn used(f: FuncRef<'_>, value: Operand, depth: u32) -> bool {
    let Some((_, Instr::Object { parts, .. })) = super::trace::made_by(f, value) else {
        return false;
    };
    f.func.parts(*parts).iter().any(|part| {
        matches!(part.key, casemate_ir::PartKey::Field(name) if USED.contains(&flat(f.file.facts.str(name)).as_str()))
            || depth < 2 && used(f, part.value, depth + 1)
    })
}
