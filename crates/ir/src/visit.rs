//! What an instruction writes and reads, and the places that facts name.

use crate::facts::FileFacts;
use crate::function::Function;
use crate::ids::{BlockId, LocalId, Span};
use crate::instr::{Instr, Key, Operand, PartKey, Term};

impl Instr {
    /// The local that it writes.
    #[must_use]
    pub const fn target(&self) -> Option<LocalId> {
        match *self {
            Self::Copy { to, .. }
            | Self::Load { to, .. }
            | Self::LoadVar { to, .. }
            | Self::Object { to, .. }
            | Self::Array { to, .. }
            | Self::Template { to, .. }
            | Self::Op { to, .. }
            | Self::Closure { to, .. }
            | Self::Class { to, .. }
            | Self::Call { to, .. }
            | Self::Import { to, .. }
            | Self::Await { to, .. }
            | Self::Yield { to, .. }
            | Self::IterNext { to, .. }
            | Self::Catch { to }
            | Self::Opaque { to, .. } => Some(to),
            Self::Store { .. }
            | Self::Delete { .. }
            | Self::StoreVar { .. }
            | Self::Output { .. } => None,
        }
    }
}

impl Term {
    /// The blocks that may follow.
    pub fn successors(&self) -> impl Iterator<Item = BlockId> + use<> {
        let (first, second) = match *self {
            Self::Goto(to) => (Some(to), None),
            Self::Branch { yes, no, .. } => (Some(yes), Some(no)),
            Self::Return(_) | Self::Throw(_) | Self::Unreachable => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// What it reads.
    #[must_use]
    pub const fn operand(&self) -> Option<Operand> {
        match *self {
            Self::Branch { cond, .. } => Some(cond),
            Self::Return(value) => value,
            Self::Throw(value) => Some(value),
            Self::Goto(_) | Self::Unreachable => None,
        }
    }
}

impl Function {
    /// Calls `visit` with each operand that an instruction of this function reads, in order of evaluation.
    pub fn each_read(&self, instr: &Instr, mut visit: impl FnMut(Operand)) {
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => visit(from),
            Instr::Load { base, key, .. } | Instr::Delete { base, key } => {
                visit(base);
                visit_key(key, &mut visit);
            }
            Instr::Store { base, key, value } => {
                visit(base);
                visit_key(key, &mut visit);
                visit(value);
            }
            Instr::StoreVar { value, .. }
            | Instr::Yield { value, .. }
            | Instr::Output { value, .. } => visit(value),
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                for part in self.parts(parts) {
                    if let PartKey::Computed(key) = part.key {
                        visit(key);
                    }
                    visit(part.value);
                }
            }
            Instr::Template { operands, .. }
            | Instr::Op { operands, .. }
            | Instr::Opaque { operands, .. } => {
                self.operands(operands).iter().copied().for_each(visit);
            }
            Instr::Class { base, .. } => {
                if let Some(base) = base {
                    visit(base);
                }
            }
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => {
                if !flags.super_call {
                    visit(callee);
                }
                if let Some(this) = this {
                    visit(this);
                }
                self.args(args).iter().for_each(|arg| visit(arg.value));
            }
            Instr::IterNext { of, .. } => visit(of),
            Instr::LoadVar { .. }
            | Instr::Closure { .. }
            | Instr::Import { .. }
            | Instr::Catch { .. } => {}
        }
    }
}

fn visit_key(key: Key, visit: &mut impl FnMut(Operand)) {
    if let Key::Computed(key) = key {
        visit(key);
    }
}

impl FileFacts {
    /// Changes every place: a front end that lowers a script tells it in places of what the script stands for.
    pub fn each_span(&mut self, mut change: impl FnMut(&mut Span)) {
        self.notes.iter_mut().for_each(|it| change(&mut it.span));
        self.comments.iter_mut().for_each(|it| change(&mut it.0));
        self.imports.iter_mut().for_each(|it| change(&mut it.span));
        for class in &mut self.classes {
            change(&mut class.span);
            class
                .decorators
                .iter_mut()
                .for_each(|it| change(&mut it.span));
            for member in &mut class.members {
                change(&mut member.span);
                member
                    .decorators
                    .iter_mut()
                    .for_each(|it| change(&mut it.span));
            }
        }
        self.functions
            .iter_mut()
            .for_each(|it| function_spans(it, &mut change));
    }
}

fn function_spans(function: &mut Function, change: &mut impl FnMut(&mut Span)) {
    change(&mut function.span);
    change(&mut function.head);
    function.spans.iter_mut().for_each(&mut *change);
    function
        .blocks
        .iter_mut()
        .for_each(|it| change(&mut it.term_span));
    let decorators = function.params.iter_mut().flat_map(|it| &mut it.decorators);
    decorators
        .chain(&mut function.decorators)
        .for_each(|it| change(&mut it.span));
}
