//! Errors: what they carry, and what is caught of functions that callers give.

use super::interp::Interp;
use super::port::CallSite;
use super::trace::TraceKind;
use super::value::Value;
use crate::origin::Val;
use crate::program::ClassIdx;
use crate::symbol::Sym;
use casemate_ir::{BlockId, Instr, Language, OpKind, Operand, Term};

/// Classes of errors that one function throws and that are told apart; what further ones carry is joined.
const CLASSES: usize = 8;
/// Classes above a class that are looked at.
const ABOVE: usize = 32;

/// What is thrown, by what the error is: an instance of a class of the program, a value of a package, or nothing that is known.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Thrown {
    errors: Vec<(Option<Val>, Value)>,
}

impl Thrown {
    /// Whether nothing is thrown that carries anything.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// One more error; whether that is new.
    pub fn join(&mut self, is: Option<Val>, value: &Value) -> bool {
        if value.is_empty() {
            return false;
        }
        if let Some((_, known)) = self.errors.iter_mut().find(|(known, _)| *known == is) {
            return known.join(value);
        }
        if self.errors.len() >= CLASSES && is.is_some() {
            return self.join(None, value);
        }
        self.errors.push((is, value.clone()));
        true
    }

    /// More errors; whether any is new.
    pub fn join_all(&mut self, other: &Self) -> bool {
        let mut new = false;
        for (is, value) in &other.errors {
            new |= self.join(*is, value);
        }
        new
    }

    /// What any of the errors carries.
    pub fn whole(&self) -> Value {
        let mut errors = self.errors.iter().map(|(_, value)| value);
        let mut whole = errors.next().cloned().unwrap_or_default();
        for value in errors {
            whole.join(value);
        }
        whole
    }

    /// Each error with what it is.
    pub fn errors(&self) -> impl Iterator<Item = (Option<Val>, &Value)> {
        self.errors.iter().map(|(is, value)| (*is, value))
    }

    /// What each error carries.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.errors.iter_mut().map(|(_, value)| value)
    }
}

/// What a handler caught, where a block is reached by errors of some classes only.
pub(super) type Narrowed = rustc_hash::FxHashMap<BlockId, Thrown>;

impl Interp<'_> {
    /// An error is thrown.
    pub(super) fn thrown_here(&mut self, error: Operand) {
        let again = self.caught_as.map(Operand::Local) == Some(error);
        if again {
            let caught = self.caught.clone();
            self.thrown.join_all(&caught);
            return;
        }
        let value = self.operand(error);
        let is = match self.origins.of_operand(self.f.id, error) {
            [one] => match self.origins.val(*one) {
                Some(Val::Instance(class) | Val::Class(class)) => Some(Val::Instance(class)),
                Some(Val::Api(path)) => {
                    let made = matches!(self.definition(error), Some((_, Instr::Call { .. })));
                    made.then_some(Val::Api(path))
                }
                _ => None,
            },
            _ => None,
        };
        self.thrown.join(is, &value);
    }

    /// `except Moved as e`, `if (e instanceof Moved)`: the errors that are of the class, and those that are not, in the blocks that
    /// nothing else leads to.
    pub(super) fn parted(&self, block: BlockId, narrowed: &mut Narrowed) {
        let Some(caught) = self.caught_as else { return };
        let func = self.f.func;
        let Some(Term::Branch { cond, yes, no }) = func.blocks.get(block.index()).map(|b| b.term)
        else {
            return;
        };
        let Some((_, Instr::Op { op, operands, .. })) = self.definition(cond) else {
            return;
        };
        let (OpKind::InstanceOf, &[error, class]) = (op, func.operands(operands)) else {
            return;
        };
        if error != Operand::Local(caught) {
            return;
        }
        let (mut of, mut others) = (Thrown::default(), Thrown::default());
        for (is, value) in self.caught.errors() {
            let (may, may_not) = self.is_error_of(is, class);
            if may {
                of.join(is, value);
            }
            if may_not {
                others.join(is, value);
            }
        }
        for (block, thrown) in [(yes, of), (no, others)] {
            if self.leads_alone(block) {
                narrowed.insert(block, thrown);
            }
        }
    }

    fn leads_alone(&self, block: BlockId) -> bool {
        let into = |term: &Term| match *term {
            Term::Goto(next) => usize::from(next == block),
            Term::Branch { yes, no, .. } => usize::from(yes == block) + usize::from(no == block),
            _ => 0,
        };
        self.f
            .func
            .blocks
            .iter()
            .map(|b| into(&b.term))
            .sum::<usize>()
            == 1
    }

    /// Whether an error may be of a class, and whether it may be of another.
    fn is_error_of(&self, is: Option<Val>, class: Operand) -> (bool, bool) {
        let Some(is) = is else { return (true, true) };
        let mut classes = vec![class];
        if let Some((_, Instr::Array { parts, .. })) = self.definition(class) {
            classes = self
                .f
                .func
                .parts(parts)
                .iter()
                .map(|part| part.value)
                .collect();
        }
        let (mut may, mut may_not) = (false, true);
        for class in classes {
            let vals = self.origins.of_operand(self.f.id, class);
            if vals.is_empty() {
                return (true, true);
            }
            for &val in vals {
                let Some(Val::Class(class)) = self.origins.val(val) else {
                    may = true;
                    continue;
                };
                // What a package makes is no instance of a class of the program.
                if let Val::Instance(thrown) = is {
                    match self.is_below(thrown, class) {
                        Some(true) => {
                            may = true;
                            may_not &= vals.len() > 1;
                        }
                        Some(false) => {}
                        None => may = true,
                    }
                }
            }
        }
        (may, may_not)
    }

    /// Whether a class is another one or below it; `None` where that is not known.
    fn is_below(&self, class: ClassIdx, above: ClassIdx) -> Option<bool> {
        let mut seen = vec![class];
        let mut known = true;
        let mut next = 0;
        while let Some(&at) = seen.get(next) {
            if at == above {
                return Some(true);
            }
            next += 1;
            let bases = self.origins.of_bases(at);
            // Whatever is thrown has something above it.
            known &= !bases.is_empty();
            for base in bases {
                match self.origins.val(*base) {
                    Some(Val::Class(base)) if seen.contains(&base) => {}
                    Some(Val::Class(base)) if seen.len() < ABOVE => seen.push(base),
                    Some(Val::Api(_)) => {}
                    _ => known = false,
                }
            }
        }
        known.then_some(false)
    }

    /// An error of the language or of a package keeps the message that it is given: whoever prints the object prints it.
    pub(super) fn kept_by_error(&mut self, this: &Value, site: &CallSite) {
        let mut given = Value::default();
        for argument in &site.args {
            given.join(&self.deep(&argument.value));
        }
        if given.taints.is_none() {
            return;
        }
        let kept = self.derive(&given, self.k.operators, TraceKind::Library, site.span);
        let name = match self.f.file.facts.language {
            Language::Python => "args",
            _ => "message",
        };
        let name = self.member_sym(name).unwrap_or(Sym::ANY);
        self.store_value(this, name, kept, false);
    }

    /// `try: return f(request)`, where callers give `f`: what the functions throw that are given anywhere is caught here.
    pub(super) fn caught_here(&mut self, callee: Operand, value: &Value, site: &CallSite) {
        let given = value
            .identities()
            .any(|p| p.members().is_empty() && !p.base().is_absolute());
        if !self.handled || !given {
            return;
        }
        let origins = self.origins;
        for &val in origins.of_operand(self.f.id, callee) {
            if let Some(Val::Func(func)) = origins.val(val) {
                let func = self.callee_at(func);
                self.thrown_by(func, site);
            }
        }
    }
}
