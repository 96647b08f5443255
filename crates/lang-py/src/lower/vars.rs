//! Reading and writing variables.

use super::Lowerer;
use crate::frame::{Bound, Frame, Scope};
use casemate_ir::{
    Binding, Capture, CaptureId, FnKind, GlobalId, Instr, LocalId, LocalKind, Operand, Span, VarRef,
};

/// Where a variable lives, seen from the function being lowered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Local(LocalId),
    Var(VarRef),
}

impl<'a> Lowerer<'a> {
    fn frame_at(&mut self, index: usize) -> &mut Frame<'a> {
        match self.outer.get_mut(index) {
            Some(frame) => frame,
            None => &mut self.frame,
        }
    }

    /// Where a name is read from.
    pub(super) fn place(&mut self, name: &'a str) -> Place {
        let here = self.outer.len();
        let own_class = self.frame.scopes.iter().rev().find(|s| s.is_class);
        if let Some(&local) = own_class.and_then(|s| s.names.get(name)) {
            return Place::Local(local);
        }
        for index in (0..=here).rev() {
            if let Some(local) = self.inner_local(index, name) {
                return self.reach(local, index);
            }
            match self.frame_at(index).names.get(name) {
                Some(Bound::Global) => break,
                Some(Bound::Local(known)) => {
                    let local = match *known {
                        Some(local) => local,
                        None => self.new_local(index, name),
                    };
                    return self.reach(local, index);
                }
                Some(Bound::Nonlocal) | None => {}
            }
        }
        self.module_place(name)
    }

    /// Where a name is written to.
    pub(super) fn target_place(&mut self, name: &'a str) -> Place {
        if let Some(scope) = self.frame.scopes.last_mut()
            && scope.is_class
        {
            let local = match scope.names.get(name) {
                Some(&local) => local,
                None => {
                    let symbol = self.facts.symbol(name);
                    let local = self.frame.builder.local(LocalKind::Named, Some(symbol));
                    if let Some(scope) = self.frame.scopes.last_mut() {
                        scope.names.insert(name, local);
                        scope.order.push(name);
                    }
                    local
                }
            };
            return Place::Local(local);
        }
        self.place(name)
    }

    /// The variable of a comprehension around the code.
    fn inner_local(&mut self, index: usize, name: &str) -> Option<LocalId> {
        let frame = self.frame_at(index);
        frame
            .scopes
            .iter()
            .rev()
            .filter(|s| !s.is_class)
            .find_map(|s| s.names.get(name).copied())
    }

    fn new_local(&mut self, index: usize, name: &'a str) -> LocalId {
        let symbol = self.facts.symbol(name);
        let frame = self.frame_at(index);
        let local = frame.builder.local(LocalKind::Named, Some(symbol));
        frame.names.insert(name, Bound::Local(Some(local)));
        local
    }

    fn module_place(&mut self, name: &'a str) -> Place {
        match self.globals.get(name) {
            Some(&global) => Place::Var(VarRef::Global(global)),
            None => Place::Var(VarRef::Free(self.facts.symbol(name))),
        }
    }

    /// Whether a name is that of a built-in: nothing in the file binds it.
    pub(super) fn is_free(&mut self, name: &'a str) -> bool {
        matches!(self.place(name), Place::Var(VarRef::Free(_)))
    }

    /// Makes a variable of the module.
    pub(super) fn make_global(&mut self, name: &'a str, constant: bool) -> GlobalId {
        if let Some(&known) = self.globals.get(name) {
            if !constant && let Some(binding) = self.facts.facts.globals.get_mut(known.index()) {
                binding.constant = false;
            }
            return known;
        }
        let symbol = self.facts.symbol(name);
        let global = GlobalId::from(self.facts.facts.globals.len());
        self.facts.facts.globals.push(Binding {
            name: symbol,
            constant,
            ty: None,
        });
        self.globals.insert(name, global);
        global
    }

    /// How the function being lowered reaches a local of the one at `owner`.
    pub(super) fn reach(&mut self, local: LocalId, owner: usize) -> Place {
        if owner == self.outer.len() {
            Place::Local(local)
        } else {
            Place::Var(VarRef::Captured(self.capture(local, owner)))
        }
    }

    /// The capture of a local of the function at `owner`, handed down to the function being lowered.
    fn capture(&mut self, local: LocalId, owner: usize) -> CaptureId {
        let locals = &mut self.frame_at(owner).builder.function.locals;
        if let Some(l) = locals.get_mut(local.index()) {
            l.captured = true;
        }
        let mut from = Capture::Local(local);
        let mut capture = CaptureId(0);
        for index in owner + 1..=self.outer.len() {
            let frame = self.frame_at(index);
            capture = match frame.captures.get(&(owner, local)) {
                Some(&known) => known,
                None => {
                    let id = CaptureId::from(frame.builder.function.captures.len());
                    frame.builder.function.captures.push(from);
                    frame.captures.insert((owner, local), id);
                    id
                }
            };
            from = Capture::Outer(capture);
        }
        capture
    }

    pub(super) fn read(&mut self, place: Place, span: Span) -> Operand {
        match place {
            Place::Local(local) => Operand::Local(local),
            Place::Var(var) => {
                let to = self.temp();
                self.emit(Instr::LoadVar { to, var }, span);
                Operand::Local(to)
            }
        }
    }

    pub(super) fn write(&mut self, place: Place, value: Operand, span: Span) {
        match place {
            Place::Local(to) => self.emit(Instr::Copy { to, from: value }, span),
            Place::Var(var) => self.emit(Instr::StoreVar { var, value }, span),
        }
    }

    pub(super) fn read_name(&mut self, name: &'a str, span: Span) -> Operand {
        if let Some(func) = self.method_in_scope(name) {
            let to = self.temp();
            self.emit(Instr::Closure { to, func }, span);
            return Operand::Local(to);
        }
        let place = self.place(name);
        self.read(place, span)
    }

    pub(super) fn write_name(&mut self, name: &'a str, value: Operand, span: Span) {
        let place = self.target_place(name);
        self.write(place, value, span);
    }

    pub(super) fn read_free(&mut self, name: &str, span: Span) -> Operand {
        let symbol = self.symbol(name);
        self.read(Place::Var(VarRef::Free(symbol)), span)
    }

    /// A method of the class whose body is being lowered.
    fn method_in_scope(&self, name: &str) -> Option<casemate_ir::FnId> {
        let scope: &Scope<'a> = self.frame.scopes.last()?;
        scope.methods.get(name).copied()
    }

    /// The receiver of the method around the code, its own or that of a function around it.
    pub(super) fn receiver(&mut self) -> Option<(Place, usize)> {
        for index in (0..=self.outer.len()).rev() {
            let frame = self.frame_at(index);
            if let Some(this) = frame.builder.function.this {
                return Some((self.reach(this, index), index));
            }
            if frame.kind == FnKind::Module {
                return None;
            }
        }
        None
    }
}
