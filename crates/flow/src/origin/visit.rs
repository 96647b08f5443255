//! The rule of each instruction: which values it moves where.

use super::solve::{Frame, NodeId, Solver, making, root_prefix};
use super::value::{Val, ValId, ValSet};
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{
    Const, Decorator, FnKind, Function, Instr, IterKind, Key, LocalId, Operand, PartKey, Term,
    TypeRef, VarRef,
};
use casemate_model::path::Step;
use casemate_model::row::{Role, Row};

impl<'p, 'm> Solver<'p, 'm> {
    /// Takes the open steps of a function in order; whether some are open again.
    pub(super) fn evaluate(&mut self, id: FuncId) -> bool {
        let frame = Frame {
            f: self.program.func(id),
        };
        let first = self.steps.first(id);
        let mut next = first;
        while let Some(step) = self.steps.take(id, next) {
            next = step + 1;
            self.now = self.now.wrapping_add(1);
            self.current = step;
            match (step - first).checked_sub(1) {
                None => self.entry(frame),
                Some(index) => match frame.f.func.instrs.get(index as usize) {
                    Some(instr) => self.instr(frame, index, instr),
                    None => self.results(frame),
                },
            }
        }
        self.steps.is_open(id)
    }

    /// What a function returns, and what a module exports to frameworks.
    fn results(&mut self, frame: Frame<'p>) {
        let func: &'p Function = frame.f.func;
        if func.kind == FnKind::Module {
            self.exported_handlers(frame);
        }
        let result = self.return_node(frame.f.id);
        for block in &func.blocks {
            if let Term::Return(Some(value)) = block.term {
                let vals = self.operand(frame, value);
                self.add_all(result, &vals);
            }
        }
    }

    /// Annotated and decorated parameters.
    pub(super) fn entry(&mut self, frame: Frame<'p>) {
        self.decorated(frame);
        for param in &frame.f.func.params {
            if let Some(ty) = &param.ty {
                let vals = self.instances(frame, ty);
                self.set(frame, param.local, &vals);
            }
            for decorator in &param.decorators {
                let Some(parent) = frame.f.parent() else {
                    continue;
                };
                let Operand::Local(local) = decorator.value else {
                    continue;
                };
                let node = self.local_node(parent, local);
                let mut vals = self.get_shared(node);
                vals.extend(self.token(frame, decorator));
                for val in vals {
                    if let Some(Val::Api(path)) = self.vals.get(val)
                        && let Some(decorated) = self.paths.step(path, &Step::Deco)
                        && self.paths.known(decorated)
                    {
                        let val = self.vals.id(Val::Api(decorated));
                        self.set(frame, param.local, &[val]);
                    }
                }
            }
        }
        for (index, local) in frame.f.func.locals.iter().enumerate() {
            if let Some(ty) = &local.ty {
                let vals = self.instances(frame, ty);
                let local = LocalId::from(index);
                self.set(frame, local, &vals);
                let node = self.local_node(frame.f.id, local);
                self.typed_functions(frame, node, &vals);
            }
        }
        if frame.f.func.kind == FnKind::Module {
            for (index, binding) in frame.f.file.facts.globals.iter().enumerate() {
                if let Some(ty) = &binding.ty {
                    let vals = self.instances(frame, ty);
                    let node = self.global_node(frame.f.global(casemate_ir::GlobalId::from(index)));
                    self.add_all(node, &vals);
                    self.typed_functions(frame, node, &vals);
                }
            }
        }
    }

    /// What the call that decorates a parameter names first: `@Inject(REQUEST)` gives it what stands for `REQUEST`.
    fn token(&mut self, frame: Frame<'p>, decorator: &Decorator) -> ValSet {
        let first = self
            .decorating(frame, decorator)
            .and_then(|(owner, instr)| {
                let Instr::Call { args, .. } = *instr else {
                    return None;
                };
                match owner.func.args(args).first()?.value {
                    Operand::Local(local) => Some(self.local_node(owner.id, local)),
                    Operand::Const(_) => None,
                }
            });
        first.map_or_else(ValSet::new, |node| self.get_shared(node))
    }

    /// A function in a variable whose type is that of a package's callback: `const f: RequestHandler = (req, res) => …`.
    pub(super) fn typed_functions(&mut self, frame: Frame<'p>, node: NodeId, types: &[ValId]) {
        for &ty in types {
            if let Some(Val::Api(path)) = self.vals.get(ty)
                && self.paths.known(path)
            {
                for val in self.get_shared(node) {
                    if matches!(self.vals.get(val), Some(Val::Func(_))) {
                        self.given(frame, path, val, 0);
                    }
                }
            }
        }
    }

    /// What a value of an annotated type may be.
    pub(super) fn instances(&mut self, frame: Frame<'p>, ty: &TypeRef) -> ValSet {
        let mut out = ValSet::new();
        if ty.primitive.is_some()
            || ty
                .wrapper
                .is_some_and(|w| frame.f.file.facts.str(w) != "Promise")
        {
            return out;
        }
        let alias = self.aliases.get(self.program, frame.f, ty);
        let (mut vals, rest) = match (alias, ty.binding) {
            (Some(alias), _) => {
                let module = Frame { f: alias.module };
                (self.operand(module, alias.ty), &[][..])
            }
            (None, Some(var)) => (self.var(frame, var), ty.path.get(1..).unwrap_or(&[])),
            (None, None) => {
                let Some(&first) = ty.path.first() else {
                    return out;
                };
                let name = frame.f.file.facts.str(first);
                let Some(path) = self
                    .paths
                    .global(root_prefix(frame.f.file.facts.language), name)
                else {
                    return out;
                };
                let val = self.vals.id(Val::Api(path));
                (ValSet::from_slice(&[val]), ty.path.get(1..).unwrap_or(&[]))
            }
        };
        for &name in rest {
            let sym = frame.f.sym(name);
            vals = self.load_all(frame, &vals, sym);
        }
        for val in vals {
            let made = match self.vals.get(val) {
                Some(Val::Class(class)) => Some(Val::Instance(class)),
                Some(Val::Func(func)) => Some(Val::FnInstance(func)),
                Some(Val::Api(path)) => self.paths.step(path, &making(frame)).map(Val::Api),
                _ => None,
            };
            if let Some(made) = made {
                let made = self.vals.id(made);
                if !out.contains(&made) {
                    out.push(made);
                }
            }
        }
        // What fills the parameter is what the dependency gives.
        if let Some(alias) = alias {
            for val in self.operand(Frame { f: alias.module }, alias.dependency) {
                if !out.contains(&val) {
                    out.push(val);
                }
            }
        }
        out
    }

    /// A base class of the language that has no members of its own: it only says something of the class to type checkers.
    fn is_marker(&self, base: ValId) -> bool {
        const MARKERS: [&str; 5] = [
            "py:typing.Generic",
            "py:typing.Protocol",
            "py:typing_extensions.Generic",
            "py:typing_extensions.Protocol",
            "py:abc.ABC",
        ];
        match self.vals.get(base) {
            Some(Val::Api(path)) => {
                let name = self.paths.text(path);
                MARKERS.iter().any(|marker| name.starts_with(marker))
            }
            _ => false,
        }
    }

    pub(super) fn var(&mut self, frame: Frame<'p>, var: VarRef) -> ValSet {
        match var {
            VarRef::Global(global) => {
                let node = self.global_node(frame.f.global(global));
                self.get_shared(node)
            }
            VarRef::Captured(capture) => match self.capture_owner(frame.f, capture) {
                Some((owner, local)) => {
                    let node = self.local_node(owner, local);
                    self.get_shared(node)
                }
                None => ValSet::new(),
            },
            VarRef::Free(name) => {
                let text = frame.f.file.facts.str(name);
                let val = match text {
                    "module" => Some(Val::Module(frame.f.file_idx)),
                    "exports" => Some(Val::Exports(frame.f.file_idx)),
                    _ => self
                        .paths
                        .global(root_prefix(frame.f.file.facts.language), text)
                        .map(Val::Api),
                };
                if val.is_none() && text.starts_with(super::filters::OWN) {
                    let node = self.named_node(frame.f.sym(name));
                    return self.get_shared(node);
                }
                if val.is_none() && self.assigned_names.contains(&frame.f.sym(name)) {
                    let node = self.named_node(frame.f.sym(name));
                    return self.get_shared(node);
                }
                val.map_or_else(ValSet::new, |v| ValSet::from_slice(&[self.vals.id(v)]))
            }
        }
    }

    pub(super) fn instr(&mut self, frame: Frame<'p>, index: u32, instr: &Instr) {
        let func = frame.f.func;
        match *instr {
            Instr::Copy { to, from } | Instr::Await { to, from } => {
                let vals = self.operand(frame, from);
                self.set(frame, to, &vals);
            }
            Instr::Load { to, base, key } => {
                let base = self.operand(frame, base);
                let sym = self.key(frame, key);
                let mut vals = self.load_all(frame, &base, sym);
                if sym == Sym::ANY && matches!(key, Key::Computed(_)) {
                    self.any_member(frame, (index, to), &base, &mut vals);
                }
                self.set(frame, to, &vals);
            }
            Instr::Store { base, key, value } => {
                let base = self.operand(frame, base);
                let value = self.operand(frame, value);
                let sym = self.key(frame, key);
                if sym == Sym::ANY && super::wraps_member(func, index as usize) {
                    return;
                }
                if sym == Sym::ANY
                    && let Some(made) = super::wrapped::made_of_member(func, index as usize)
                    && self.keep_keys(frame, &base, made, &value)
                {
                    return;
                }
                for val in base {
                    self.store(frame, val, sym, &value);
                    self.store_to_package(frame, val, sym, &value);
                }
            }
            Instr::LoadVar { to, var } => {
                let vals = self.var(frame, var);
                self.set(frame, to, &vals);
            }
            Instr::StoreVar { var, value } => {
                let vals = self.operand(frame, value);
                let node = match var {
                    VarRef::Global(global) => Some(self.global_node(frame.f.global(global))),
                    VarRef::Captured(capture) => self
                        .capture_owner(frame.f, capture)
                        .map(|(owner, local)| self.local_node(owner, local)),
                    VarRef::Free(name) => Some(self.named_node(frame.f.sym(name))),
                };
                if let Some(node) = node {
                    self.add_all(node, &vals);
                }
            }
            Instr::Object { to, parts } | Instr::Array { to, parts } => {
                let object = self.vals.id(Val::Object(frame.f.id, index));
                self.set(frame, to, &[object]);
                let mut next = 0;
                for part in func.parts(parts) {
                    let value = self.operand(frame, part.value);
                    let sym = match part.key {
                        PartKey::Field(name) => frame.f.sym(name),
                        PartKey::Next => {
                            next += 1;
                            Sym::index(next - 1)
                        }
                        PartKey::Computed(_) => Sym::ANY,
                        PartKey::Spread => {
                            next = 0x100;
                            for val in value {
                                self.copy_members(frame, val, object);
                            }
                            continue;
                        }
                        PartKey::Getter(name) => {
                            let sym = frame.f.sym(name);
                            let node = self.field_node(object, sym);
                            for val in value {
                                if let Some(Val::Func(getter)) = self.vals.get(val) {
                                    let result = self.return_node(getter);
                                    let vals = self.get_shared(result);
                                    self.add_all(node, &vals);
                                }
                            }
                            continue;
                        }
                        PartKey::Setter(_) => continue,
                    };
                    self.store(frame, object, sym, &value);
                    self.hang_in_context(frame.f.id, index, sym, &value);
                }
                self.resolvers(frame, object, parts);
            }
            Instr::Op { to, op, operands } => {
                // Only a choice between operands passes objects on.
                if matches!(op, casemate_ir::OpKind::Select | casemate_ir::OpKind::Rest) {
                    for &operand in func.operands(operands) {
                        let vals = self.operand(frame, operand);
                        self.set(frame, to, &vals);
                    }
                }
            }
            Instr::Closure { to, func } => {
                let val = self.vals.id(Val::Func(frame.f.sibling(func)));
                self.set(frame, to, &[val]);
            }
            Instr::Class { to, class, base } => {
                let class = frame.f.class(class);
                let val = self.vals.id(Val::Class(class));
                self.set(frame, to, &[val]);
                if let Some(base) = base {
                    let mut vals = self.operand(frame, base);
                    vals.retain(|base| !self.is_marker(*base));
                    let node = self.field_node(val, Sym::ANY);
                    self.add_all(node, &vals);
                }
                self.class_fields(frame, class);
                self.inherited(frame, class);
            }
            Instr::Call { .. } => self.call(frame, index, instr),
            Instr::Import { to, import, name } => {
                let name = name.map(|n| frame.f.sym(n));
                let vals = self.import(frame, import.index(), name);
                self.set(frame, to, &vals);
            }
            Instr::Yield {
                to: _,
                value,
                delegate,
            } => {
                let vals = self.operand(frame, value);
                let generator = self.vals.id(Val::Object(frame.f.id, u32::MAX - 1));
                if delegate {
                    for val in vals {
                        self.copy_members(frame, val, generator);
                    }
                } else {
                    self.store(frame, generator, Sym::ANY, &vals);
                }
                let node = self.return_node(frame.f.id);
                self.add(node, generator);
            }
            Instr::IterNext { to, of, kind } => {
                if kind == IterKind::Elements {
                    let of = self.operand(frame, of);
                    let vals = self.load_all(frame, &of, Sym::ANY);
                    self.set(frame, to, &vals);
                }
            }
            Instr::Catch { to } => {
                // What is caught is an error, as far as anybody knows.
                let prefix = root_prefix(frame.f.file.facts.language);
                if let Some(error) = self.paths.global(prefix, "Error")
                    && let Some(made) = self.paths.step(error, &Step::New)
                {
                    let val = self.vals.id(Val::Api(made));
                    self.set(frame, to, &[val]);
                }
            }
            Instr::Delete { .. }
            | Instr::Template { .. }
            | Instr::Output { .. }
            | Instr::Opaque { .. } => {}
        }
    }

    /// Annotated fields of a class.
    pub(super) fn class_fields(&mut self, frame: Frame<'p>, class: crate::program::ClassIdx) {
        let Some((_, def)) = self.program.class(class) else {
            return;
        };
        let instance = self.vals.id(Val::Instance(class));
        for member in &def.members {
            if let Some(ty) = &member.ty
                && member.func.is_none()
            {
                let vals = self.instances(frame, ty);
                if !vals.is_empty() {
                    let node = self.field_node(instance, frame.f.sym(member.name));
                    self.add_all(node, &vals);
                }
            }
        }
    }

    pub(super) fn key(&self, frame: Frame<'p>, key: Key) -> Sym {
        match key {
            Key::Field(name) => frame.f.sym(name),
            Key::Index(index) => Sym::index(index),
            Key::Computed(Operand::Const(id)) => match frame.f.file.facts.constant(id) {
                Const::Str(text) => frame.f.sym(*text),
                Const::Number(bits) => {
                    let n = f64::from_bits(*bits);
                    if (0.0..256.0).contains(&n) && n.fract() == 0.0 {
                        Sym::index(n as u32)
                    } else {
                        Sym::ANY
                    }
                }
                _ => Sym::ANY,
            },
            Key::Computed(Operand::Local(_)) => Sym::ANY,
        }
    }

    /// A member of a package's value is written: a callback (`socket.onmessage = f`), or a sink.
    pub(super) fn store_to_package(
        &mut self,
        frame: Frame<'p>,
        base: ValId,
        sym: Sym,
        value: &[ValId],
    ) {
        if let Some(Val::Api(path)) = self.vals.get(base)
            && let Some(member) = self.member_path(path, sym)
            && self.paths.known(member)
        {
            for &val in value {
                self.given(frame, member, val, 0);
            }
            let filter = |row: &Row| matches!(row.role, Role::Filter { function: None, .. });
            if self.paths.rows(member).any(|(_, row)| filter(row)) {
                let name = self.program.text(sym).to_owned();
                self.filters(Some(&name), value);
            }
        }
    }
}
