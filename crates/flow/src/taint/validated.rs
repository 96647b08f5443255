//! What a form or serializer has checked: `validate_name` and `clean_name` of its class see a value before anybody reads it as
//! `validated_data['name']`, `cleaned_data['name']`.

use super::interp::Interp;
use super::place::{PortBase, PortPath};
use super::summary::{Outcome, Summary};
use super::value::{Konst, Origin, Value};
use crate::origin::Val;
use crate::program::{ClassIdx, FuncRef};
use crate::result::FuncId;
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
        let found = self
            .validator(base, member)
            .map(|func| (func, 0))
            .or_else(|| self.decorated(base, member));
        let Some((func, given)) = found else {
            return;
        };
        self.asked.push(func);
        let Some(summary) = self.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            return;
        };
        let kinds = let_through(&summary, func, given);
        if !kinds.is_empty() {
            value.taints = self.without(value, kinds);
        }
    }

    /// The method of a record's class that is decorated as the check of this member, and which of its parameters it checks:
    /// `@field_validator('name')`.
    fn decorated(&self, base: Operand, member: Sym) -> Option<(FuncId, u16)> {
        if self.f.file.facts.language != Language::Python {
            return None;
        }
        let program = self.origins.program;
        let vals = self.origins.of_operand(self.f.id, base);
        let instance = vals.iter().find_map(|&val| match self.origins.val(val) {
            Some(Val::Instance(class)) => Some(class),
            _ => None,
        });
        let class = instance.or_else(|| self.read_as(base))?;
        let (file, def) = program.class(class)?;
        let owner = program.func(program.func_id(file, def.owner));
        let checks = def.members.iter().find_map(|method| {
            let named = method
                .decorators
                .iter()
                .any(|d| self.checks_field(owner, d.value, program.text(member)));
            method.func.filter(|_| named)
        })?;
        let func = program.func_id(file, checks);
        let f = program.func(func);
        let first = f.func.params.first().and_then(|p| p.name);
        let given = u16::from(first.is_some_and(|n| matches!(f.file.facts.str(n), "cls" | "self")));
        (func != self.f.id).then_some((func, given))
    }

    /// The class of `Record.model_validate(x)`.
    fn read_as(&self, record: Operand) -> Option<ClassIdx> {
        const READS: [&str; 4] = [
            "model_validate",
            "model_validate_json",
            "parse_obj",
            "parse_raw",
        ];
        let (_, Instr::Call { callee, .. }) = self.definition(record)? else {
            return None;
        };
        let (
            _,
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            },
        ) = self.definition(callee)?
        else {
            return None;
        };
        let reads = READS.contains(&self.f.file.facts.str(name));
        let vals = self.origins.of_operand(self.f.id, base);
        let mut classes = vals.iter().filter_map(|&val| match self.origins.val(val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        });
        classes.next().filter(|_| reads)
    }

    /// Whether a decorator says that a method checks a member of this name.
    fn checks_field(&self, owner: FuncRef<'_>, decorator: Operand, member: &str) -> bool {
        let Some(&Instr::Call { callee, args, .. }) = owner.made_by(decorator) else {
            return false;
        };
        let vals = self.origins.of_operand(owner.id, callee);
        let library = vals.iter().any(|&val| match self.origins.val(val) {
            Some(Val::Api(path)) => {
                let text = self.origins.paths.text(path);
                text.starts_with("py:pydantic") && text.ends_with("validator")
            }
            _ => false,
        });
        library
            && owner.func.args(args).iter().any(|arg| match arg.value {
                Operand::Const(id) => match owner.file.facts.constant(id) {
                    Const::Str(text) => {
                        matches!(owner.file.facts.str(*text), "*")
                            || owner.file.facts.str(*text) == member
                    }
                    _ => false,
                },
                Operand::Local(_) => false,
            })
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
