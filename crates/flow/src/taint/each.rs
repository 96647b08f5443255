//! Lists whose every element was tested: `for v in (x, unquote(x)): if bad(v): raise`, `all(ok(p) for p in x.split('/'))`,
//! `parts.every(isOk)`. What every element is clean for, the list is, and what it was made of.

use super::call::Callee;
use super::charset::CharSet;
use super::heap::ObjKind;
use super::interp::{AllocKey, Interp};
use super::place::{PortBase, PortPath};
use super::port::{Argument, CallSite};
use super::summary::Outcome;
use super::value::{ObjId, Value};
use crate::origin::method_name;
use crate::result::FuncId;
use casemate_ir::{
    ArgKey, Block, Const, Instr, LocalId, LocalKind, OpKind, Operand, PartKey, Term,
};
use casemate_model::kind::KindSet;

/// Methods of requests that give all values of one name.
const LISTS: [&str; 5] = ["getlist", "get_list", "getall", "get_all", "get_arguments"];

impl Interp<'_> {
    /// A loop over `of` that takes `item` in its first block came to its end: whatever the body left of its elements.
    pub(super) fn each_walked(&mut self, body: &Block, item: LocalId, of: Operand) {
        let copy = body
            .instrs
            .range()
            .find_map(|at| match *self.f.func.instrs.get(at)? {
                Instr::Copy {
                    to,
                    from: Operand::Local(from),
                } if from == item => Some(to),
                _ => None,
            });
        let Some(item) = copy else { return };
        let named = |l: &casemate_ir::Local| l.kind == LocalKind::Named;
        if !self.f.func.locals.get(item.index()).is_some_and(named)
            || !self.definitions(item).all(|def| self.is_taken(def))
        {
            return;
        }
        let value = self.get(item);
        let clean = value.taints().iter().map(|t| t.clean);
        if let Some(kinds) = clean.reduce(KindSet::intersect) {
            self.each_clean(of, kinds);
        }
    }

    /// Whether an instruction gives a variable the element that a loop takes.
    fn is_taken(&self, def: usize) -> bool {
        match self.f.func.instrs.get(def) {
            Some(Instr::Copy { from, .. }) => {
                matches!(self.definition(*from), Some((_, Instr::IterNext { .. })))
            }
            _ => false,
        }
    }

    /// `list.every(f)` said yes, or `list.some(f)` no: what the function accepts, all elements are.
    pub(super) fn each_called(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        let wanted = match name {
            Some("every") => Outcome::True,
            Some("some") => Outcome::False,
            _ => return,
        };
        let (Some(list), Some(callback)) = (site.this_operand, site.args.first()) else {
            return;
        };
        if outcome != wanted || callback.key != ArgKey::Pos {
            return;
        }
        let Some(func) = self.one_function(callback) else {
            return;
        };
        if wanted == Outcome::False
            && let Some(refused) = self.compared_with(func)
            && let Some((text, _)) = self.split_text(list)
        {
            self.refused(text, &[refused]);
        }
        self.all_placed(func, list, wanted);
        let kinds = self.element_accepted(func, wanted);
        if !kinds.is_empty() {
            self.each_clean(list, kinds);
        }
    }

    /// What `list.filter(f)` leaves is what the function accepts.
    pub(super) fn each_left(&mut self, callee: Operand, site: &CallSite, result: &mut Value) {
        if let [callback] = site.args.as_slice()
            && method_name(self.f, self.call_index, callee) == Some("filter")
            && let Some(func) = self.one_function(callback)
        {
            let kinds = self.element_accepted(func, Outcome::True);
            result.taints = self.without(result, kinds);
            for id in &result.refs {
                self.elements_clean(*id, kinds);
            }
        }
    }

    /// The one function that an argument is.
    fn one_function(&self, argument: &Argument) -> Option<FuncId> {
        match self.callees(argument.operand, &argument.value).as_slice() {
            [Callee::Closure(_, func) | Callee::Func(func)] => Some(*func),
            _ => None,
        }
    }

    /// For what the first parameter of a function is clean where it answers so.
    fn element_accepted(&mut self, func: FuncId, wanted: Outcome) -> KindSet {
        self.asked.push(func);
        let Some(summary) = self.summaries.get(func.0 as usize).and_then(Clone::clone) else {
            return KindSet::EMPTY;
        };
        let first = PortPath::root(PortBase::Param(0));
        let accepted = summary
            .accepts
            .iter()
            .filter(|(port, known, _)| *port == first && *known == wanted);
        accepted.fold(KindSet::EMPTY, |all, (.., kinds)| all.union(*kinds))
    }

    /// The text with which a function compares its first parameter, where that is all it does.
    fn compared_with(&self, func: FuncId) -> Option<String> {
        let f = self.origins.program.func(func);
        let first = Operand::Local(f.func.params.first()?.local);
        let [block] = f.func.blocks.as_slice() else {
            return None;
        };
        let Term::Return(Some(result)) = block.term else {
            return None;
        };
        let made = |i: &&Instr| i.target().map(Operand::Local) == Some(result);
        let Some(&Instr::Op {
            op: OpKind::Eq | OpKind::StrictEq,
            operands,
            ..
        }) = f.func.instrs.iter().find(made)
        else {
            return None;
        };
        let other = match f.func.operands(operands) {
            &[a, other] | &[other, a] if a == first => other,
            _ => return None,
        };
        match other {
            Operand::Const(id) => match f.file.facts.constant(id) {
                Const::Str(text) => Some(f.file.facts.str(*text).to_owned()),
                _ => None,
            },
            Operand::Local(_) => None,
        }
    }

    /// Every element of a list is clean for these kinds.
    fn each_clean(&mut self, list: Operand, kinds: KindSet) {
        if kinds.is_empty() {
            return;
        }
        if kinds.covers(super::kinds::PUBLIC) {
            self.public(list);
        }
        if let Some((text, separator)) = self.split_text(list) {
            let kinds = if kinds.covers(KindSet::ALL) {
                kinds.without(self.k.served_by(separator))
            } else {
                let noted = kinds.intersect(super::kinds::lacks(CharSet::default().complement()));
                // Where no piece is `__proto__`, none of the members on the way is.
                let proto = kinds.intersect(KindSet::of(self.k.proto));
                noted.without(super::kinds::lacks(separator)).union(proto)
            };
            self.clean(text, &[], self.k.close(kinds));
            return;
        }
        if let Some((_, Instr::Array { parts, .. })) = self.definition(list) {
            for part in self.f.func.parts(parts) {
                if part.key != PartKey::Spread {
                    self.clean(part.value, &[], kinds);
                }
            }
        }
        let value = self.operand(list);
        let given = |t: &super::value::Taint| {
            t.identity().is_some_and(|port| {
                port.members().is_empty() && matches!(port.base(), super::place::PortBase::Param(_))
            })
        };
        if value.refs.is_empty() && !value.taints().is_empty() && value.taints().iter().all(given) {
            self.cleaned(list, kinds);
            return;
        }
        if let ([id], None) = (value.refs.as_slice(), &value.taints)
            && self.is_list(*id)
        {
            self.elements_clean(*id, kinds);
        }
        if let Some((at, Instr::Call { callee, .. })) = self.definition(list)
            && let Ok(at) = u32::try_from(at)
            && crate::origin::method_name(self.f, at, callee).is_some_and(|n| LISTS.contains(&n))
        {
            self.clean(list, &[], kinds);
        }
    }

    /// All elements of an object are clean for these kinds.
    fn elements_clean(&mut self, id: ObjId, kinds: KindSet) {
        let Some(mut obj) = self.state.obj(id).cloned() else {
            return;
        };
        obj.any.taints = self.without(&obj.any, kinds);
        for field in &mut obj.fields {
            field.value.taints = self.without(&field.value, kinds);
        }
        let kind = obj.kind;
        *self.state.obj_mut(id, kind) = obj;
    }

    /// The text of `x.split(',')`, and what it was split at.
    fn split_text(&self, list: Operand) -> Option<(Operand, CharSet)> {
        let (at, Instr::Call { callee, .. }) = self.definition(list)? else {
            return None;
        };
        let name = crate::origin::method_name(self.f, u32::try_from(at).ok()?, callee)?;
        let site = self.site_of(at)?;
        let blanks = CharSet::of(" \t\n\r");
        let separator = match (name, site.args.first()) {
            ("split" | "rsplit", None) => blanks,
            ("splitlines", None) => CharSet::of("\r\n"),
            ("split" | "rsplit", Some(given)) => match given.value.as_str() {
                Some(text) => CharSet::of(text),
                None => super::replace::separator(&given.value)?,
            },
            _ => return None,
        };
        Some((site.this_operand?, separator))
    }

    /// Whether an object is a list that was written in this function.
    fn is_list(&self, id: ObjId) -> bool {
        let array = |key: &AllocKey| match key {
            AllocKey::Instr(at) => matches!(
                self.f.func.instrs.get(*at as usize),
                Some(Instr::Array { .. })
            ),
            _ => false,
        };
        let plain = matches!(self.state.obj(id).map(|o| o.kind), Some(ObjKind::Plain));
        plain
            && self
                .ids
                .iter()
                .any(|(key, known)| *known == id && array(key))
    }
}
