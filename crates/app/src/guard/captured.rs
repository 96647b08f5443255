//! Conditions of guards that what they were made with decides: `if (options.optional) return next()` in what `auth({ optional: true })`
//! gives back, and in the functions that are given `options` on from there.

use super::address::Address;
use crate::around::{Around, Held};
use crate::decoration::written_name;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Const, Instr, Key, Language, LocalId, OpKind, Operand, Term, VarRef};

/// Branches of functions that are decided: blocks, and how.
pub(super) type Decided = Vec<(FuncId, Vec<(usize, bool)>)>;

/// Steps from a value to a variable around.
const STEPS: u32 = 8;

/// Functions that are given on what a guard was made with, behind each other.
const DEPTH: u32 = 3;

/// Functions that are looked at for one guard.
const FUNCTIONS: usize = 24;

/// What a value of a function is known to hold.
pub(super) fn told(
    around: &Around,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    operand: Operand,
    steps: u32,
) -> Option<Held> {
    let local = match operand {
        Operand::Const(id) => {
            return match *f.file.facts.constant(id) {
                Const::Bool(truth) => Some(Held::Bool(truth)),
                Const::Null | Const::Undefined => Some(Held::Nothing),
                Const::Number(bits) => Some(Held::Number(f64::from_bits(bits))),
                Const::Str(text) => Some(Held::Text(f.file.facts.str(text).into())),
                _ => None,
            };
        }
        Operand::Local(local) => local,
    };
    if around.is_empty() || steps > STEPS {
        return None;
    }
    if let Some(held) = around.get(f.id, local) {
        return Some(held.clone());
    }
    // What is written on several ways is not known to be any of them.
    let mut writers = f.writers(local);
    let ((_, made), None) = (writers.next()?, writers.next()) else {
        return None;
    };
    match *made {
        Instr::Copy { from, .. } | Instr::Await { from, .. } => {
            told(around, origins, f, from, steps + 1)
        }
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => told(around, origins, f, base, steps + 1)?.member(f.file.facts.str(name)),
        Instr::LoadVar {
            var: VarRef::Captured(capture),
            ..
        } => {
            let (owner, local) = super::root::owner(origins, f, capture)?;
            around.get(owner, local).cloned()
        }
        Instr::Op { op, operands, .. } => {
            let of = |operand: Operand| told(around, origins, f, operand, steps + 1);
            match (op, f.func.operands(operands)) {
                (OpKind::Not, &[a]) => {
                    let python = f.file.facts.language == Language::Python;
                    Some(Held::Bool(!of(a)?.truth(python)?))
                }
                (OpKind::Less, &[a, b]) => Some(Held::Bool(number(&of(a)?)? < number(&of(b)?)?)),
                (OpKind::LessEq, &[a, b]) => Some(Held::Bool(number(&of(a)?)? <= number(&of(b)?)?)),
                (OpKind::Greater, &[a, b]) => Some(Held::Bool(number(&of(a)?)? > number(&of(b)?)?)),
                (OpKind::GreaterEq, &[a, b]) => {
                    Some(Held::Bool(number(&of(a)?)? >= number(&of(b)?)?))
                }
                (OpKind::TypeOf, &[a]) => {
                    let kind = match of(a)? {
                        Held::Nothing => "undefined",
                        Held::Bool(_) => "boolean",
                        Held::Number(_) => "number",
                        Held::Text(_) => "string",
                        Held::Members { .. } | Held::List(_) => "object",
                        Held::Something => return None,
                    };
                    Some(Held::Text(kind.into()))
                }
                _ => None,
            }
        }
        // `isNaN(parseInt(String(options.level)))`
        Instr::Call { callee, args, .. } => {
            let given = f.func.args(args);
            if let Some(noted) = around.noted()
                && let Some(held) = super::noted::read(noted, origins, f, callee, given)
            {
                return Some(held);
            }
            if let Some(held) = answered(around, origins, f, callee, steps) {
                return Some(held);
            }
            let [arg] = given.first_chunk()?;
            let held = told(around, origins, f, arg.value, steps + 1)?;
            match written_name(f, callee)? {
                "Boolean" | "bool" => Some(Held::Bool(
                    held.truth(f.file.facts.language == Language::Python)?,
                )),
                "String" | "str" => match held {
                    Held::Text(_) => Some(held),
                    Held::Number(number) => Some(Held::Text(number.to_string().into())),
                    Held::Nothing => Some(Held::Text("undefined".into())),
                    _ => None,
                },
                "Number" | "parseInt" | "int" => Some(Held::Number(number(&held)?)),
                "isNaN" => Some(Held::Bool(number(&held)?.is_nan())),
                "isInteger" | "isFinite" => match held {
                    Held::Number(number) => Some(Held::Bool(number.is_finite())),
                    _ => Some(Held::Bool(false)),
                },
                "isArray" => match held {
                    Held::Something => None,
                    _ => Some(Held::Bool(matches!(held, Held::List(_)))),
                },
                "len" => held.member("length"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a small function of the program answers that reads what was noted: `this.isPublic(context)`.
fn answered(
    around: &Around,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    steps: u32,
) -> Option<Held> {
    around.noted()?;
    let [val] = origins.of_operand(f.id, callee) else {
        return None;
    };
    let Some(Val::Func(inner)) = origins.val(*val) else {
        return None;
    };
    let inner = origins.program.func(inner);
    let mut returned = inner
        .func
        .blocks
        .iter()
        .filter_map(|block| match block.term {
            Term::Return(value) => Some(value),
            _ => None,
        });
    match (returned.next()?, returned.next(), inner.func.blocks.len()) {
        (Some(value), None, 1..=2) if inner.id != f.id => {
            told(around, origins, inner, value, steps + 1)
        }
        _ => None,
    }
}

/// The number that a value is taken for.
fn number(held: &Held) -> Option<f64> {
    match held {
        Held::Number(number) => Some(*number),
        Held::Text(text) => Some(text.parse().unwrap_or(f64::NAN)),
        Held::Nothing => Some(f64::NAN),
        _ => None,
    }
}

/// Whether what a value holds makes a condition true.
pub(super) fn truth(
    around: &Around,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    operand: Operand,
) -> Option<bool> {
    if !matches!(operand, Operand::Local(_)) {
        return None;
    }
    let python = f.file.facts.language == Language::Python;
    told(around, origins, f, operand, 0)?.truth(python)
}

/// Whether two values are the same, where both are known and one was given.
pub(super) fn same(
    around: &Around,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    a: Operand,
    b: Operand,
) -> Option<bool> {
    if around.is_empty() {
        return None;
    }
    let plain = |operand: Operand| {
        told(around, origins, f, operand, 0).or_else(|| {
            // A constant of the module, or of another one; what is written on several ways may be something else besides.
            let Some(Instr::LoadVar { .. } | Instr::Import { .. }) = f.made_by(operand) else {
                return None;
            };
            match crate::constants::constants(f, origins, operand).as_slice() {
                [(of, id)] => told(around, origins, *of, Operand::Const(*id), 0),
                _ => None,
            }
        })
    };
    let (a, b) = (plain(a)?, plain(b)?);
    match (&a, &b) {
        (Held::Something | Held::Members { .. } | Held::List(_), Held::Nothing)
        | (Held::Nothing, Held::Something | Held::Members { .. } | Held::List(_)) => Some(false),
        (Held::Something | Held::Members { .. } | Held::List(_), _)
        | (_, Held::Something | Held::Members { .. } | Held::List(_)) => None,
        _ => Some(a == b),
    }
}

/// The branches that are decided where a guard was made with anything: `decisions` without those of which only the address is known.
pub(super) fn by_what_it_was_made_with(
    address: &Address,
    origins: &Solver<'_, '_>,
    func: FuncId,
) -> Decided {
    match address.around.is_empty() {
        true => Decided::new(),
        false => decisions(address, origins, func),
    }
}

/// The branches that an address, and what a guard was made with, decide: of the guard, of functions inside it, and of those that it
/// gives what it was made with.
pub(super) fn decisions(address: &Address, origins: &Solver<'_, '_>, func: FuncId) -> Decided {
    let program = origins.program;
    let mut out = Decided::new();
    let mut open = vec![(func, address.clone(), 0)];
    let mut seen: Vec<FuncId> = Vec::new();
    while let Some((func, address, depth)) = open.pop() {
        if seen.contains(&func) || seen.len() >= FUNCTIONS {
            continue;
        }
        seen.push(func);
        let f = program.func(func);
        let decided = address.decisions(origins, f);
        if !decided.is_empty() {
            out.push((func, decided));
        }
        if address.around.is_empty() {
            continue;
        }
        for instr in &f.func.instrs {
            match *instr {
                Instr::Closure { func, .. } => open.push((f.sibling(func), address.clone(), depth)),
                Instr::Call { callee, args, .. } if depth < DEPTH => {
                    let [val] = origins.of_operand(func, callee) else {
                        continue;
                    };
                    let Some(Val::Func(inner)) = origins.val(*val) else {
                        continue;
                    };
                    let given = given(&address.around, origins, f, program.func(inner), args);
                    if inner != func && !given.is_empty() {
                        let held = address.around.all().iter().cloned().chain(given);
                        let held = Around::of(held.collect()).noted_as(&address.around);
                        let inner_address = address.with(held);
                        open.push((inner, inner_address, depth + 1));
                    }
                }
                _ => {}
            }
        }
    }
    out.sort_by_key(|(func, _)| *func);
    out
}

/// What the parameters of a called function hold.
fn given(
    around: &Around,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    inner: FuncRef<'_>,
    args: casemate_ir::Range32,
) -> Vec<(FuncId, LocalId, Held)> {
    let args = f.func.args(args);
    let params = inner.func.params.iter().zip(args);
    let variable = |arg: &casemate_ir::Arg| matches!(arg.value, Operand::Local(_));
    params
        .filter(|(param, arg)| arg.key == casemate_ir::ArgKey::Pos && !param.rest && variable(arg))
        .filter_map(|(param, arg)| {
            let held = told(around, origins, f, arg.value, 0)?;
            Some((inner.id, param.local, held))
        })
        .collect()
}
