//! Functions of the program that hand what they are given on to a store as it came: `get: (clause) => prisma.users.findFirst({ where:
//! clause })`, `def create(**data)`. By what records are found, and what is stored, stands with those who call them.

use super::{key, query, shape};
use crate::limits;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Arg, ArgKey, Instr, LocalId, Operand, PartKey};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Objects within each other, and variables for each other.
const STEPS: usize = 6;

/// A parameter that reaches a store as it is, or as all members of what does.
#[derive(Debug, Clone)]
pub(super) struct Handed {
    /// Its place among the parameters.
    pub param: usize,
    /// What the store does.
    pub op: String,
    /// What the records are called, where the function says it.
    pub object: String,
    /// The member or keyword that it fills; empty where it fills all.
    pub under: String,
}

/// The functions that hand on, by what they hand on.
pub(super) type Repositories = FxHashMap<FuncId, Vec<Handed>>;

/// A call that is being followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub callee: FuncId,
    pub caller: FuncId,
    /// The instruction of the call.
    pub at: usize,
}

/// Finds them in the whole program.
pub(super) fn find(origins: &Solver<'_, '_>) -> Repositories {
    let mut out = Repositories::default();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.params.is_empty() {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                continue;
            };
            // Only calls that are given a parameter, or what is made of it, can hand it on.
            let given = f.func.args(args);
            let mut found = BTreeSet::new();
            for arg in given {
                let under = match arg.key {
                    ArgKey::Keyword(name) => f.file.facts.str(name),
                    _ => "",
                };
                reached(f, arg.value, under, 0, &mut found);
            }
            if found.is_empty() {
                continue;
            }
            let Some(query) = query(origins, f, at, callee, args) else {
                continue;
            };
            if query.sql.is_some() {
                continue;
            }
            let object = key::object(origins, f, &query, this, args);
            let handed = found.into_iter().map(|(param, under)| Handed {
                param,
                op: query.op.clone(),
                object: object.clone(),
                under,
            });
            out.entry(func).or_default().extend(handed);
        }
    }
    out
}

/// The parameters that a value is, or holds as they are, each with the member that it fills.
fn reached(
    f: FuncRef<'_>,
    value: Operand,
    under: &str,
    depth: usize,
    found: &mut BTreeSet<(usize, String)>,
) {
    let Operand::Local(local) = value else {
        return;
    };
    if let Some(param) = f.param_of(local) {
        found.insert((param, under.to_owned()));
        return;
    }
    if depth >= STEPS {
        return;
    }
    for (_, instr) in f.writers(local) {
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                reached(f, from, under, depth + 1, found);
            }
            Instr::Object { parts, .. } => {
                for part in f.func.parts(parts) {
                    let under = match part.key {
                        PartKey::Field(name) => f.file.facts.str(name),
                        PartKey::Spread => under,
                        _ => continue,
                    };
                    reached(f, part.value, under, depth + 1, found);
                }
            }
            _ => {}
        }
    }
}

/// What a call gives one parameter.
pub(super) enum Given {
    /// One value.
    Value(Operand),
    /// Those keywords that no other parameter takes.
    Keywords(Vec<(String, Operand)>),
}

/// What a call gives one parameter of what it calls.
pub(super) fn given(
    f: FuncRef<'_>,
    args: &[Arg],
    callee: FuncRef<'_>,
    param: usize,
) -> Option<Given> {
    let params = &callee.func.params;
    let this = params.get(param)?;
    let name_of = |arg: &Arg| match arg.key {
        ArgKey::Keyword(name) => Some(f.file.facts.str(name)),
        _ => None,
    };
    if this.keyword_rest {
        let taken = |name: &str| {
            let mut named = params.iter().filter(|p| !p.keyword_rest);
            named.any(|p| p.name.is_some_and(|n| callee.file.facts.str(n) == name))
        };
        let rest = args.iter().filter_map(|arg| {
            let name = name_of(arg)?;
            (!taken(name)).then(|| (name.to_owned(), arg.value))
        });
        return Some(Given::Keywords(rest.collect()));
    }
    if this.rest {
        return None;
    }
    let named = this.name.map(|name| callee.file.facts.str(name));
    let by_name = args
        .iter()
        .find(|arg| named.is_some() && name_of(arg) == named);
    let by_place = || {
        let before = args.get(..=param)?;
        let plain = before.iter().all(|arg| arg.key == ArgKey::Pos);
        plain.then(|| args.get(param))?
    };
    by_name.or_else(by_place).map(|arg| Given::Value(arg.value))
}

/// The members of what a call gives one parameter, where they are written there.
pub(super) fn members(f: FuncRef<'_>, given: &Given) -> Vec<(String, Operand)> {
    match given {
        Given::Value(value) => key::parts(f.func, f.file, *value),
        Given::Keywords(named) => named.clone(),
    }
}

/// The arguments of the call at an instruction.
pub(super) fn arguments<'p>(f: FuncRef<'p>, at: usize) -> &'p [Arg] {
    match f.func.instrs.get(at) {
        Some(Instr::Call { args, .. }) => f.func.args(*args),
        _ => &[],
    }
}

/// A call that writes out the members of what it gives.
pub(super) struct Written<'p> {
    pub caller: FuncRef<'p>,
    /// Its instruction.
    pub at: usize,
    pub members: Vec<(String, Operand)>,
}

/// The calls through which a parameter came to where it is, outwards, up to the one that writes its members.
pub(super) fn written_at<'p>(
    origins: &Solver<'p, '_>,
    frames: &[Frame],
    f: FuncRef<'p>,
    param: usize,
) -> Option<Written<'p>> {
    let mut callee = f;
    let mut param = param;
    for frame in frames.iter().rev().take(STEPS) {
        if frame.callee != callee.id {
            return None;
        }
        let caller = origins.program.func(frame.caller);
        let given = given(caller, arguments(caller, frame.at), callee, param)?;
        let members = members(caller, &given);
        if !members.is_empty() {
            return Some(Written {
                caller,
                at: frame.at,
                members,
            });
        }
        let Given::Value(Operand::Local(local)) = given else {
            return None;
        };
        param = param_behind(caller, local)?;
        callee = caller;
    }
    None
}

/// The parameter that a variable is.
fn param_behind(f: FuncRef<'_>, local: LocalId) -> Option<usize> {
    let mut found = BTreeSet::new();
    reached(f, Operand::Local(local), "", STEPS - 1, &mut found);
    found.into_iter().next().map(|(param, _)| param)
}

/// The parameters that what a query is given is, or holds as they are.
pub(super) fn params_of(f: FuncRef<'_>, values: &[Operand]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for &value in values {
        reached(f, value, "", 0, &mut found);
    }
    found.into_iter().map(|(param, _)| param).collect()
}

/// Whether a name says that records lie there, and not which: `this.model`, `self.repository`, `class GenericRepository`.
pub(super) fn says_nothing(object: &str) -> bool {
    const PLACES: [&str; 29] = [
        "abstract",
        "base",
        "builder",
        "client",
        "cls",
        "collection",
        "crud",
        "dao",
        "db",
        "delegate",
        "entity",
        "generic",
        "manager",
        "mixin",
        "model",
        "qb",
        "qs",
        "query",
        "queryset",
        "repo",
        "repository",
        "self",
        "service",
        "statement",
        "stmt",
        "store",
        "table",
        "this",
        "typeorm",
    ];
    // `q` is no name of records.
    let mut rest = object;
    while rest.len() > 1 {
        let mut words = PLACES.iter();
        match words.find_map(|word| rest.strip_prefix(word)) {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
    true
}

/// What the records of a query in a function are called, where only who calls it says so: `orderRepository.get({ … })`.
pub(super) fn called_by(caller: FuncRef<'_>, at: usize) -> String {
    match caller.func.instrs.get(at) {
        Some(&Instr::Call { this, args, .. }) => {
            let said = key::receiver(caller, this, args);
            // What a view or a handler asks of itself is called as it is.
            let own = this.is_some() && this == caller.func.this.map(Operand::Local);
            match own && !key::holds_records(caller) {
                true => String::new(),
                false => said,
            }
        }
        _ => String::new(),
    }
}

/// The name of records, where the query does not say it, as one of a base class: that in the name of the function, or that by which the
/// nearest caller that says one has it.
pub(super) fn named_by_callers(
    origins: &Solver<'_, '_>,
    frames: &[Frame],
    f: FuncRef<'_>,
    object: String,
) -> String {
    let mut at = f;
    for frame in frames.iter().rev().take(STEPS) {
        if !says_nothing(&object) {
            break;
        }
        let own = at.func.name.map(|name| at.file.facts.str(name));
        if let Some(said) = own.and_then(shape::object_of) {
            return said;
        }
        while at.id != frame.callee
            && let Some(around) = at.parent()
        {
            at = origins.program.func(around);
        }
        if at.id != frame.callee {
            break;
        }
        at = origins.program.func(frame.caller);
        let said = called_by(at, frame.at);
        if !says_nothing(&said) {
            return said;
        }
    }
    object
}

/// The functions of the program that a call may run.
pub(crate) fn callees(
    origins: &Solver<'_, '_>,
    func: FuncId,
    at: usize,
    callee: Operand,
) -> Vec<FuncId> {
    let vals = origins.of_operand(func, callee).iter();
    vals.filter_map(|&val| match origins.val(val) {
        Some(Val::Func(inner)) => {
            Some(origins.callee_at(func, u32::try_from(at).unwrap_or(u32::MAX), inner))
        }
        _ => None,
    })
    .take(limits::CALLEES)
    .collect()
}
