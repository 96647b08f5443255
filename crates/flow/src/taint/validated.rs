//! What a form or serializer has checked: `validate_name` and `clean_name` of its class see a value before anybody reads it as
//! `validated_data['name']`, `cleaned_data['name']`.

use super::interp::Interp;
use super::place::{PortBase, PortPath};
use super::summary::{Outcome, Summary};
use super::value::{Konst, Origin, Value};
use crate::origin::{Solver, Val};
use crate::program::FuncRef;
use crate::result::FuncId;
use crate::schema::Seen;
use crate::symbol::Sym;
use casemate_ir::{Const, Instr, Key, Language, MemberKind, Operand};
use casemate_model::kind::KindSet;

/// Members that hold what was checked, and how the methods that check begin.
const CHECKED: [(&str, &str); 2] = [("validated_data", "validate_"), ("cleaned_data", "clean_")];

impl Interp<'_> {
    /// The value of a member is clean for what the method of its name lets through.
    pub(super) fn validated(&mut self, base: Operand, member: Sym, value: &mut Value) {
        if value.taints.is_none() || member == Sym::ANY {
            return;
        }
        let Some(func) = validator(self.origins, self.f, base, member) else {
            return;
        };
        let kinds = self.lets_through(Seen {
            func,
            given: 0,
            answers: false,
        });
        if !kinds.is_empty() {
            value.taints = self.without(value, kinds);
        }
    }

    /// For what a value is clean that a function saw first.
    pub(super) fn lets_through(&mut self, seen: Seen) -> KindSet {
        if seen.func == self.f.id {
            return KindSet::EMPTY;
        }
        self.asked.push(seen.func);
        let summary = self.summaries.get(seen.func.0 as usize);
        let Some(summary) = summary.and_then(Clone::clone) else {
            return KindSet::EMPTY;
        };
        if !seen.answers {
            return let_through(&summary, seen.func, seen.given);
        }
        let given = PortPath::root(PortBase::Param(seen.given));
        let said = |outcome| matches!(outcome, Outcome::True | Outcome::Returns);
        let accepted = summary.accepts.iter();
        accepted
            .filter(|(port, outcome, _)| *port == given && said(*outcome))
            .fold(KindSet::EMPTY, |all, (.., kinds)| all.union(*kinds))
    }
}

/// The method that checks a member of what a form has checked.
fn validator(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    base: Operand,
    member: Sym,
) -> Option<FuncId> {
    let Some(&Instr::Load {
        base: form,
        key: Key::Field(name),
        ..
    }) = f.made_by(base)
    else {
        return None;
    };
    let name = f.file.facts.str(name);
    let (_, prefix) = CHECKED.iter().find(|known| known.0 == name)?;
    let program = origins.program;
    let method = format!("{prefix}{}", program.text(member));
    let method = program.symbols.find(&method)?;
    let vals = origins.of_operand(f.id, form);
    let func = vals.iter().find_map(|&val| match origins.val(val) {
        Some(Val::Instance(class)) => origins.member_function(class, method, MemberKind::Method),
        _ => None,
    })?;
    // The method itself reads what nobody has checked yet.
    (func != f.id).then_some(func)
}

/// The methods that checked what a function reads of a form.
pub(super) fn seen_first(origins: &Solver<'_, '_>, id: FuncId, out: &mut Vec<FuncId>) {
    let f = origins.program.func(id);
    if f.file.facts.language != Language::Python {
        return;
    }
    for instr in &f.func.instrs {
        let read = match *instr {
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => Some((base, f.sym(name))),
            Instr::Load {
                base,
                key: Key::Computed(Operand::Const(id)),
                ..
            } => match f.file.facts.constant(id) {
                Const::Str(name) => Some((base, f.sym(*name))),
                _ => None,
            },
            _ => None,
        };
        out.extend(read.and_then(|(base, name)| validator(origins, f, base, name)));
    }
}

/// For what a value is clean that a method was given, or reads from its form, and returns.
fn let_through(summary: &Summary, func: FuncId, given: u16) -> KindSet {
    let given = PortPath::root(PortBase::Param(given));
    let accepted = summary
        .accepts
        .iter()
        .filter(|(port, outcome, _)| *port == given && *outcome == Outcome::Returns)
        .fold(KindSet::EMPTY, |all, (.., kinds)| all.union(*kinds));
    let returned = summary.ret.taints().iter().filter(|t| match t.origin {
        Origin::Port(port) => port == given,
        Origin::Source(source) => source.func == func,
    });
    let returned = returned.map(|t| t.clean).reduce(KindSet::intersect);
    let nothing = matches!(summary.ret.single(), Some(Konst::Undefined | Konst::Null));
    match returned {
        Some(kinds) => kinds.union(accepted),
        None if nothing => KindSet::EMPTY,
        None => accepted,
    }
}
