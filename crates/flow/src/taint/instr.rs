//! What one instruction does to the state.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::labels::label_kind;
use super::place::{PortBase, PortPath};
use super::trace::{TraceKind, TraceNode};
use super::value::{Konst, Origin, Taint, Value};
use crate::origin::Val;
use crate::program::Target;
use crate::program::to_u32;
use crate::result::FileIdx;
use crate::symbol::Sym;
use casemate_ir::{Capture, ExportKind, Instr, IterKind, Key, Operand, PartKey, Span, VarRef};
use std::sync::Arc;

impl Interp<'_> {
    /// One instruction; `false` when what follows is not reached.
    pub(super) fn instr(&mut self, at: usize, instr: &Instr) -> bool {
        let func = self.f.func;
        match *instr {
            Instr::Copy { to, from } => {
                let value = self.operand(from);
                self.set(to, value);
            }
            Instr::Await { to, from } => {
                let mut value = self.operand(from);
                value.consts = value.consts.filter(|c| !c.contains(&Konst::Present));
                self.set(to, value);
            }
            Instr::Load {
                to,
                base: base_operand,
                key,
            } => {
                let base = self.operand(base_operand);
                let sym = self.key(key);
                let span = self.span(at);
                let mut value = match letter(&base, sym) {
                    Some(letter) => Value::constant(letter),
                    None => self.load(&base, sym),
                };
                if self.origins.getters.contains(&sym)
                    && let Some(got) = self.got(base_operand, &base, sym, span)
                {
                    value.join(&got);
                }
                if self.is_python() && (value.is_empty() || matches!(key, Key::Computed(_))) {
                    self.subscript(base_operand, &base, key, span, &mut value);
                }
                if base.is_empty()
                    && let Some(offered) = self.of_module(base_operand, sym)
                {
                    value = offered;
                }
                self.constant_member(base_operand, sym, &mut value);
                if let Key::Computed(key) = key
                    && sym == Sym::ANY
                    && !self.is_dictionary(base_operand)
                {
                    let key = self.operand(key);
                    self.load_by_key(at, &key, &mut value);
                }
                self.reread(&mut value, span);
                let inherited = self.inherited_labels(base_operand, sym, to, span);
                for label in self
                    .member_labels(base_operand, sym, span)
                    .into_iter()
                    .chain(inherited)
                {
                    let kept = value.taints().iter().any(
                        |t| matches!(t.origin, Origin::Source(s) if s.kind == label_kind(&label)),
                    );
                    if !kept && !self.overwritten(&base, sym) {
                        let labelled = self.labelled(at, label);
                        value.join_parts(labelled);
                    }
                }
                self.field_clears(base_operand, sym, &mut value);
                self.validated(base_operand, sym, &mut value);
                if base.is_empty() {
                    self.held_given(to, &mut value);
                }
                if let Key::Field(name) = key {
                    self.noted_host(base_operand, self.f.file.facts.str(name), &mut value);
                }
                self.set(to, value);
            }
            Instr::Store { base, key, value } => {
                let sym = self.key(key);
                let operand = value;
                let value = self.below_host(base, sym, self.operand(value));
                if let Key::Computed(key) = key {
                    self.computed_store(at, base, key, &value);
                    self.column_store(at, base, key);
                }
                match key {
                    // Who chooses the name of a member has written into the object as well.
                    Key::Computed(key) if sym == Sym::ANY => {
                        let mut written = value.clone();
                        written.join_taints(&self.operand(key));
                        self.member_sinks(at, base, sym, &written, operand);
                    }
                    _ => self.member_sinks(at, base, sym, &value, operand),
                }
                self.store_operand(at, base, sym, value);
            }
            Instr::Delete { base, key } => {
                let sym = self.key(key);
                if sym != Sym::ANY {
                    self.store_operand(at, base, sym, Value::constant(Konst::Undefined));
                }
            }
            Instr::LoadVar { to, var } => {
                let mut value = self.var(var);
                let span = self.span(at);
                for label in self.labels(to, span) {
                    value.add_taint(label);
                }
                self.set(to, value);
            }
            Instr::StoreVar {
                var,
                value: operand,
            } => {
                let value = self.operand(operand);
                match var {
                    VarRef::Global(g) => {
                        let global = self.f.global(g);
                        if let Some(path) = self.origins.stands_for(global) {
                            self.value_sinks(path, &value, Some(operand), self.span(at));
                        }
                        let port = PortPath::root(PortBase::Global(global));
                        self.state.set_var(port, value);
                    }
                    VarRef::Captured(c) => self
                        .state
                        .set_var(PortPath::root(PortBase::Capture(c.0)), value),
                    VarRef::Free(name) => {
                        let port = PortPath::root(PortBase::Named(self.f.sym(name)));
                        self.state.set_var(port, value);
                    }
                }
            }
            Instr::Object { to, parts } | Instr::Array { to, parts } => {
                let id = self.alloc(AllocKey::Instr(to_u32(at)));
                let is_list = matches!(instr, Instr::Array { .. });
                let mut obj = Obj::new(ObjKind::Plain);
                let mut carried = Value::default();
                let mut next = 0;
                for part in func.parts(parts) {
                    let value = self.operand(part.value);
                    match part.key {
                        PartKey::Spread if is_list => {
                            self.spread_list(&value, &mut obj, &mut carried, &mut next);
                        }
                        PartKey::Field(name) => obj.set(self.f.sym(name), value, true),
                        PartKey::Next => {
                            obj.set(Sym::index(next), value, true);
                            next += 1;
                        }
                        PartKey::Computed(key) => match self.const_key(key) {
                            Some(sym) => obj.set(sym, value, true),
                            None => obj.set(Sym::ANY, value, false),
                        },
                        PartKey::Spread => {
                            next = 0x100;
                            self.spread(&value, &mut obj, &mut carried);
                        }
                        PartKey::Getter(name) => {
                            let result =
                                self.call_value(&value, &Value::default(), &[], self.span(at));
                            obj.set(self.f.sym(name), result, false);
                        }
                        PartKey::Setter(_) => {}
                    }
                }
                // Each execution makes a new object; the abstract one stands for the last.
                *self.state.obj_mut(id, ObjKind::Plain) = obj;
                let mut value = Value::object(id);
                value.taints = carried.taints;
                self.set(to, value);
            }
            Instr::Template { to, operands } => {
                let value = self.template(at, func.operands(operands));
                self.set(to, value);
            }
            Instr::Op { to, op, operands } => {
                let value = self.op(at, op, func.operands(operands));
                self.set(to, value);
            }
            Instr::Closure { to, func: inner } => {
                let value = self.closure(at, inner);
                self.set(to, value);
            }
            Instr::Class { to, .. } => self.set(to, Value::constant(Konst::Present)),
            Instr::Call {
                to,
                callee,
                this,
                args,
                flags,
            } => {
                self.call_index = to_u32(at);
                return self.call(at, to, callee, this, func.args(args), flags);
            }
            Instr::Import { to, import, name } => {
                let span = self.span(at);
                let mut value = match (self.f.file.imports.get(import.index()), name) {
                    (Some(Target::File(file)), Some(name)) if self.is_python() => {
                        self.offered(*file, self.f.sym(name), 0).unwrap_or_default()
                    }
                    _ => Value::default(),
                };
                for label in self.labels(to, span) {
                    value.add_taint(label);
                }
                self.set(to, value);
            }
            Instr::Yield {
                to,
                value,
                delegate,
            } => {
                let mut value = self.operand(value);
                if delegate {
                    value = self.load(&value, Sym::ANY);
                }
                let id = self.alloc(AllocKey::Attached(u32::MAX));
                self.state
                    .obj_mut(id, ObjKind::Plain)
                    .set(Sym::ANY, value, false);
                self.set(to, Value::default());
            }
            Instr::IterNext { to, of, kind } => {
                let of = self.operand(of);
                let value = match kind {
                    IterKind::Elements if self.is_mapping(&of) => Value::default(),
                    IterKind::Elements => self.load(&of, Sym::ANY),
                    IterKind::Keys => {
                        // The keys of a tainted object are the client's; those of an array or own object are not.
                        let mut keys = self.keys_of(&of);
                        keys.taints = keys.map_taints(|t| Some(Taint { derived: true, ..t }));
                        keys
                    }
                };
                self.set(to, value);
            }
            Instr::Catch { to } => {
                self.caught_as = Some(to);
                let mut value = self.caught.whole();
                let span = self.span(at);
                for label in self.labels(to, span) {
                    value.add_taint(label);
                }
                self.set(to, value);
            }
            Instr::Output {
                value,
                context,
                escaped,
            } => self.output(at, value, context, escaped),
            Instr::Opaque { to, operands } => {
                let mut value = Value::default();
                for &operand in func.operands(operands) {
                    let part = self.operand(operand);
                    let taints = part.map_taints(|t| {
                        Some(Taint {
                            derived: true,
                            notes: t.notes | super::value::note_bit(crate::result::Note::ViaOpaque),
                            ..t
                        })
                    });
                    value.join_taints(&Value {
                        taints,
                        ..Value::default()
                    });
                }
                self.set(to, value);
            }
        }
        true
    }

    /// Whether a value is certainly a mapping of Python, which yields its keys, and these are written in the program.
    fn is_mapping(&self, value: &Value) -> bool {
        let written = |id: &super::value::ObjId| {
            self.ids.iter().any(|(key, known)| {
                let AllocKey::Instr(at) = key else {
                    return false;
                };
                known == id
                    && matches!(
                        self.f.func.instrs.get(*at as usize),
                        Some(Instr::Object { .. })
                    )
            })
        };
        let mapping = |id: &super::value::ObjId| {
            self.state.obj(*id).is_some_and(|o| {
                o.kind == ObjKind::Plain
                    && o.any.is_empty()
                    && !o.fields.is_empty()
                    && o.fields.iter().all(|f| f.sym.as_index().is_none())
            })
        };
        self.f.file.facts.language == casemate_ir::Language::Python
            && value.taints.is_none()
            && !value.refs.is_empty()
            && value.refs.iter().all(|id| mapping(id) && written(id))
    }

    /// Reading a member of a source is the source, seen closer.
    pub(super) fn reread(&mut self, value: &mut Value, span: Span) {
        if !value.taints().iter().any(|t| self.is_read_here(t)) {
            return;
        }
        let node = TraceNode {
            kind: TraceKind::Source,
            span,
            prev: None,
            inner: None,
            callee: None,
        };
        let trace = self.arena.push(self.f.id, node);
        value.taints = value.map_taints(|mut t| {
            if self.is_read_here(&t) {
                t.trace = trace;
            }
            Some(t)
        });
    }

    /// Whether a taint is a source as this function read it.
    fn is_read_here(&self, taint: &Taint) -> bool {
        !taint.derived
            && matches!(taint.origin, Origin::Source(_))
            && taint.trace.func == self.f.id
            && self
                .arena
                .get(taint.trace.node)
                .is_some_and(|node| node.kind == TraceKind::Source)
    }

    /// Whether the member was written here, so that its origins say nothing of it any more.
    pub(super) fn overwritten(&self, base: &Value, sym: Sym) -> bool {
        let mut identities = base.identities();
        let (Some(port), None) = (identities.next(), identities.next()) else {
            return false;
        };
        self.place_obj(&port)
            .and_then(|id| self.state.obj(id))
            .and_then(|obj| obj.field(sym))
            .is_some_and(|f| f.definite)
    }

    pub(super) fn var(&mut self, var: VarRef) -> Value {
        let base = match var {
            VarRef::Global(g) => PortBase::Global(self.f.global(g)),
            VarRef::Captured(c) => PortBase::Capture(c.0),
            VarRef::Free(name) => {
                let text = self.f.file.facts.str(name);
                if text == "undefined" {
                    return Value::constant(Konst::Undefined);
                }
                let sym = self.f.sym(name);
                if !self.origins.assigned_names.contains(&sym) {
                    return Value::default();
                }
                PortBase::Named(sym)
            }
        };
        let port = PortPath::root(base);
        let written = self.state.var(&port).cloned();
        match written {
            Some(var) if var.definite => var.value,
            other => {
                let mut value = match base {
                    PortBase::Global(g) => self.var_of_module(g),
                    _ => match self.in_context(&port) {
                        Some(certain) => certain,
                        None => self.symbolic(base),
                    },
                };
                if let Some(var) = other {
                    value.join(&var.value);
                }
                value
            }
        }
    }

    /// The key of a member, constants folded.
    pub(super) fn key(&self, key: Key) -> Sym {
        match key {
            Key::Field(name) => self.f.sym(name),
            Key::Index(index) => Sym::index(index),
            Key::Computed(operand) => self.const_key(operand).unwrap_or(Sym::ANY),
        }
    }

    pub(super) fn const_key(&self, operand: Operand) -> Option<Sym> {
        self.sym_of(&self.operand(operand))
    }

    /// The member that a constant names.
    pub(super) fn sym_of(&self, value: &Value) -> Option<Sym> {
        match value.single()? {
            Konst::Str(text) => self.origins.program.symbols.find(text),
            Konst::Number(n) if *n >= 0.0 && *n < 256.0 && n.fract() == 0.0 => {
                Some(Sym::index(*n as u32))
            }
            _ => None,
        }
    }

    /// A function value with what it captures.
    pub(super) fn closure(&mut self, at: usize, inner: casemate_ir::FnId) -> Value {
        let id = self.alloc(AllocKey::Instr(to_u32(at)));
        let func = self.f.sibling(inner);
        let captures = self.origins.program.func(func).func.captures.clone();
        let mut obj = Obj::new(ObjKind::Closure(func));
        for (index, capture) in captures.iter().enumerate() {
            let value = match *capture {
                Capture::Local(local) => {
                    let boxed = self.alloc(AllocKey::Box(local));
                    self.state.obj_mut(boxed, ObjKind::Box);
                    Value::object(boxed)
                }
                Capture::Outer(outer) => self.symbolic(PortBase::Capture(outer.0)),
            };
            obj.set(Sym::index(to_u32(index)), value, true);
        }
        *self.state.obj_mut(id, ObjKind::Closure(func)) = obj;
        Value::object(id)
    }

    /// `...value` in an object or array literal.
    pub(super) fn spread(&mut self, value: &Value, obj: &mut Obj, carried: &mut Value) {
        for &id in &value.refs {
            let Some(source) = self.state.obj(id).cloned() else {
                continue;
            };
            for field in source.fields {
                obj.set(field.sym, field.value, field.definite);
            }
            if !source.any.is_empty() {
                obj.set(Sym::ANY, source.any, false);
            }
        }
        // What was written into an object that only the callers know: `kwargs['data'] = …`.
        for port in value.identities().collect::<Vec<_>>() {
            let known = self.place_obj(&port).and_then(|id| self.state.obj(id));
            for field in known.cloned().into_iter().flat_map(|known| known.fields) {
                obj.set(field.sym, field.value, field.definite);
            }
        }
        // Members that are only known as "of that object" become members at unknown keys.
        let rest = value.map_taints(|t| match t.origin {
            Origin::Port(port) if !t.derived => Some(Taint {
                origin: Origin::Port(port.member(Sym::ANY)),
                notes: t.notes | super::access::SPREAD,
                ..t
            }),
            _ => Some(t),
        });
        if rest.is_some() {
            let inherited = Value {
                taints: rest,
                ..Value::default()
            };
            // Whoever chooses the keys chooses the object as a whole.
            let whole = inherited.map_taints(|t| {
                matches!(t.origin, Origin::Source(_)).then_some(Taint { derived: true, ..t })
            });
            carried.join_taints(&Value {
                taints: whole,
                ..Value::default()
            });
            obj.set(Sym::ANY, inherited, false);
        }
    }
}

impl Interp<'_> {
    pub(super) fn is_python(&self) -> bool {
        self.f.file.facts.language == casemate_ir::Language::Python
    }

    /// A member of a module, where the value is certainly that.
    fn of_module(&mut self, operand: Operand, sym: Sym) -> Option<Value> {
        let [val] = self.origins.of_operand(self.f.id, operand) else {
            return None;
        };
        match self.origins.val(*val) {
            Some(Val::Namespace(file)) if self.is_python() => self.offered(file, sym, 0),
            _ => None,
        }
    }

    /// A member of what a module writes out or offers: an expression, or how a text begins.
    fn constant_member(&mut self, base: Operand, sym: Sym, value: &mut Value) {
        if value.consts.is_some() || !value.refs.is_empty() {
            return;
        }
        let [of] = *self.origins.of_operand(self.f.id, base) else {
            return;
        };
        let known = self.origins.val(of).and_then(|of| match of {
            Val::Namespace(file) if !self.is_python() => self.offered_constant(file, sym),
            _ => self.consts.member(of, sym),
        });
        match known {
            Some(konst @ Konst::Regex(..)) => *value = Value::constant(konst),
            Some(konst @ Konst::Template(_))
                if value.taints().iter().all(|t| t.identity().is_some()) =>
            {
                value.consts = Some(Arc::from([konst]));
            }
            _ => {}
        }
    }

    /// The constant that a module offers under a name.
    fn offered_constant(&self, file: FileIdx, name: Sym) -> Option<Konst> {
        let program = self.origins.program;
        let exports = program.file(file).facts.exports.iter();
        let global = exports.into_iter().find_map(|export| match export.kind {
            ExportKind::Variable(global) if program.sym(file, export.name) == name => {
                Some(program.global(file, global))
            }
            _ => None,
        });
        self.consts.global(global?).cloned()
    }

    /// What a variable of a module holds before anything is written here.
    fn var_of_module(&mut self, global: u32) -> Value {
        let consts = self.consts;
        match consts.global(global) {
            Some(konst @ Konst::Template(_)) => {
                let mut value = self.symbolic(PortBase::Global(global));
                value.consts = Some(Arc::from([konst.clone()]));
                value
            }
            Some(konst) => Value::constant(konst.clone()),
            None => self.symbolic(PortBase::Global(global)),
        }
    }

    /// What a module offers under a name.
    fn offered(&mut self, file: FileIdx, name: Sym, depth: u32) -> Option<Value> {
        let program = self.origins.program;
        let source = program.file(file);
        let mut stars = Vec::new();
        for export in &source.facts.exports {
            match export.kind {
                ExportKind::Variable(global) if program.sym(file, export.name) == name => {
                    let global = program.global(file, global);
                    let port = PortPath::root(PortBase::Global(global));
                    return Some(match self.state.var(&port) {
                        Some(var) if var.definite => var.value.clone(),
                        _ => self.var_of_module(global),
                    });
                }
                ExportKind::All(import) => match source.imports.get(import.index()) {
                    Some(Target::File(star)) if depth < 4 => stars.push(*star),
                    _ => {}
                },
                _ => {}
            }
        }
        stars
            .into_iter()
            .find_map(|star| self.offered(star, name, depth + 1))
    }

    /// `*value` in a list: its elements come next, one after the other where their positions are known.
    fn spread_list(&mut self, value: &Value, obj: &mut Obj, carried: &mut Value, next: &mut u32) {
        if let Some(elements) = self.positions(value).filter(|_| *next < 0x80) {
            for element in elements {
                obj.set(Sym::index(*next), element, true);
                *next += 1;
            }
            return;
        }
        *next = 0x100;
        let mut inner = Obj::new(ObjKind::Plain);
        self.spread(value, &mut inner, carried);
        obj.set(Sym::ANY, inner.any, false);
        for field in inner.fields {
            obj.set(Sym::ANY, field.value, false);
        }
    }
}

/// The letter at a constant position of a constant text.
fn letter(base: &Value, sym: Sym) -> Option<Konst> {
    let index = sym.as_index()? as usize;
    match base.single()? {
        Konst::Str(text) => Some(Konst::Str(text.chars().nth(index)?.to_string().into())),
        _ => None,
    }
}
