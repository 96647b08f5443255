//! Steps back from a value to what made it, and over what a function calls.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Arg, ArgKey, Const, Instr, Key, LocalId, Operand};
use rustc_hash::FxHashSet;

/// Copies and awaits that are passed over on the way back.
const STEPS: usize = 8;

/// The instruction that made a value, with its place in the function.
pub(super) fn made_by<'p>(f: FuncRef<'p>, value: Operand) -> Option<(usize, &'p Instr)> {
    let mut value = value;
    for _ in 0..STEPS {
        let Operand::Local(local) = value else {
            return None;
        };
        let (at, instr) = f.writer(local)?;
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => value = from,
            _ => return Some((at, instr)),
        }
    }
    None
}

/// All functions, copies left out: they say the same of the same place.
pub(super) fn functions<'p>(origins: &Solver<'p, '_>) -> impl Iterator<Item = FuncRef<'p>> {
    let program = origins.program;
    program
        .function_ids()
        .filter(|func| !program.is_copy(*func))
        .map(|func| program.func(func))
}

/// The member that a value was read off.
pub(super) fn member<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    match made_by(f, value)?.1 {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(*name)),
        _ => None,
    }
}

/// Something reads the value, or the function ends with it.
pub(super) fn is_read(f: FuncRef<'_>, local: LocalId) -> bool {
    let mut read = false;
    for instr in &f.func.instrs {
        f.func
            .each_read(instr, |operand| read |= operand == Operand::Local(local));
    }
    read || f
        .func
        .blocks
        .iter()
        .any(|block| block.term.operand() == Some(Operand::Local(local)))
}

/// The call that a fact is about.
pub(super) fn call_of<'p>(origins: &Solver<'p, '_>, fact: &Fact) -> Option<(FuncRef<'p>, usize)> {
    let f = origins.program.func(fact.function);
    let at = f
        .func
        .instrs
        .iter()
        .zip(&f.func.spans)
        .position(|(instr, span)| *span == fact.site.span && matches!(instr, Instr::Call { .. }))?;
    Some((f, at))
}

/// The texts of the API paths that a value has.
pub(super) fn texts(origins: &Solver<'_, '_>, func: FuncId, value: Operand) -> Vec<String> {
    origins
        .of_operand(func, value)
        .iter()
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Api(path)) => Some(origins.paths.text(path)),
            _ => None,
        })
        .collect()
}

/// The argument at a position, or under a name.
pub(super) fn argument(f: FuncRef<'_>, args: &[Arg], at: usize, name: &str) -> Option<Operand> {
    let named = args
        .iter()
        .find(|arg| matches!(arg.key, ArgKey::Keyword(known) if f.file.facts.str(known) == name));
    let placed = || args.iter().filter(|arg| arg.key == ArgKey::Pos).nth(at);
    named.or_else(placed).map(|arg| arg.value)
}

/// The text of a constant.
pub(super) fn text<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    match value {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => Some(f.file.facts.str(*text)),
            _ => None,
        },
        Operand::Local(_) => None,
    }
}

/// A name without what is no letter or digit, lower case.
pub(super) fn flat(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The name that a callee is written with, and that of what it is called on.
pub(super) fn called<'p>(
    f: FuncRef<'p>,
    callee: Operand,
    this: Option<Operand>,
) -> (Option<&'p str>, Option<&'p str>) {
    let name = member(f, callee).or_else(|| crate::object::key::variable(f, callee));
    (
        name,
        this.and_then(|this| crate::object::key::variable(f, this)),
    )
}

/// Functions that are read for one question; of more, nothing is claimed.
pub(super) const FUNCTIONS: usize = 120;

/// The functions that some call and make, those themselves included, up to a depth. Absent: there are too many.
pub(super) fn reached(
    origins: &Solver<'_, '_>,
    start: &[FuncId],
    depth: usize,
) -> Option<Vec<FuncId>> {
    let mut seen: FxHashSet<FuncId> = FxHashSet::default();
    let mut out = Vec::new();
    let mut level = start.to_vec();
    for _ in 0..=depth {
        let mut next = Vec::new();
        for func in level {
            if !seen.insert(func) {
                continue;
            }
            if out.len() >= FUNCTIONS {
                return None;
            }
            out.push(func);
            let f = origins.program.func(func);
            for instr in &f.func.instrs {
                match *instr {
                    Instr::Closure { func, .. } => next.push(f.sibling(func)),
                    Instr::Call { callee, .. } => {
                        let callees = origins.of_operand(func, callee).iter().take(3);
                        next.extend(callees.filter_map(|val| match origins.val(*val) {
                            Some(Val::Func(inner)) => Some(inner),
                            _ => None,
                        }));
                    }
                    _ => {}
                }
            }
        }
        level = next;
    }
    Some(out)
}

/// A function and those that it makes.
pub(super) fn inside(origins: &Solver<'_, '_>, func: FuncId) -> Vec<FuncId> {
    let mut out = vec![func];
    let mut at = 0;
    while let Some(func) = out.get(at).copied().filter(|_| at < FUNCTIONS) {
        at += 1;
        let f = origins.program.func(func);
        out.extend(f.func.instrs.iter().filter_map(|instr| match *instr {
            Instr::Closure { func, .. } => Some(f.sibling(func)),
            _ => None,
        }));
    }
    out
}

/// A call of a method that has a name.
pub(super) struct MethodCall<'p> {
    pub at: usize,
    pub name: &'p str,
    pub this: Operand,
    pub args: &'p [Arg],
}

/// The calls of methods in a function, in order.
pub(super) fn method_calls<'p>(f: FuncRef<'p>) -> impl Iterator<Item = MethodCall<'p>> {
    f.func
        .instrs
        .iter()
        .enumerate()
        .filter_map(move |(at, instr)| {
            let Instr::Call {
                callee,
                this: Some(this),
                args,
                ..
            } = *instr
            else {
                return None;
            };
            let name = called(f, callee, Some(this)).0?;
            let args = f.func.args(args);
            Some(MethodCall {
                at,
                name,
                this,
                args,
            })
        })
}

/// A value of a fact.
pub(super) fn value<'f>(fact: &'f Fact, name: &str) -> Option<&'f FactValue> {
    let found = fact.values.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

/// The texts that a value of a fact may be.
pub(super) fn texts_of(value: Option<&FactValue>) -> Vec<String> {
    match value {
        Some(FactValue::Str(text)) => vec![text.clone()],
        Some(FactValue::OneOf(all)) => all.iter().flat_map(|v| texts_of(Some(v))).collect(),
        _ => Vec::new(),
    }
}

/// A fact at the place of an instruction.
pub(super) fn at(
    f: FuncRef<'_>,
    index: usize,
    name: &str,
    callee: &str,
    values: &[(&str, FactValue)],
) -> Fact {
    Fact {
        fact: name.to_owned(),
        site: Site {
            file: f.file_idx,
            span: f.func.spans.get(index).copied().unwrap_or_default(),
        },
        function: f.id,
        callee: callee.to_owned(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}
