//! Members of a view's class that decide whom its guards ask: `login_required = True` on one view, and `if self.login_required and …` in
//! the base of all of them.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{Const, Instr, Key, Language, MemberKind, Operand};

/// Copies of a value behind each other.
const COPIES: usize = 4;

/// Classes above one.
const ANCESTORS: usize = 24;

/// The method that is given the view that it decides about, and by which parameter.
const DECIDES: (&str, usize) = ("has_permission", 1);

/// A member of an endpoint's class.
pub(super) enum Flag {
    /// It is written there, or in the nearest class above that has it, and is true or not.
    Is(bool),
    /// No class of the program has it.
    Missing,
}

/// What a class says of a member that a function reads off the view; absent: it is nothing of the view, or not known.
pub(super) fn of(
    origins: &Solver<'_, '_>,
    class: ClassIdx,
    f: FuncRef<'_>,
    base: Operand,
    name: &str,
) -> Option<Flag> {
    if f.file.facts.language != Language::Python || !is_view(f, base) {
        return None;
    }
    let mut classes = vec![class];
    let mut at = 0;
    let mut found = None;
    while let Some(&class) = classes.get(at) {
        at += 1;
        let (file, def) = origins.program.class(class)?;
        let owner = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        let written = owner.class_body(class).filter(|(_, own, _)| *own == name);
        if let Some((.., value)) = written.last()
            && found.is_none()
        {
            found = Some(truth(owner, value)?);
        }
        // What a method writes may be anything.
        let methods = def.members.iter().filter_map(|member| {
            let of_method = member.kind != MemberKind::Field;
            member.func.filter(|_| of_method)
        });
        for method in methods.chain([def.constructor]) {
            if writes(
                origins.program.func(origins.program.func_id(file, method)),
                name,
            ) {
                return None;
            }
        }
        for &base in origins.of_bases(class) {
            if let Some(Val::Class(base)) = origins.val(base)
                && classes.len() < ANCESTORS
                && !classes.contains(&base)
            {
                classes.push(base);
            }
        }
    }
    Some(found.map_or(Flag::Missing, Flag::Is))
}

/// Whether a value is the view itself: the receiver, or what permissions are given.
fn is_view(f: FuncRef<'_>, base: Operand) -> bool {
    let mut base = base;
    if let Some(&Instr::Copy { from, .. }) = f.made_by(base) {
        base = from;
    }
    let Operand::Local(local) = base else {
        return false;
    };
    let named = f.func.name.map(|name| f.file.facts.str(name));
    f.func.this == Some(local) || named == Some(DECIDES.0) && f.param_of(local) == Some(DECIDES.1)
}

fn writes(f: FuncRef<'_>, name: &str) -> bool {
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Store { base: Operand::Local(base), key: Key::Field(key), .. }
            if f.func.this == Some(base) && f.file.facts.str(key) == name)
    })
}

/// Whether a value that is written out is true.
fn truth(f: FuncRef<'_>, value: Operand) -> Option<bool> {
    if let Some(Instr::Array { parts, .. }) = f.made_by(value) {
        return Some(!f.func.parts(*parts).is_empty());
    }
    let mut value = value;
    for _ in 0..COPIES {
        let Operand::Local(local) = value else {
            break;
        };
        let mut writers = f.writers(local);
        match (writers.next(), writers.next()) {
            (Some((_, &Instr::Copy { from, .. })), None) => value = from,
            _ => return None,
        }
    }
    let Operand::Const(id) = value else {
        return None;
    };
    match f.file.facts.constant(id) {
        Const::Bool(truth) => Some(*truth),
        Const::Str(text) => Some(!f.file.facts.str(*text).is_empty()),
        Const::Null => Some(false),
        _ => None,
    }
}
