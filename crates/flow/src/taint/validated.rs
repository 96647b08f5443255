//! What a form or serializer has checked: `validate_name` and `clean_name` of its class see a value before anybody reads it as
//! `validated_data['name']`, `cleaned_data['name']`.

use super::interp::Interp;
use super::place::{PortBase, PortPath};
use super::summary::{Outcome, Summary};
use super::value::{Konst, Origin, Value};
use crate::origin::Val;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, MemberKind, Operand};
use casemate_model::kind::KindSet;

/// Members that hold what was checked, and how the methods that check begin.
const CHECKED: [(&str, &str); 2] = [("validated_data", "validate_"), ("cleaned_data", "clean_")];

impl Interp<'_> {
    /// The value of a member is clean for what the method of its name lets through.
    pub(super) fn validated(&mut self, base: Operand, member: Sym, value: &mut Value) {
        if value.taints.is_none() || member == Sym::ANY {
            return;
        }
        let Some(func) = self.validator(base, member) else {
            return;
        };
        self.asked.push(func);
        let Some(summary) = self.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            return;
        };
        let kinds = let_through(&summary, func);
        if !kinds.is_empty() {
            value.taints = self.without(value, kinds);
        }
    }

    /// The method that checks a member of what a form has checked.
    fn validator(&self, base: Operand, member: Sym) -> Option<FuncId> {
        let Instr::Load {
            base: form,
            key: Key::Field(name),
            ..
        } = self.definition(base)?.1
        else {
            return None;
        };
        let name = self.f.file.facts.str(name);
        let (_, prefix) = CHECKED.iter().find(|known| known.0 == name)?;
        let program = self.origins.program;
        let method = format!("{prefix}{}", program.text(member));
        let method = program.symbols.find(&method)?;
        let vals = self.origins.of_operand(self.f.id, form);
        let func = vals.iter().find_map(|&val| match self.origins.val(val) {
            Some(Val::Instance(class)) => {
                self.origins
                    .member_function(class, method, MemberKind::Method)
            }
            _ => None,
        })?;
        // The method itself reads what nobody has checked yet.
        (func != self.f.id).then_some(func)
    }
}

/// For what a value is clean that a method was given, or reads from its form, and returns.
fn let_through(summary: &Summary, func: FuncId) -> KindSet {
    let given = PortPath::root(PortBase::Param(0));
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
