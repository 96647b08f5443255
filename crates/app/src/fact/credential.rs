//! Codes, links and tokens of mails, invitations and resets that are kept in a table: where one is taken, whether it is asked if it was
//! taken before, if it is over, and what it was made for.
//!
//! A question counts as asked wherever the function, what it calls, or each of its callers and what that calls read the column.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Key, Operand, PartKey, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};

/// Columns that say that it was taken.
const SPENT: &[&str] = &[
    "usedat",
    "used",
    "isused",
    "consumedat",
    "consumed",
    "redeemedat",
    "redeemed",
    "acceptedat",
    "claimedat",
    "spentat",
];

/// Columns that say when it is over.
const ENDS: &[&str] = &[
    "expiresat",
    "expires",
    "expiry",
    "expireat",
    "validuntil",
    "expirationdate",
    "expiresin",
];

/// Columns that say what it is for.
const PURPOSES: &[&str] = &["purpose", "tokentype", "usage"];

/// Parts of names of columns that hold what somebody shows.
const KEYS: &[&str] = &[
    "token",
    "hash",
    "code",
    "secret",
    "challenge",
    "key",
    "nonce",
];

/// Parts of names of such tables.
const TABLES: &[&str] = &[
    "token",
    "code",
    "invit",
    "challenge",
    "nonce",
    "otp",
    "magiclink",
];

/// Steps of one condition.
const STEPS: usize = 40;

/// Functions that one name may stand for.
const NAMESAKES: usize = 4;

/// One fact for each place where one is taken.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let tables = tables(origins);
    if tables.is_empty() {
        return Vec::new();
    }
    let mut names: Option<Names> = None;
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Some((table, condition, takes)) = taken(f, instr) else {
                continue;
            };
            let flat = trace::flat(table);
            let Some(columns) = tables.get(table) else {
                continue;
            };
            if !TABLES.iter().any(|word| flat.contains(word)) {
                continue;
            }
            let mut seen = Mentions::default();
            seen.of(origins, f, condition, 0);
            // It is found by what somebody shows; whose all of them are is another question.
            let shown = |(base, column): &(String, String)| {
                base == table && KEYS.iter().any(|word| column.contains(word))
            };
            if !seen.columns.iter().any(shown) {
                continue;
            }
            let names = names.get_or_insert_with(|| Names::of(origins));
            let mut around: Option<Vec<FxHashSet<(String, String)>>> = None;
            let mut asked = |columns: &[&str], of: &[&str]| {
                let own = |read: &FxHashSet<(String, String)>| {
                    read.iter().any(|(base, column)| {
                        of.contains(&column.as_str())
                            && (base == table || !tables.contains_key(base.as_str()))
                    })
                };
                if !columns.iter().any(|column| of.contains(column)) {
                    return FactValue::Absent;
                }
                let here = own(&seen.columns);
                let ways = || names.around(origins, f.id);
                FactValue::Bool(here || around.get_or_insert_with(ways).iter().all(own))
            };
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let spent = if takes == Taken::Marked {
                asked(&columns, SPENT)
            } else {
                FactValue::Absent
            };
            let values = [
                ("spent", spent),
                ("ends", asked(&columns, ENDS)),
                ("purpose", asked(&columns, PURPOSES)),
            ];
            out.push(trace::at(f, at, "credential.taken", table, &values));
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `update(t).set({ usedAt })`
    Marked,
    /// `delete(t)…returning()`
    Removed,
}

/// `update(t).set({ usedAt }).where(c)`, `delete(t).where(c).returning(…)`: the table, the condition.
fn taken<'p>(f: FuncRef<'p>, instr: &Instr) -> Option<(&'p str, Operand, Taken)> {
    let Instr::Call {
        callee,
        this: Some(this),
        ..
    } = *instr
    else {
        return None;
    };
    match trace::called(f, callee, Some(this)).0? {
        "where" => {
            let set = step(f, this, "set")?;
            let spends = matches!(trace::made_by(f, set.1), Some((_, Instr::Object { parts, .. }))
                if f.func.parts(*parts).iter().any(|part| matches!(part.key, PartKey::Field(name)
                    if SPENT.contains(&trace::flat(f.file.facts.str(name)).as_str()))));
            let update = step(f, set.0, "update").filter(|_| spends)?;
            let table = crate::object::key::variable(f, update.1)?;
            let Instr::Call { args, .. } = *instr else {
                return None;
            };
            Some((table, f.func.args(args).first()?.value, Taken::Marked))
        }
        "returning" => {
            let condition = step(f, this, "where")?;
            let delete = step(f, condition.0, "delete")?;
            let table = crate::object::key::variable(f, delete.1)?;
            Some((table, condition.1, Taken::Removed))
        }
        _ => None,
    }
}

/// The call of this name that made a value: what it was called on, and its first argument.
fn step(f: FuncRef<'_>, value: Operand, name: &str) -> Option<(Operand, Operand)> {
    let (
        _,
        Instr::Call {
            callee, this, args, ..
        },
    ) = trace::made_by(f, value)?
    else {
        return None;
    };
    let named = trace::called(f, *callee, *this).0 == Some(name);
    let first = f.func.args(*args).first()?;
    named.then_some(((*this)?, first.value))
}

/// Tables that modules describe, by the names of their variables, with their columns.
fn tables<'p>(origins: &Solver<'p, '_>) -> FxHashMap<&'p str, Vec<String>> {
    let mut out: FxHashMap<&str, Vec<String>> = FxHashMap::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.parent.is_some() {
            continue;
        }
        for instr in &f.func.instrs {
            let (name, value) = match *instr {
                Instr::StoreVar {
                    var: VarRef::Global(global),
                    value,
                } => {
                    let Some(binding) = f.file.facts.globals.get(global.index()) else {
                        continue;
                    };
                    (binding.name, value)
                }
                Instr::Copy { to, from } => {
                    match f.func.locals.get(to.index()).and_then(|local| local.name) {
                        Some(name) => (name, from),
                        None => continue,
                    }
                }
                _ => continue,
            };
            let Some((
                _,
                Instr::Call {
                    callee, this, args, ..
                },
            )) = trace::made_by(f, value)
            else {
                continue;
            };
            let [_, described, ..] = f.func.args(*args) else {
                continue;
            };
            let makes = trace::called(f, *callee, *this).0;
            if !makes.is_some_and(|name| name.ends_with("Table") || name == "table") {
                continue;
            }
            if let Some((_, Instr::Object { parts, .. })) = trace::made_by(f, described.value) {
                let columns = f
                    .func
                    .parts(*parts)
                    .iter()
                    .filter_map(|part| match part.key {
                        PartKey::Field(name) => Some(trace::flat(f.file.facts.str(name))),
                        _ => None,
                    });
                out.insert(f.file.facts.str(name), columns.collect());
            }
        }
    }
    out
}

/// Columns that a condition mentions, each with the name of what it was read off.
#[derive(Default)]
struct Mentions {
    columns: FxHashSet<(String, String)>,
    steps: usize,
}

impl Mentions {
    fn of(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand, depth: usize) {
        self.steps += 1;
        if self.steps > STEPS * STEPS || depth > STEPS {
            return;
        }
        let Some((_, instr)) = trace::made_by(f, value) else {
            return;
        };
        match *instr {
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                self.columns.insert(column(f, base, f.file.facts.str(name)));
            }
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => {
                // What a module put together once.
                let module = origins.program.func(f.sibling(casemate_ir::FnId(0)));
                let stored = module.func.instrs.iter().find_map(|instr| match *instr {
                    Instr::StoreVar {
                        var: VarRef::Global(g),
                        value,
                    } if g == global => Some(value),
                    _ => None,
                });
                if let Some(value) = stored.filter(|_| module.func.parent.is_none()) {
                    self.of(origins, module, value, depth + 1);
                }
            }
            Instr::Call { callee, .. } => {
                let inner = origins.of_operand(f.id, callee).iter().find_map(|val| {
                    match origins.val(*val) {
                        Some(Val::Func(func)) => Some(func),
                        _ => None,
                    }
                });
                if let Some(inner) = inner {
                    self.columns.extend(reads(origins.program.func(inner)));
                }
                f.func
                    .each_read(instr, |operand| self.of(origins, f, operand, depth + 1));
            }
            _ => f
                .func
                .each_read(instr, |operand| self.of(origins, f, operand, depth + 1)),
        }
    }
}

fn column(f: FuncRef<'_>, base: Operand, name: &str) -> (String, String) {
    let of = crate::object::key::variable(f, base).unwrap_or_default();
    (of.to_owned(), trace::flat(name))
}

/// All columns that a function reads.
fn reads(f: FuncRef<'_>) -> FxHashSet<(String, String)> {
    let loads = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => Some(column(f, base, f.file.facts.str(name))),
        _ => None,
    });
    loads.collect()
}

/// Functions by name, and who calls something of a name.
struct Names {
    named: FxHashMap<String, Vec<FuncId>>,
    callers: FxHashMap<String, Vec<FuncId>>,
}

impl Names {
    fn of(origins: &Solver<'_, '_>) -> Self {
        let mut out = Self {
            named: FxHashMap::default(),
            callers: FxHashMap::default(),
        };
        for f in trace::functions(origins) {
            if let Some(name) = f.func.name {
                let name = f.file.facts.str(name).to_owned();
                out.named.entry(name).or_default().push(f.id);
            }
            for name in calls(f) {
                let callers = out.callers.entry(name.to_owned()).or_default();
                let whole = outermost(origins, f);
                if callers.last() != Some(&whole) {
                    callers.push(whole);
                }
            }
        }
        out
    }

    /// For each caller of the function, what is read by both and what they call.
    fn around(&self, origins: &Solver<'_, '_>, func: FuncId) -> Vec<FxHashSet<(String, String)>> {
        let whole = outermost(origins, origins.program.func(func));
        let name = origins.program.func(whole).func.name;
        let name = name.map(|name| origins.program.func(whole).file.facts.str(name));
        let callers = name.and_then(|name| self.callers.get(name));
        match callers.map_or(&[][..], Vec::as_slice) {
            [] => vec![self.way(origins, vec![whole])],
            callers => callers
                .iter()
                .map(|caller| self.way(origins, vec![whole, *caller]))
                .collect(),
        }
    }

    /// What is read by some functions and what they call.
    fn way(&self, origins: &Solver<'_, '_>, mut level: Vec<FuncId>) -> FxHashSet<(String, String)> {
        let mut seen: FxHashSet<FuncId> = FxHashSet::default();
        let mut out = FxHashSet::default();
        for _ in 0..3 {
            let mut next = Vec::new();
            for func in level {
                if !seen.insert(func) {
                    continue;
                }
                let f = origins.program.func(func);
                out.extend(reads(f));
                for instr in &f.func.instrs {
                    if let Instr::Closure { func, .. } = *instr {
                        next.push(f.sibling(func));
                    }
                }
                for name in calls(f) {
                    let called = self.named.get(name).filter(|all| all.len() <= NAMESAKES);
                    next.extend(called.into_iter().flatten());
                }
            }
            level = next;
        }
        out
    }
}

fn calls(f: FuncRef<'_>) -> Vec<&str> {
    let called = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Call { callee, this, .. } => trace::called(f, callee, this).0,
        _ => None,
    });
    called.collect()
}

/// The function that is no part of another one.
fn outermost(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> FuncId {
    let mut at = f.id;
    while let Some(parent) = origins.program.func(at).parent() {
        if origins.program.func(parent).func.parent.is_none() {
            break;
        }
        at = parent;
    }
    at
}
