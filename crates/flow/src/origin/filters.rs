//! Filters and functions that a program gives to its templates by name.
//!
//! A template calls one as a name that no scope declares, `__own_NAME`; registering it puts the function there. One program
//! has one place for each name, whichever engine asks.

use super::solve::{Frame, Solver};
use super::value::{Val, ValId};
use casemate_ir::{ArgKey, Const, Decorator, Instr, Operand};
use casemate_model::path::{ArgIndex, Port, PortBase};

/// What the names begin with that templates call filters and functions of the program by.
pub(super) const OWN: &str = "__own_";

impl<'p> Solver<'p, '_> {
    /// Templates may call these functions by the name, or each by its own where there is none.
    pub(super) fn filters(&mut self, name: Option<&str>, functions: &[ValId]) {
        for &val in functions {
            let Some(Val::Func(func)) = self.vals.get(val) else {
                continue;
            };
            let own = self.program.func(func);
            let name = match (name, own.func.name) {
                (Some(name), _) => name.to_owned(),
                (None, Some(own_name)) => own.file.facts.str(own_name).to_owned(),
                (None, None) => continue,
            };
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            let name: String = OWN.chars().chain(name.chars().map(plain)).collect();
            // A name that no template has is nobody's concern.
            if let Some(sym) = self.program.symbols.find(&name) {
                let node = self.named_node(sym);
                self.add(node, val);
            }
        }
    }

    /// A decorator registers the function, by the name that it is called with or by that of the function.
    pub(super) fn filter_by_decorator(
        &mut self,
        frame: Frame<'p>,
        decorator: &Decorator,
        name: Option<&Port>,
        itself: ValId,
    ) {
        let given = name.and_then(|port| self.name_given(frame, decorator, port));
        self.filters(given.as_deref(), &[itself]);
    }

    /// The constant text that the call which a decorator is has as this argument.
    fn name_given(&self, frame: Frame<'p>, decorator: &Decorator, port: &Port) -> Option<String> {
        let (at, keyword) = match &port.base {
            PortBase::Arg(ArgIndex::At(at)) => (*at, None),
            PortBase::Arg(ArgIndex::AtOrKeyword(at, keyword)) => (*at, Some(keyword)),
            _ => return None,
        };
        let (owner, instr) = self.decorating(frame, decorator)?;
        let &Instr::Call { args, .. } = instr else {
            return None;
        };
        let args = owner.func.args(args);
        let by_place = args.get(at as usize).filter(|it| it.key == ArgKey::Pos);
        let by_name = args.iter().find(|it| {
            let text = |symbol| owner.file.facts.str(symbol);
            matches!(it.key, ArgKey::Keyword(symbol) if Some(text(symbol)) == keyword.map(String::as_str))
        });
        let Operand::Const(id) = by_place.or(by_name)?.value else {
            return None;
        };
        match owner.file.facts.constant(id) {
            Const::Str(text) => Some(owner.file.facts.str(*text).to_owned()),
            _ => None,
        }
    }
}
