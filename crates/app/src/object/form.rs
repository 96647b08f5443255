//! Forms and serializers that are told who asks: that says nothing of other records than the one they make, unless they look.

use super::Walk;
use crate::decoration::{member_before, written_name};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{Instr, Key, Operand, Range32};

/// Members by which a form learns who asks.
const ASKS: [&str; 5] = ["context", "current_user", "request", "session", "user"];

/// How many classes are looked at above one.
const ANCESTORS: usize = 8;

/// The method by which a form of WTForms writes what it was sent into a record.
const FILLS: &str = "populate_obj";

impl<'p> Walk<'_, 'p, '_> {
    /// `form.populate_obj(order)` changes the record.
    pub(super) fn filled(&mut self, f: FuncRef<'p>, at: usize, callee: Operand, args: Range32) {
        if member_before(f, callee, at) != Some(FILLS) {
            return;
        }
        for arg in f.func.args(args) {
            let held = self.roots(f.id, arg.value);
            if held.called {
                self.made.changed.add(held.names);
            }
        }
    }
}

/// Whether a call makes a form of the program of which no method looks at who asks, or only lays aside what it is given.
pub(super) fn is_blind(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    at: usize,
) -> bool {
    let Some(name) = member_before(f, callee, at).or_else(|| written_name(f, callee)) else {
        return false;
    };
    let class = match name {
        // What is only laid aside is looked at where it is used.
        "append" | "push" | "setdefault" => return true,
        "get_serializer" => listed(origins, f, "serializer_class"),
        "get_form" => listed(origins, f, "form_class"),
        _ if name.ends_with("Serializer") || name.ends_with("Form") => one(origins, f, callee),
        _ => None,
    };
    class.is_some_and(|class| !looks(origins, class))
}

/// The class that a view of the function's own class names.
fn listed(origins: &Solver<'_, '_>, f: FuncRef<'_>, member: &str) -> Option<ClassIdx> {
    let class = f.class(f.func.class?);
    let (file, def) = origins.program.class(class)?;
    let owner = origins
        .program
        .func(origins.program.func_id(file, def.owner));
    let mut body = owner.class_body(class);
    let value = body.find_map(|(_, name, value)| (name == member).then_some(value))?;
    one(origins, owner, value)
}

fn one(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<ClassIdx> {
    match origins.of_operand(f.id, value) {
        [only] => match origins.val(*only) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        },
        _ => None,
    }
}

/// Whether some method of a class, or of one above it, reads what tells who asks; what is not known may.
fn looks(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let mut open = vec![class];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        let Some((file, def)) = origins.program.class(class) else {
            return true;
        };
        for func in def.members.iter().filter_map(|member| member.func) {
            let f = origins.program.func(origins.program.func_id(file, func));
            let reads = |instr: &Instr| match *instr {
                Instr::Load {
                    key: Key::Field(name),
                    ..
                } => ASKS.contains(&f.file.facts.str(name)),
                _ => false,
            };
            if f.func.instrs.iter().any(reads) {
                return true;
            }
        }
        for &base in origins.of_bases(class) {
            if let Some(Val::Class(base)) = origins.val(base) {
                if open.len() >= ANCESTORS {
                    return true;
                }
                if !open.contains(&base) {
                    open.push(base);
                }
            }
        }
    }
    false
}
