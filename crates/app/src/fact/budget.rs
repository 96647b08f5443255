//! What limits of requests count by: the function that gives the key of a limit, and what it reads of the request.
//!
//! Told are mailboxes that only one of several endpoints counts, and accounts that have a budget for each spelling of their name.

use super::trace;
use crate::model::{Answer, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::{FnId, Instr, Key, Operand, PartKey, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};

/// Parts of names of what makes a limit.
const MAKERS: &[&str] = &["limit", "throttl", "slowdown"];

/// Members of options that give the key of a limit.
const KEYS: &[&str] = &[
    "keygenerator",
    "key",
    "keyof",
    "keyby",
    "getkey",
    "identifier",
];

/// Fields of a body by which an account is named.
const ACCOUNTS: &[&str] = &["email", "mail", "username", "login", "emailaddress"];

/// Parts of names of what makes all spellings one.
const NORMAL: &[&str] = &["lower", "upper", "normal", "canonic", "casefold"];

/// Parts of names of endpoints that send mail to an address of the client's choice.
const MAILS: &[&str] = &[
    "register",
    "signup",
    "forgot",
    "resend",
    "recover",
    "lostpassword",
    "magiclink",
];

/// Steps back over a chain of calls.
const CHAIN: usize = 10;

/// A function that gives the key of a limit.
struct KeyOf {
    func: FuncId,
    /// What of the client's words it counts by: the field of an account.
    account: Option<String>,
}

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint]) -> Vec<Fact> {
    let makers = makers(origins);
    let mut out = mailboxes(origins, endpoints, &makers);
    let mut seen: FxHashSet<FuncId> = FxHashSet::default();
    let mut keys: Vec<&KeyOf> = makers.values().flatten().collect();
    keys.sort_by_key(|key| key.func);
    keys.retain(|key| seen.insert(key.func));
    spellings(origins, &keys, &mut out);
    out
}

/// The calls that make limits, by function and place, with the functions that give their keys.
fn makers(origins: &Solver<'_, '_>) -> FxHashMap<(FuncId, usize), Vec<KeyOf>> {
    let mut out = FxHashMap::default();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                continue;
            };
            let name = trace::flat(trace::called(f, callee, this).0.unwrap_or_default());
            if !MAKERS.iter().any(|word| name.contains(word)) {
                continue;
            }
            let mut keys = Vec::new();
            for arg in f.func.args(args) {
                functions(origins, f, arg.value, &mut keys);
                if let Some((_, Instr::Object { parts, .. })) = trace::made_by(f, arg.value) {
                    for part in f.func.parts(*parts) {
                        if let PartKey::Field(name) = part.key
                            && KEYS.contains(&trace::flat(f.file.facts.str(name)).as_str())
                        {
                            functions(origins, f, part.value, &mut keys);
                        }
                    }
                }
            }
            let keys: Vec<KeyOf> = keys.into_iter().map(|key| key_of(origins, key)).collect();
            if !keys.is_empty() {
                out.insert((f.id, at), keys);
            }
        }
    }
    out
}

fn functions(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand, out: &mut Vec<FuncId>) {
    let vals = origins.of_operand(f.id, value).iter().take(3);
    out.extend(vals.filter_map(|val| match origins.val(*val) {
        Some(Val::Func(func)) => Some(func),
        _ => None,
    }));
}

fn key_of(origins: &Solver<'_, '_>, func: FuncId) -> KeyOf {
    let f = origins.program.func(func);
    let fields: Vec<&str> = fields(f).collect();
    let body = fields
        .iter()
        .any(|name| matches!(*name, "body" | "form" | "json"));
    let account = fields
        .iter()
        .find(|name| body && ACCOUNTS.contains(&trace::flat(name).as_str()));
    KeyOf {
        func,
        account: account.map(|name| (*name).to_owned()),
    }
}

fn fields<'p>(f: FuncRef<'p>) -> impl Iterator<Item = &'p str> {
    f.func.instrs.iter().filter_map(move |instr| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(name)),
        _ => None,
    })
}

/// Endpoints of one file that send mail to an address that the client names: those before which mailboxes are counted, and those before
/// which they are not.
fn mailboxes(
    origins: &Solver<'_, '_>,
    endpoints: &[Endpoint],
    makers: &FxHashMap<(FuncId, usize), Vec<KeyOf>>,
) -> Vec<Fact> {
    if !makers.values().flatten().any(|key| key.account.is_some()) {
        return Vec::new();
    }
    let mailing: Vec<&Endpoint> = endpoints
        .iter()
        .filter(|e| {
            e.method == "post"
                && e.unknown == 0
                && e.guarded("authentication") != Answer::Yes
                && mails(origins, e)
        })
        .collect();
    let places: FxHashSet<Site> = mailing.iter().map(|e| e.site).collect();
    let counted = counted(origins, &places, makers);
    let by_mailbox = |e: &Endpoint| counted.get(&e.site).copied();
    let files: FxHashSet<FileIdx> = mailing
        .iter()
        .filter(|e| by_mailbox(e) == Some(true))
        .map(|e| e.site.file)
        .collect();
    mailing
        .into_iter()
        .filter(|e| files.contains(&e.site.file))
        .filter_map(|e| {
            let counted = by_mailbox(e)?;
            let (site, function) = crate::account::place(e, origins);
            Some(Fact {
                fact: "mailbox.limit".to_owned(),
                site,
                function,
                callee: crate::account::title(e),
                values: vec![("counted".to_owned(), FactValue::Bool(counted))],
            })
        })
        .collect()
}

/// Its name says that it sends mail to an address that the client gives, and something that it calls speaks of mail.
fn mails(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> bool {
    let named = super::names(endpoint).any(|name| {
        let name = trace::flat(&name);
        MAILS.iter().any(|word| name.contains(word))
    });
    named
        && trace::reached(origins, &endpoint.handlers, 3).is_some_and(|all| {
            all.iter().any(|func| {
                let f = origins.program.func(*func);
                f.func.instrs.iter().any(|instr| {
                    let Instr::Call { callee, this, .. } = *instr else {
                        return false;
                    };
                    let (name, of) = trace::called(f, callee, this);
                    let of = of.or_else(|| trace::member(f, this?));
                    [name, of]
                        .into_iter()
                        .flatten()
                        .any(|name| trace::flat(name).contains("mail") && !name.starts_with("find"))
                })
            })
        })
}

/// By place of a registration: whether one of the limits that it names counts by an account of the body. Only where it names a limit
/// whose key is known.
fn counted(
    origins: &Solver<'_, '_>,
    places: &FxHashSet<Site>,
    makers: &FxHashMap<(FuncId, usize), Vec<KeyOf>>,
) -> FxHashMap<Site, bool> {
    let mut out = FxHashMap::default();
    let program = origins.program;
    for f in program.function_ids().map(|func| program.func(func)) {
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let Instr::Call { args, .. } = *instr else {
                continue;
            };
            let site = Site {
                file: f.file_idx,
                span: *span,
            };
            if !places.contains(&site) {
                continue;
            }
            for arg in f.func.args(args) {
                let made = maker(origins, f, arg.value);
                if let Some(keys) = made.and_then(|place| makers.get(&place)) {
                    *out.entry(site).or_default() |= keys.iter().any(|key| key.account.is_some());
                }
            }
        }
    }
    out
}

/// The call that made a value, also where a variable of the module holds it.
fn maker(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<(FuncId, usize)> {
    match trace::made_by(f, value)? {
        (at, Instr::Call { .. }) => Some((f.id, at)),
        (
            _,
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            },
        ) => {
            let module = origins
                .program
                .func(origins.program.func_id(f.file_idx, FnId(0)));
            let stored = module.func.instrs.iter().find_map(|instr| match *instr {
                Instr::StoreVar {
                    var: VarRef::Global(other),
                    value,
                } if other == *global => Some(value),
                _ => None,
            })?;
            match trace::made_by(module, stored)? {
                (at, Instr::Call { .. }) => Some((module.id, at)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Keys that take the name of an account as the client spells it, in a program that makes all spellings of it one elsewhere.
fn spellings(origins: &Solver<'_, '_>, keys: &[&KeyOf], out: &mut Vec<Fact>) {
    for key in keys {
        let Some(account) = key.account.as_deref() else {
            continue;
        };
        let f = origins.program.func(key.func);
        let Some(read) = trace::reached(origins, &[key.func], 2) else {
            continue;
        };
        let calls = |func: &FuncId| normalises_anything(origins.program.func(*func));
        let one = read.iter().any(calls);
        let elsewhere = !one && normalised(origins, account) && !replaces_body(origins);
        if one || elsewhere {
            let values = [("spelled", FactValue::Bool(!one))];
            let mut fact = trace::at(f, 0, "limit.spelling", account, &values);
            fact.site.span = f.func.head;
            out.push(fact);
        }
    }
}

fn says_normal(name: &str) -> bool {
    let name = trace::flat(name);
    NORMAL.iter().any(|word| name.contains(word))
}

fn normalises_anything(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Call { callee, this, .. }
            if trace::called(f, callee, this).0.is_some_and(says_normal))
    })
}

/// Requests are given another body before their handlers read it: what a key reads there may be normalised.
fn replaces_body(origins: &Solver<'_, '_>) -> bool {
    let program = origins.program;
    program.function_ids().any(|func| {
        let f = program.func(func);
        f.func.instrs.iter().any(|instr| {
            matches!(*instr, Instr::Store { key: Key::Field(name), .. } if f.file.facts.str(name) == "body")
        })
    })
}

/// Somewhere a value of this name is made of one spelling: `email.toLowerCase()`, `email: z.string().toLowerCase()`, `lower(email)`.
fn normalised(origins: &Solver<'_, '_>, account: &str) -> bool {
    let program = origins.program;
    let in_sql = format!("lower({account})");
    program.function_ids().any(|func| {
        let f = program.func(func);
        let facts = &f.file.facts;
        let named =
            |name: Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case(account));
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call {
                callee, this, args, ..
            } => {
                let (name, of) = trace::called(f, callee, this);
                let of = of.or_else(|| trace::member(f, this?));
                let given = f.func.args(args).first().map(|arg| arg.value);
                let given = given.and_then(|v| {
                    trace::member(f, v).or_else(|| crate::object::key::variable(f, v))
                });
                name.is_some_and(says_normal) && (named(of) || named(given))
                    || f.func.args(args).iter().any(|arg| {
                        trace::text(f, arg.value)
                            .is_some_and(|text| text.to_lowercase().contains(&in_sql))
                    })
            }
            Instr::StoreVar {
                var: VarRef::Global(global),
                value,
            } => {
                let known = facts.globals.get(global.index());
                named(known.map(|known| facts.str(known.name))) && chain(f, value)
            }
            Instr::Copy { to, from } => {
                let local = f.func.locals.get(to.index()).and_then(|local| local.name);
                named(local.map(|name| facts.str(name))) && chain(f, from)
            }
            Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|part| {
                matches!(part.key, PartKey::Field(name) if named(Some(facts.str(name))))
                    && chain(f, part.value)
            }),
            _ => false,
        })
    })
}

/// One of a chain of calls makes all spellings one.
fn chain(f: FuncRef<'_>, value: Operand) -> bool {
    let mut value = value;
    for _ in 0..CHAIN {
        let Some((_, Instr::Call { callee, this, .. })) = trace::made_by(f, value) else {
            return false;
        };
        if trace::called(f, *callee, *this).0.is_some_and(says_normal) {
            return true;
        }
        let Some(this) = *this else {
            return false;
        };
        value = this;
    }
    false
}
