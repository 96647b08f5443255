//! Checks that a function makes about something that has a name: `if (!user.canEdit(album)) return 403`, `ensure_member(team)`.

use crate::decoration::written_name;
use crate::guard::forbids;
use crate::guard::root::{Known, Search};
use crate::object::key::variable;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, OpKind, Operand, Term};
use std::collections::BTreeSet;

/// Parts of names of functions that say whether somebody may.
const RIGHTS: [&str; 16] = [
    "permission",
    "permit",
    "access",
    "owner",
    "ownership",
    "authorize",
    "authorized",
    "authorization",
    "authorisation",
    "authorised",
    "forbidden",
    "belongs",
    "member",
    "membership",
    "editable",
    "privilege",
];

/// First parts of names that do: `canEdit`, `mayRead`.
const ABLE: [&str; 3] = ["can", "may", "cannot"];

/// First parts of names that give or do something instead: `getMembers`, `grantAccess`.
const GIVES: [&str; 16] = [
    "get", "find", "list", "add", "remove", "create", "delete", "update", "set", "load", "fetch",
    "make", "grant", "revoke", "generate", "give",
];

/// Names of who asks, or of what knows them.
const WHO: [&str; 25] = [
    "caller",
    "callerid",
    "calleruid",
    "identity",
    "invoker",
    "principal",
    "requester",
    "uid",
    "user",
    "currentuser",
    "userid",
    "admin",
    "session",
    "ctx",
    "context",
    "req",
    "request",
    "me",
    "auth",
    "account",
    "actor",
    "viewer",
    "member",
    "permissions",
    "acl",
];

/// Words of names of checks that ask whether somebody may change something.
const CHANGES: [&str; 9] = [
    "modify", "edit", "editable", "update", "delete", "write", "manage", "change", "remove",
];

/// First parts of names of functions that make something new.
const MAKES: [&str; 9] = [
    "create", "make", "new", "add", "insert", "build", "register", "save", "upsert",
];

/// Steps between a call and the condition that looks at its answer.
const STEPS: usize = 12;

/// Blocks on the way from a condition to an end.
const WAY: usize = 4;

/// Calls that an answer which refuses takes.
const CALLS: usize = 6;

/// Something by the name of the variable that holds it, and what it was got by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Thing {
    /// Its name, as `plain` gives it.
    pub name: String,
    /// The function that gave it, as written; empty: the client said it, or it was handed in.
    pub by: String,
}

/// A check.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Ask {
    /// What is called, as written.
    pub name: String,
    /// What it is about.
    pub about: BTreeSet<Thing>,
    /// It is told who asks.
    pub personal: bool,
}

/// What a function asks.
#[derive(Default, Debug)]
pub(super) struct Asked {
    pub asks: Vec<Ask>,
    /// Somebody is refused for who they are, by whatever condition.
    pub refuses: bool,
    /// What conditions look at together with who asks, and soon leave the function: by name.
    pub beside: BTreeSet<String>,
}

/// The checks of one function, apart from those inside it.
pub(super) fn of(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>) -> Asked {
    let mut out = Asked::default();
    for block in &f.func.blocks {
        for (at, instr) in f.func.block_instrs(block) {
            let Instr::Call { to, callee, .. } = *instr else {
                continue;
            };
            // Nobody looks at what it answers: it throws.
            if written_name(f, callee).is_some_and(speaks_of_rights) && is_dropped(f, to) {
                out.asks.extend(ask(origins, set, f, at));
            }
        }
        let Term::Branch { cond, yes, no } = block.term else {
            continue;
        };
        let sides = [yes.index(), no.index()];
        let ends = sides.iter().any(|side| ends_soon(f, *side));
        let denied = sides.iter().any(|side| denies(origins, set, f, *side));
        for at in asked(f, cond) {
            let Some(Instr::Call { callee, .. }) = f.func.instrs.get(at) else {
                continue;
            };
            let name = written_name(f, *callee).unwrap_or_default();
            if denied && !gives(name) || ends && speaks_of_rights(name) {
                out.asks.extend(ask(origins, set, f, at));
            }
        }
        if denied || ends {
            let who = Search::of(origins, set, f.id, cond);
            out.refuses |= denied && who.tells_who();
            let (looked, roots) = looked_at(f, cond);
            if who.principal || roots.iter().any(|name| may_be_who(name)) {
                out.beside.extend(looked);
            }
        }
    }
    out
}

/// A name without what distinguishes ways to write it.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// The words of a name, however it is written.
fn words(name: &str) -> Vec<String> {
    let plain = crate::account::words::plain(name);
    plain.split('_').map(str::to_owned).collect()
}

/// Whether a function says by its name that it decides who may.
pub(super) fn speaks_of_rights(name: &str) -> bool {
    let words = words(name);
    let first = words.iter().find(|word| !word.is_empty());
    let last = words.last().map_or("", String::as_str);
    first.is_some_and(|first| {
        ABLE.contains(&first.as_str()) || !gives(name) && last != "token" && names_rights(&words)
    })
}

/// Some word of a name is one of rights, and another one says what for.
fn names_rights(words: &[String]) -> bool {
    // `isAllowed` is about who asks, `isDomainAllowed` about domains.
    let is = |word: &str| {
        RIGHTS.contains(&word) || words.len() == 2 && ["allow", "allowed"].contains(&word)
    };
    words.len() > 1
        && words
            .iter()
            .any(|word| is(word) || word.strip_suffix('s').is_some_and(is))
}

/// Whether a check asks, by its name, whether somebody may change something.
pub(super) fn is_about_change(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| CHANGES.contains(&word.as_str()))
}

/// Whether what a function gives was asked for, or is new, by its name: `ticket_with_authorisation`, `createNote`.
pub(super) fn asks_or_makes(name: &str) -> bool {
    let words = words(name);
    let first = words.iter().find(|word| !word.is_empty());
    names_rights(&words) || first.is_some_and(|first| MAKES.contains(&first.as_str()))
}

/// Whether a function says by its name that it gives or does something.
fn gives(name: &str) -> bool {
    words(name)
        .iter()
        .find(|word| !word.is_empty())
        .is_some_and(|first| GIVES.contains(&first.as_str()))
}

/// What a value is, with the instruction by which it was got.
pub(super) fn thing(f: FuncRef<'_>, value: Operand) -> Option<(Thing, Option<usize>)> {
    let name = plain(variable(f, value)?);
    let mut at = value;
    for _ in 0..STEPS {
        let Operand::Local(local) = at else {
            break;
        };
        match f.writers(local).next() {
            Some((_, Instr::Copy { from, .. } | Instr::Await { from, .. })) => at = *from,
            Some((got, Instr::Call { callee, .. })) => {
                let by = written_name(f, *callee).unwrap_or("?").to_owned();
                return Some((Thing { name, by }, Some(got)));
            }
            _ => break,
        }
    }
    let by = String::new();
    Some((Thing { name, by }, None))
}

/// The check that a call is: of what it is given, and of what it is called on.
fn ask(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>, at: usize) -> Option<Ask> {
    let Some(Instr::Call {
        callee, this, args, ..
    }) = f.func.instrs.get(at)
    else {
        return None;
    };
    let name = written_name(f, *callee)?.to_owned();
    let mut about = BTreeSet::new();
    let mut personal = false;
    let args = f.func.args(*args).iter().map(|arg| arg.value);
    let on = this.filter(|on| is_held(f, *on));
    for value in args.clone().chain(*this) {
        personal |= variable(f, value).is_some_and(|name| WHO.contains(&plain(name).as_str()))
            || Search::of(origins, set, f.id, value).principal;
    }
    for value in args.chain(on) {
        about.extend(thing(f, value).map(|(thing, _)| thing));
        // `check({ projectId, name })`
        if let Some(Instr::Object { parts, .. }) = f.made_by(value) {
            let parts = f.func.parts(*parts).iter();
            about.extend(
                parts
                    .filter_map(|part| thing(f, part.value))
                    .map(|(thing, _)| thing),
            );
        }
        // `check(survey.id)`, `check(req.params.teamId)`
        if let Some(of) = f.read_off(value) {
            about.extend(thing(f, of).map(|(thing, _)| thing));
        }
    }
    Some(Ask {
        name,
        about,
        personal,
    })
}

/// Whether a value is a variable of the function, and no module, class or service.
fn is_held(f: FuncRef<'_>, value: Operand) -> bool {
    match value {
        Operand::Local(local) => f
            .func
            .locals
            .get(local.index())
            .is_some_and(|l| l.name.is_some()),
        Operand::Const(_) => false,
    }
}

/// The calls whose answers a condition looks at.
fn asked(f: FuncRef<'_>, cond: Operand) -> Vec<usize> {
    let mut out = Vec::new();
    let mut open = vec![cond];
    let mut steps = 0;
    while let Some(operand) = open.pop() {
        steps += 1;
        let Operand::Local(local) = operand else {
            continue;
        };
        if steps > STEPS {
            break;
        }
        for (at, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
                Instr::Op { op, operands, .. } if op != OpKind::Add => {
                    open.extend(f.func.operands(operands));
                }
                // `(await check(x)).allowed`
                Instr::Load { base, .. } => open.push(base),
                Instr::Call { .. } => out.push(at),
                _ => {}
            }
        }
    }
    out
}

/// The names of what a condition looks at: what it compares, and what the calls behind it are given; and those of them that are no
/// member of anything.
fn looked_at(f: FuncRef<'_>, cond: Operand) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut out = BTreeSet::new();
    let mut roots = BTreeSet::new();
    let mut open = vec![cond];
    let mut steps = 0;
    while let Some(operand) = open.pop() {
        steps += 1;
        let Operand::Local(local) = operand else {
            continue;
        };
        if steps > STEPS * 2 {
            break;
        }
        let name = variable(f, operand).map(plain);
        let member = f
            .writers(local)
            .any(|(_, instr)| matches!(instr, Instr::Load { .. }));
        roots.extend(name.clone().filter(|_| !member));
        out.extend(name);
        for (_, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
                Instr::Op { operands, .. } => open.extend(f.func.operands(operands)),
                Instr::Load { base, .. } => open.push(base),
                Instr::Call { args, .. } => {
                    open.extend(f.func.args(args).iter().map(|arg| arg.value));
                }
                _ => {}
            }
        }
    }
    (out, roots)
}

/// Whether a name may be that of who asks, however it is put: `auth_subject`, `acting_user`. A request holds much else.
fn may_be_who(name: &str) -> bool {
    let parts = ["user", "auth", "actor", "viewer", "principal"];
    parts.iter().any(|part| name.contains(part))
}

/// Whether nothing looks at what a call answers.
fn is_dropped(f: FuncRef<'_>, result: casemate_ir::LocalId) -> bool {
    let mut same = vec![result];
    let mut at = 0;
    while let Some(&local) = same.get(at) {
        at += 1;
        let value = Operand::Local(local);
        for instr in &f.func.instrs {
            match *instr {
                Instr::Await { to, from } if from == value => same.push(to),
                _ => {
                    let mut read = false;
                    f.func.each_read(instr, |operand| read |= operand == value);
                    if read {
                        return false;
                    }
                }
            }
        }
        let looked = f.func.blocks.iter().any(|block| match block.term {
            Term::Return(Some(returned)) => returned == value,
            Term::Branch { cond, .. } => cond == value,
            Term::Throw(thrown) => thrown == value,
            _ => false,
        });
        if looked || same.len() > 4 {
            return false;
        }
    }
    true
}

/// Whether one side of a condition soon leaves the function, having done little.
fn ends_soon(f: FuncRef<'_>, side: usize) -> bool {
    let mut at = side;
    let mut calls = 0;
    for _ in 0..WAY {
        let Some(block) = f.func.blocks.get(at) else {
            return false;
        };
        calls += f
            .func
            .block_instrs(block)
            .filter(|(_, instr)| matches!(instr, Instr::Call { .. }))
            .count();
        match block.term {
            _ if calls > CALLS => return false,
            Term::Return(_) | Term::Throw(_) => return true,
            Term::Goto(to) => at = to.index(),
            _ => return false,
        }
    }
    false
}

/// Whether that side refuses somebody for who they are.
fn denies(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>, side: usize) -> bool {
    let mut at = side;
    for _ in 0..WAY {
        if forbids(origins, set, f, at) {
            return true;
        }
        match f.func.blocks.get(at).map(|block| block.term) {
            Some(Term::Goto(to)) => at = to.index(),
            _ => return false,
        }
    }
    false
}
