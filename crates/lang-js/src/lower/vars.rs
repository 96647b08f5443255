//! Reading and writing variables.

use super::{Lowerer, sp};
use crate::scope::{Frame, This, VarKey};
use casemate_ir::{
    Binding, Capture, CaptureId, FnKind, GlobalId, Instr, Key, LocalId, LocalKind, Operand, Span,
    Symbol, VarRef,
};
use oxc_ast::ast::{BindingIdentifier, IdentifierReference};
use oxc_semantic::SymbolId;

/// Where a variable lives, seen from the function being lowered.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Local(LocalId),
    Var(VarRef),
    /// A member of the locals of a template.
    TemplateLocal(Symbol),
}

impl<'a> Lowerer<'a> {
    /// The symbol behind a reference; absent for a free name.
    pub(super) fn symbol_of(&self, ident: &IdentifierReference<'a>) -> Option<SymbolId> {
        let reference = ident.reference_id.get()?;
        self.scopes.scoping.get_reference(reference).symbol_id()
    }

    pub(super) fn reference_place(&mut self, ident: &IdentifierReference<'a>) -> Place {
        match self.symbol_of(ident) {
            Some(symbol) => self.symbol_place(symbol),
            None => self.free_place(ident.name.as_str()),
        }
    }

    fn free_place(&mut self, name: &str) -> Place {
        if name == "arguments"
            && let Some(place) = self.arguments_place()
        {
            return place;
        }
        if name == "__locals"
            && let Some(local) = self.template
        {
            return self.reach(VarKey::TemplateLocals, local, 0);
        }
        let symbol = self.symbol(name);
        if self.template.is_some() && !super::template::is_free(name) {
            return Place::TemplateLocal(symbol);
        }
        Place::Var(VarRef::Free(symbol))
    }

    pub(super) fn symbol_place(&mut self, symbol: SymbolId) -> Place {
        if let Some(global) = self.scopes.global(symbol) {
            return Place::Var(VarRef::Global(global));
        }
        if self.scopes.holds(&self.frame, symbol) {
            return Place::Local(self.own_local(symbol, self.outer.len()));
        }
        match self
            .outer
            .iter()
            .rposition(|f| self.scopes.holds(f, symbol))
        {
            Some(index) => {
                let local = self.own_local(symbol, index);
                Place::Var(VarRef::Captured(self.capture(
                    VarKey::Symbol(symbol),
                    local,
                    index,
                )))
            }
            None => Place::Local(self.own_local(symbol, self.outer.len())),
        }
    }

    /// The local of a symbol in the function at `index`.
    fn own_local(&mut self, symbol: SymbolId, index: usize) -> LocalId {
        let function = self.frame_at(index).id;
        if let Some(local) = self.scopes.local(symbol, function) {
            return local;
        }
        let scoping = self.scopes.scoping;
        let name = self.facts.symbol(scoping.symbol_name(symbol));
        let local = self
            .frame_at(index)
            .builder
            .local(LocalKind::Named, Some(name));
        self.scopes.set_local(symbol, function, local);
        local
    }

    fn frame_at(&mut self, index: usize) -> &mut Frame<'a> {
        match self.outer.get_mut(index) {
            Some(frame) => frame,
            None => &mut self.frame,
        }
    }

    /// The capture of a local of the function at `owner`, handed down to the function being lowered.
    fn capture(&mut self, key: VarKey, local: LocalId, owner: usize) -> CaptureId {
        if let Some(l) = self
            .frame_at(owner)
            .builder
            .function
            .locals
            .get_mut(local.index())
        {
            l.captured = true;
        }
        let mut from = Capture::Local(local);
        let mut capture = CaptureId(0);
        for index in owner + 1..=self.outer.len() {
            let frame = self.frame_at(index);
            capture = match frame.captures.get(&key) {
                Some(&known) => known,
                None => {
                    let id = CaptureId::from(frame.builder.function.captures.len());
                    frame.builder.function.captures.push(from);
                    frame.captures.insert(key, id);
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
            Place::TemplateLocal(name) => {
                let base = self.template_locals(span);
                let to = self.temp();
                self.emit(
                    Instr::Load {
                        to,
                        base,
                        key: Key::Field(name),
                    },
                    span,
                );
                Operand::Local(to)
            }
        }
    }

    pub(super) fn write(&mut self, place: Place, value: Operand, span: Span) {
        match place {
            Place::Local(to) => self.emit(Instr::Copy { to, from: value }, span),
            Place::Var(var) => self.emit(Instr::StoreVar { var, value }, span),
            Place::TemplateLocal(name) => {
                let base = self.template_locals(span);
                self.emit(
                    Instr::Store {
                        base,
                        key: Key::Field(name),
                        value,
                    },
                    span,
                );
            }
        }
    }

    pub(super) fn read_identifier(&mut self, ident: &IdentifierReference<'a>) -> Operand {
        let symbol = self.symbol_of(ident);
        if symbol.is_none() && ident.name == "undefined" {
            return self.undefined();
        }
        let place = self.reference_place(ident);
        self.read(place, sp(ident.span))
    }

    pub(super) fn read_free(&mut self, name: &str, span: Span) -> Operand {
        let symbol = self.symbol(name);
        self.read(Place::Var(VarRef::Free(symbol)), span)
    }

    /// Assigns a declared name; one without a symbol (a broken file) is opaque.
    pub(super) fn write_binding(
        &mut self,
        ident: &BindingIdentifier<'a>,
        value: Operand,
        span: Span,
    ) {
        match ident.symbol_id.get() {
            Some(symbol) => {
                let place = self.symbol_place(symbol);
                self.write(place, value, span);
            }
            None => {
                self.opaque(&[value], span);
            }
        }
    }

    /// Makes a symbol a module-level variable.
    pub(super) fn make_global(&mut self, symbol: SymbolId) -> GlobalId {
        if let Some(global) = self.scopes.global(symbol) {
            return global;
        }
        let scoping = self.scopes.scoping;
        let constant = !scoping.symbol_is_mutated(symbol);
        let global = self.new_global(scoping.symbol_name(symbol), constant);
        self.scopes.set_global(symbol, global);
        global
    }

    pub(super) fn new_global(&mut self, name: &str, constant: bool) -> GlobalId {
        let name = self.symbol(name);
        let global = GlobalId::from(self.facts.facts.globals.len());
        self.facts.facts.globals.push(Binding {
            name,
            constant,
            ty: None,
        });
        global
    }

    pub(super) fn this(&mut self, span: Span) -> Operand {
        let place = self.this_place();
        self.read(place, span)
    }

    fn this_place(&mut self) -> Place {
        let here = self.outer.len();
        let mut index = here;
        while index > 0 && self.frame_at(index).this == This::Lexical {
            index -= 1;
        }
        let frame = self.frame_at(index);
        let local = match frame.this {
            This::Value(local) => local,
            This::Own => match frame.builder.function.this {
                Some(local) => local,
                None => {
                    let local = frame.builder.local(LocalKind::This, None);
                    frame.builder.function.this = Some(local);
                    local
                }
            },
            This::Free | This::Lexical => {
                let name = self.symbol("this");
                return Place::Var(VarRef::Free(name));
            }
        };
        self.reach(VarKey::This, local, index)
    }

    fn arguments_place(&mut self) -> Option<Place> {
        let mut index = self.outer.len();
        loop {
            match self.frame_at(index).kind {
                FnKind::Arrow if index > 0 => index -= 1,
                FnKind::Arrow | FnKind::Module | FnKind::Template => return None,
                _ => break,
            }
        }
        let frame = self.frame_at(index);
        let local = match frame.builder.function.arguments {
            Some(local) => local,
            None => {
                let local = frame.builder.local(LocalKind::Arguments, None);
                frame.builder.function.arguments = Some(local);
                local
            }
        };
        Some(self.reach(VarKey::Arguments, local, index))
    }

    fn template_locals(&mut self, span: Span) -> Operand {
        match self.template {
            Some(local) => {
                let place = self.reach(VarKey::TemplateLocals, local, 0);
                self.read(place, span)
            }
            None => self.undefined(),
        }
    }

    fn reach(&mut self, key: VarKey, local: LocalId, owner: usize) -> Place {
        if owner == self.outer.len() {
            Place::Local(local)
        } else {
            Place::Var(VarRef::Captured(self.capture(key, local, owner)))
        }
    }
}
