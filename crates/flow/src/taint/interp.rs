//! One forward pass over a function.

use super::heap::{Obj, ObjKind};
use super::place::{PortBase, PortPath};
use super::state::State;
use super::summary::{CallbackUse, Finding, PortSink, SinkRef, Summary};
use super::trace::{Arena, TraceKind, TraceNode, TraceRef};
use super::value::{Konst, ObjId, Origin, SourceRef, Taint, Value, symbolic};
use crate::apipath::PathId;
use crate::limits;
use crate::origin::{Solver, Val};
use crate::program::{FuncRef, to_u32};
use crate::result::{Fact, FuncId};
use crate::symbol::Sym;
use casemate_ir::{
    BlockId, Capture, Const, Instr, IterKind, Key, LocalId, LocalKind, OpKind, Operand, PartKey,
    Span, Term, VarRef,
};
use casemate_model::kind::{KindSet, Shape};
use casemate_model::row::{Role, SourceKindRef};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where a local lives.
#[derive(Clone, Copy)]
enum Slot {
    /// Within one block: not part of the state.
    Temp,
    /// In the state.
    State(u32),
    /// In a box that nested functions share.
    Box(ObjId),
}

/// What stands for an object of the heap: the same in every visit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum AllocKey {
    /// A captured local.
    Box(LocalId),
    /// An instruction.
    Instr(u32),
    /// Object `.2` of the summary of function `.1` at instruction `.0`; `.3` counts nested instantiations.
    Summary(u32, FuncId, u32, u32),
    /// A symbolic place.
    Place(PortPath),
    /// The array of rest arguments at instruction `.0` for function `.1`.
    Rest(u32, FuncId),
    /// An object found where only taint was known.
    Attached(u32),
}

/// What one function gives besides its summary.
#[derive(Default)]
pub struct Output {
    /// Sources that reach sinks here.
    pub findings: Vec<Finding>,
    /// Facts of configuration.
    pub facts: Vec<Fact>,
    /// Handlers registered.
    pub entries: Vec<crate::result::Entry>,
    /// Calls by how they were resolved: resolved, by name, unmodelled, unknown.
    pub calls: [u64; 4],
    /// Caps reached, by name.
    pub caps: FxHashMap<&'static str, u64>,
}

/// Interprets one function.
pub struct Interp<'a> {
    pub(super) origins: &'a Solver<'a, 'a>,
    pub(super) summaries: &'a [Option<Arc<Summary>>],
    pub(super) by_name: &'a FxHashMap<Sym, FuncId>,
    pub(super) consts: &'a FxHashMap<u32, Konst>,
    pub(super) render: &'a super::analyse::RenderLookup<'a>,
    pub(super) k: super::kinds::KindIds,
    pub(super) f: FuncRef<'a>,
    pub(super) state: State,
    temps: Vec<Value>,
    slots: Vec<Slot>,
    pub(super) defs: Vec<u32>,
    pub(super) arena: Arena,
    starts: FxHashMap<PortBase, TraceRef>,
    ids: FxHashMap<AllocKey, ObjId>,
    pub(super) revisit: bool,
    pub(super) depth: u32,
    pub(super) fuel: u32,
    pub(super) sinks: Vec<PortSink>,
    sink_index: FxHashMap<(PortPath, FuncId, Span, u8, bool), usize>,
    finding_index: FxHashMap<(SourceRef, FuncId, Span, u8), usize>,
    pub(super) callbacks: Vec<CallbackUse>,
    callback_index: FxHashMap<(u32, PortPath), u32>,
    pub(super) out: Output,
    pub(super) exits: Vec<(State, Option<Value>, Option<Operand>)>,
    pub(super) call_index: u32,
}

impl<'a> Interp<'a> {
    pub(super) fn new(
        origins: &'a Solver<'a, 'a>,
        summaries: &'a [Option<Arc<Summary>>],
        by_name: &'a FxHashMap<Sym, FuncId>,
        consts: &'a FxHashMap<u32, Konst>,
        render: &'a super::analyse::RenderLookup<'a>,
        id: FuncId,
        arena: Arena,
    ) -> Self {
        let f = origins.program.func(id);
        Self {
            origins,
            summaries,
            by_name,
            consts,
            render,
            k: super::kinds::KindIds::new(origins.paths.models().kinds()),
            f,
            state: State::default(),
            temps: vec![Value::default(); f.func.locals.len()],
            slots: Vec::new(),
            defs: vec![u32::MAX; f.func.locals.len()],
            arena,
            starts: FxHashMap::default(),
            ids: FxHashMap::default(),
            revisit: false,
            depth: 0,
            fuel: limits::INSTANTIATIONS,
            sinks: Vec::new(),
            sink_index: FxHashMap::default(),
            finding_index: FxHashMap::default(),
            callbacks: Vec::new(),
            callback_index: FxHashMap::default(),
            out: Output::default(),
            exits: Vec::new(),
            call_index: 0,
        }
    }

    // ---- where locals live ----

    fn place_locals(&mut self) {
        let func = self.f.func;
        let mut seen: Vec<Option<u32>> = vec![None; func.locals.len()];
        let mut crosses = vec![false; func.locals.len()];
        let mut see = |local: LocalId, block: u32| {
            if let (Some(seen), Some(crosses)) =
                (seen.get_mut(local.index()), crosses.get_mut(local.index()))
            {
                match *seen {
                    None => *seen = Some(block),
                    Some(b) if b != block => *crosses = true,
                    Some(_) => {}
                }
            }
        };
        for param in &func.params {
            see(param.local, 0);
        }
        for (index, block) in func.blocks.iter().enumerate() {
            let b = to_u32(index);
            for (_, instr) in func.block_instrs(block) {
                visit_locals(func, instr, &mut |l| see(l, b));
            }
            match block.term {
                Term::Branch {
                    cond: Operand::Local(l),
                    ..
                }
                | Term::Return(Some(Operand::Local(l)))
                | Term::Throw(Operand::Local(l)) => {
                    see(l, b);
                }
                _ => {}
            }
        }
        for (index, instr) in func.instrs.iter().enumerate() {
            if let Some(to) = target(instr)
                && let Some(def) = self.defs.get_mut(to.index())
            {
                *def = to_u32(index);
            }
        }
        let mut next = 0;
        for (index, local) in func.locals.iter().enumerate() {
            let slot = if local.captured {
                Slot::Box(self.alloc(AllocKey::Box(LocalId::from(index))))
            } else if crosses.get(index).copied().unwrap_or(true) {
                next += 1;
                Slot::State(next - 1)
            } else {
                Slot::Temp
            };
            self.slots.push(slot);
        }
        self.state.locals = vec![Value::default(); next as usize];
    }

    pub(super) fn alloc(&mut self, key: AllocKey) -> ObjId {
        let next = to_u32(self.ids.len());
        if next as usize >= limits::HEAP_OBJECTS {
            self.cap("objects of a function");
            return ObjId(0);
        }
        *self.ids.entry(key).or_insert(ObjId(next))
    }

    pub(super) fn place_obj(&self, port: &PortPath) -> Option<ObjId> {
        self.ids.get(&AllocKey::Place(*port)).copied()
    }

    pub(super) fn cap(&mut self, name: &'static str) {
        *self.out.caps.entry(name).or_default() += 1;
    }

    pub(super) fn get(&self, local: LocalId) -> Value {
        match self.slots.get(local.index()) {
            Some(Slot::Temp) => self.temps.get(local.index()).cloned().unwrap_or_default(),
            Some(Slot::State(slot)) => self
                .state
                .locals
                .get(*slot as usize)
                .cloned()
                .unwrap_or_default(),
            Some(Slot::Box(id)) => self
                .state
                .obj(*id)
                .map(|o| o.any.clone())
                .unwrap_or_default(),
            None => Value::default(),
        }
    }

    pub(super) fn set(&mut self, local: LocalId, value: Value) {
        match self.slots.get(local.index()).copied() {
            Some(Slot::Temp) => {
                if let Some(slot) = self.temps.get_mut(local.index()) {
                    *slot = value;
                }
            }
            Some(Slot::State(index)) => {
                if let Some(slot) = self.state.locals.get_mut(index as usize) {
                    *slot = value;
                }
            }
            Some(Slot::Box(id)) => self.state.obj_mut(id, ObjKind::Box).any = value,
            None => {}
        }
    }

    pub(super) fn operand(&self, operand: Operand) -> Value {
        match operand {
            Operand::Local(local) => self.get(local),
            Operand::Const(id) => Value::constant(self.konst(self.f.file.facts.constant(id))),
        }
    }

    fn konst(&self, constant: &Const) -> Konst {
        let text = |s| Arc::from(self.f.file.facts.str(s));
        match *constant {
            Const::Undefined => Konst::Undefined,
            Const::Null => Konst::Null,
            Const::Bool(b) => Konst::Bool(b),
            Const::Number(bits) => Konst::Number(f64::from_bits(bits)),
            Const::Str(s) => Konst::Str(text(s)),
            Const::Regex(r) => Konst::Regex(text(r.pattern), text(r.flags)),
            Const::Other(s) => Konst::Str(text(s)),
        }
    }

    // ---- traces ----

    pub(super) fn step(&mut self, kind: TraceKind, span: Span, prev: TraceRef) -> TraceRef {
        self.arena.push(
            self.f.id,
            TraceNode {
                kind,
                span,
                prev: Some(prev),
                inner: None,
                callee: None,
            },
        )
    }

    pub(super) fn start(&mut self, base: PortBase) -> TraceRef {
        if let Some(&known) = self.starts.get(&base) {
            return known;
        }
        let node = TraceNode {
            kind: TraceKind::Start,
            span: self.f.func.head,
            prev: None,
            inner: None,
            callee: None,
        };
        let made = self.arena.push(self.f.id, node);
        self.starts.insert(base, made);
        made
    }

    pub(super) fn symbolic(&mut self, base: PortBase) -> Value {
        let trace = self.start(base);
        symbolic(base, trace)
    }

    pub(super) fn source(
        &mut self,
        kind: casemate_model::kind::SourceKind,
        shape: Shape,
        span: Span,
    ) -> Taint {
        let trace = self.arena.push(
            self.f.id,
            TraceNode {
                kind: TraceKind::Source,
                span,
                prev: None,
                inner: None,
                callee: None,
            },
        );
        let source = SourceRef {
            func: self.f.id,
            span,
            kind,
            shape,
        };
        let clean = self.origins.paths.models().kinds().shape_clears(shape);
        Taint {
            origin: Origin::Source(source),
            clean,
            derived: false,
            notes: 0,
            trace,
        }
    }

    /// The sources that a local is because of what it was given as.
    fn labels(&mut self, local: LocalId, span: Span) -> SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let mut out = SmallVec::new();
        for &val in origins.of_local(self.f.id, local) {
            if let Some(Val::Api(path)) = origins.val(val)
                && origins.paths.has_rows(path)
                && origins.paths.is_given(path)
            {
                self.path_labels(path, span, &mut out);
            }
        }
        out
    }

    /// The sources that reading a member makes.
    fn member_labels(&mut self, base: Operand, sym: Sym, span: Span) -> SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let mut out = SmallVec::new();
        for &val in origins.of_operand(self.f.id, base) {
            if let Some(Val::Api(path)) = origins.val(val)
                && let Some(read) = origins.met_member(path, sym)
                && origins.paths.has_rows(read)
            {
                self.path_labels(read, span, &mut out);
            }
        }
        out
    }

    pub(super) fn path_labels(&mut self, path: PathId, span: Span, out: &mut SmallVec<[Taint; 1]>) {
        let origins = self.origins;
        for (_, row) in origins.paths.rows(path) {
            if let Role::Source { kind, shape, port } = &row.role
                && port.base == casemate_model::path::PortBase::Value
                && port.steps.is_empty()
                && row.when.is_none()
            {
                let kind = match kind {
                    SourceKindRef::Fixed(kind) => Some(*kind),
                    SourceKindRef::Named => origins
                        .paths
                        .models()
                        .source_kind(row, origins.paths.last_member(path)),
                };
                if let Some(kind) = kind {
                    out.push(self.source(kind, *shape, span));
                }
            }
        }
    }

    // ---- the pass ----

    /// Interprets the function; its exits stand in `exits` afterwards.
    pub(super) fn run(&mut self) {
        let func = self.f.func;
        if func.blocks.len() > limits::FUNCTION_BLOCKS {
            self.cap("blocks of a function");
            return;
        }
        self.place_locals();
        if func.blocks.len().saturating_mul(self.state.locals.len()) > limits::FUNCTION_VALUES {
            self.cap("values of a function");
            return;
        }
        self.enter();
        let order = reverse_postorder(func);
        let mut rank = vec![u32::MAX; func.blocks.len()];
        for (r, block) in order.iter().enumerate() {
            if let Some(slot) = rank.get_mut(block.index()) {
                *slot = to_u32(r);
            }
        }
        let mut states: Vec<Option<State>> = vec![None; func.blocks.len()];
        let mut visits = vec![0u32; func.blocks.len()];
        if let Some(first) = states.first_mut() {
            *first = Some(std::mem::take(&mut self.state));
        }
        let mut work: BTreeSet<u32> = BTreeSet::from([0]);
        let mut exits: FxHashMap<usize, (State, Option<Value>, Option<Operand>)> =
            FxHashMap::default();
        while let Some(r) = work.pop_first() {
            let Some(&block_id) = order.get(r as usize) else {
                continue;
            };
            let index = block_id.index();
            let (Some(block), Some(Some(entry)), Some(count)) = (
                func.blocks.get(index),
                states.get(index),
                visits.get_mut(index),
            ) else {
                continue;
            };
            *count += 1;
            if *count > limits::BLOCK_VISITS {
                self.cap("visits of a block");
                continue;
            }
            self.revisit = *count > 1;
            self.state = entry.clone();
            if let Some(handler) = block.unwind {
                flow_into(&mut states, &mut work, &rank, handler, self.state.clone());
            }
            let mut alive = true;
            for (at, instr) in func.block_instrs(block) {
                alive = self.instr(at, instr);
                if !alive {
                    break;
                }
            }
            if let Some(handler) = block.unwind {
                flow_into(&mut states, &mut work, &rank, handler, self.state.clone());
            }
            if !alive {
                continue;
            }
            match block.term {
                Term::Goto(next) => {
                    let state = std::mem::take(&mut self.state);
                    flow_into(&mut states, &mut work, &rank, next, state);
                }
                Term::Branch { cond, yes, no } => {
                    let truth = self.operand(cond).truthy();
                    let state = std::mem::take(&mut self.state);
                    if truth != Some(false) {
                        self.state = state.clone();
                        self.assume(cond, true, 0);
                        let taken = std::mem::take(&mut self.state);
                        flow_into(&mut states, &mut work, &rank, yes, taken);
                    }
                    if truth != Some(true) {
                        self.state = state;
                        self.assume(cond, false, 0);
                        let taken = std::mem::take(&mut self.state);
                        flow_into(&mut states, &mut work, &rank, no, taken);
                    }
                }
                Term::Return(value) => {
                    let result = value.map(|v| self.operand(v));
                    if let (Some(operand), Some(result)) = (value, &result) {
                        self.returned_sinks(operand, result);
                    }
                    exits.insert(index, (std::mem::take(&mut self.state), result, value));
                }
                Term::Throw(_) | Term::Unreachable => {}
            }
        }
        let mut list: Vec<_> = exits.into_iter().collect();
        list.sort_by_key(|e| e.0);
        self.exits = list.into_iter().map(|e| e.1).collect();
    }

    /// Parameters, receiver and `arguments`.
    fn enter(&mut self) {
        let func = self.f.func;
        for (index, param) in func.params.iter().enumerate() {
            let mut value =
                self.symbolic(PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX)));
            for label in self.labels(param.local, func.head) {
                value.add_taint(label);
            }
            if let Some(shape) = param
                .ty
                .as_ref()
                .and_then(|t| t.primitive)
                .and_then(|p| type_shape(self.f.file.facts.str(p)))
            {
                // TypeScript's types say what the author believes, not what arrives: only numbers that were made by a
                // conversion are numbers. The annotation is used for receivers, not for cleaning.
                let _ = shape;
            }
            self.set(param.local, value);
        }
        if let Some(this) = func.this {
            let value = self.symbolic(PortBase::This);
            self.set(this, value);
        }
        if let Some(arguments) = func.arguments {
            let id = self.alloc(AllocKey::Box(arguments));
            let count = func.params.len().max(6);
            for index in 0..count {
                let value =
                    self.symbolic(PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX)));
                self.state
                    .obj_mut(id, ObjKind::Plain)
                    .set(Sym::index(to_u32(index)), value, true);
            }
            self.set(arguments, Value::object(id));
        }
        // `var` and hoisted variables start undefined; boxes exist from the start.
        for (index, local) in func.locals.iter().enumerate() {
            if local.captured && local.kind == LocalKind::Named {
                let id = self.alloc(AllocKey::Box(LocalId::from(index)));
                self.state.obj_mut(id, ObjKind::Box);
            }
        }
    }

    pub(super) fn span(&self, at: usize) -> Span {
        self.f.func.spans.get(at).copied().unwrap_or_default()
    }

    /// One instruction; `false` when what follows is not reached.
    fn instr(&mut self, at: usize, instr: &Instr) -> bool {
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
                let mut value = self.load(&base, sym);
                if let Key::Computed(key) = key
                    && sym == Sym::ANY
                {
                    let key = self.operand(key);
                    self.load_by_key(at, &key, &mut value);
                }
                self.reread(&mut value, span);
                for label in self.member_labels(base_operand, sym, span) {
                    let kept = value.taints().iter().any(
                        |t| matches!(t.origin, Origin::Source(s) if s.kind == label_kind(&label)),
                    );
                    if !kept && !self.overwritten(&base, sym) {
                        value.add_taint(label);
                    }
                }
                self.set(to, value);
            }
            Instr::Store { base, key, value } => {
                let sym = self.key(key);
                let value = self.operand(value);
                if let Key::Computed(key) = key {
                    self.computed_store(at, base, key, &value);
                }
                self.member_sinks(at, base, sym, &value);
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
            Instr::StoreVar { var, value } => {
                let value = self.operand(value);
                match var {
                    VarRef::Global(g) => {
                        let port = PortPath::root(PortBase::Global(self.f.global(g)));
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
                let mut obj = Obj::new(ObjKind::Plain);
                let mut carried = Value::default();
                let mut next = 0;
                for part in func.parts(parts) {
                    let value = self.operand(part.value);
                    match part.key {
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
            Instr::Import { to, .. } => {
                let span = self.span(at);
                let mut value = Value::default();
                for label in self.labels(to, span) {
                    value.add_taint(label);
                }
                self.set(to, value);
            }
            Instr::Yield { to, value, .. } => {
                let value = self.operand(value);
                let id = self.alloc(AllocKey::Attached(u32::MAX));
                self.state
                    .obj_mut(id, ObjKind::Plain)
                    .set(Sym::ANY, value, false);
                self.set(to, Value::default());
            }
            Instr::IterNext { to, of, kind } => {
                let of = self.operand(of);
                let value = match kind {
                    IterKind::Elements => self.load(&of, Sym::ANY),
                    IterKind::Keys => {
                        // The keys of a tainted object are the client's; those of an array or own object are not.
                        let taints = of.map_taints(|t| Some(Taint { derived: true, ..t }));
                        Value {
                            taints,
                            ..Value::default()
                        }
                    }
                };
                self.set(to, value);
            }
            Instr::Catch { to } => {
                let mut value = Value::default();
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

    /// Reading a member of a source is the source, seen closer.
    fn reread(&mut self, value: &mut Value, span: Span) {
        let direct = value.taints().iter().any(|t| {
            !t.derived
                && matches!(t.origin, Origin::Source(_))
                && t.trace.func == self.f.id
                && self
                    .arena
                    .nodes
                    .get(t.trace.node as usize)
                    .is_some_and(|n| n.kind == TraceKind::Source)
        });
        if !direct {
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
        let id = self.f.id;
        let nodes = &self.arena.nodes;
        let changed = value.map_taints(|mut t| {
            if !t.derived
                && matches!(t.origin, Origin::Source(_))
                && t.trace.func == id
                && nodes
                    .get(t.trace.node as usize)
                    .is_some_and(|n| n.kind == TraceKind::Source)
            {
                t.trace = trace;
            }
            Some(t)
        });
        value.taints = changed;
    }

    /// Whether the member was written here, so that its origins say nothing of it any more.
    fn overwritten(&self, base: &Value, sym: Sym) -> bool {
        let mut identities = base.identities();
        let (Some(port), None) = (identities.next(), identities.next()) else {
            return false;
        };
        self.place_obj(&port)
            .and_then(|id| self.state.obj(id))
            .and_then(|obj| obj.field(sym))
            .is_some_and(|f| f.definite)
    }

    fn var(&mut self, var: VarRef) -> Value {
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
                    PortBase::Global(g) => match self.consts.get(&g) {
                        Some(konst) => return Value::constant(konst.clone()),
                        None => self.symbolic(base),
                    },
                    _ => self.symbolic(base),
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

    fn const_key(&self, operand: Operand) -> Option<Sym> {
        match self.operand(operand).single()? {
            Konst::Str(text) => self.origins.program.symbols.find(text),
            Konst::Number(n) if *n >= 0.0 && *n < 256.0 && n.fract() == 0.0 => {
                Some(Sym::index(*n as u32))
            }
            _ => None,
        }
    }

    /// A function value with what it captures.
    fn closure(&mut self, at: usize, inner: casemate_ir::FnId) -> Value {
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
    fn spread(&mut self, value: &Value, obj: &mut Obj, carried: &mut Value) {
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
        // Members that are only known as "of that object" become members at unknown keys.
        let rest = value.map_taints(|t| match t.origin {
            Origin::Port(port) if !t.derived => Some(Taint {
                origin: Origin::Port(port.member(Sym::ANY)),
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

    // ---- operators ----

    fn op(&mut self, at: usize, op: OpKind, operands: &[Operand]) -> Value {
        let values: SmallVec<[Value; 2]> = operands.iter().map(|&o| self.operand(o)).collect();
        let first = values.first().cloned().unwrap_or_default();
        let second = values.get(1).cloned().unwrap_or_default();
        match op {
            OpKind::Add => {
                if let (Some(Konst::Number(a)), Some(Konst::Number(b))) =
                    (first.single(), second.single())
                    && !self.revisit
                {
                    return Value::constant(Konst::Number(a + b));
                }
                let stringy = |v: &Value| {
                    matches!(
                        v.consts.as_deref(),
                        Some([Konst::Str(_) | Konst::Template(_)])
                    )
                };
                if stringy(&first) || stringy(&second) {
                    return self.template(at, operands);
                }
                let mut out = Value::default();
                let span = self.span(at);
                for value in &values {
                    let part = self.derive(value, KindSet::EMPTY, TraceKind::Concat, span);
                    out.join_taints(&part);
                }
                out
            }
            OpKind::Arithmetic => match (first.single(), second.single()) {
                (Some(Konst::Number(_)), Some(Konst::Number(_))) => Value::default(),
                _ => self.shaped(&values, Shape::Number, at),
            },
            OpKind::Not => first
                .truthy()
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(!b))),
            OpKind::StrictEq | OpKind::Eq => compare(&first, &second)
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(b))),
            OpKind::StrictNe | OpKind::Ne => compare(&first, &second)
                .map_or_else(Value::default, |b| Value::constant(Konst::Bool(!b))),
            OpKind::Less | OpKind::Greater => match (first.single(), second.single()) {
                (Some(Konst::Number(a)), Some(Konst::Number(b))) if !self.revisit && a != b => {
                    Value::constant(Konst::Bool(if op == OpKind::Less { a < b } else { a > b }))
                }
                _ => Value::default(),
            },
            OpKind::In | OpKind::InstanceOf | OpKind::TypeOf => Value::default(),
            OpKind::Void => Value::constant(Konst::Undefined),
            OpKind::Select => {
                let mut out: Option<Value> = None;
                for value in values {
                    match &mut out {
                        None => out = Some(value),
                        Some(out) => {
                            out.join(&value);
                        }
                    }
                }
                out.unwrap_or_default()
            }
            OpKind::ToString => {
                let clears = self
                    .origins
                    .paths
                    .models()
                    .kinds()
                    .shape_clears(Shape::String);
                let span = self.span(at);
                self.derive(&first, clears, TraceKind::Concat, span)
            }
            OpKind::Rest => first,
        }
    }

    /// Numbers and truth values carry only what their shape lets through.
    fn shaped(&mut self, values: &[Value], shape: Shape, at: usize) -> Value {
        let clears = self.origins.paths.models().kinds().shape_clears(shape);
        let span = self.span(at);
        let mut out = Value::default();
        for value in values {
            let part = self.derive(value, clears, TraceKind::Library, span);
            out.join_taints(&part);
        }
        out
    }

    /// A value made from another: its taints, cleaned for some kinds.
    pub(super) fn derive(
        &mut self,
        value: &Value,
        clean: KindSet,
        kind: TraceKind,
        span: Span,
    ) -> Value {
        if value.taints.is_none() {
            return Value::default();
        }
        let mut made: SmallVec<[(TraceRef, TraceRef); 2]> = SmallVec::new();
        let taints: SmallVec<[Taint; 4]> = value.taints().iter().copied().collect();
        let mut out = Value::default();
        for taint in taints {
            let clean = taint.clean.union(clean);
            let trace = match made.iter().find(|m| m.0 == taint.trace) {
                Some(known) => known.1,
                None => {
                    let step = self.step(kind, span, taint.trace);
                    made.push((taint.trace, step));
                    step
                }
            };
            out.add_taint(Taint {
                clean,
                derived: true,
                trace,
                ..taint
            });
        }
        out
    }

    // ---- results ----

    /// Whether the sink is known to be reached from the port, or cannot be kept any more.
    pub(super) fn knows_port_sink(&self, port: PortPath, sink: &SinkRef, deep: bool) -> bool {
        let key = (port, sink.func, sink.argument, sink.kind.0, deep);
        self.sinks.len() >= limits::SUMMARY_SINKS || self.sink_index.contains_key(&key)
    }

    /// A sink that a port reaches.
    pub(super) fn add_port_sink(&mut self, sink: PortSink) {
        let key = (
            sink.port,
            sink.sink.func,
            sink.sink.argument,
            sink.sink.kind.0,
            sink.deep,
        );
        match self.sink_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.sinks.get_mut(index) {
                    known.clean = known.clean.intersect(sink.clean);
                    known.derived &= sink.derived;
                    known.notes &= sink.notes;
                }
            }
            None if self.sinks.len() >= limits::SUMMARY_SINKS => self.cap("sinks of a summary"),
            None => {
                self.sink_index.insert(key, self.sinks.len());
                self.sinks.push(sink);
            }
        }
    }

    /// A source that reaches a sink.
    pub(super) fn add_finding(&mut self, finding: Finding) {
        let key = (
            finding.source,
            finding.sink.func,
            finding.sink.argument,
            finding.sink.kind.0,
        );
        match self.finding_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.out.findings.get_mut(index)
                    && finding.notes.count_ones() < known.notes.count_ones()
                {
                    *known = finding;
                }
            }
            None => {
                self.finding_index.insert(key, self.out.findings.len());
                self.out.findings.push(finding);
            }
        }
    }

    /// One taint arrives at a sink of this function.
    pub(super) fn arrive(&mut self, taint: &Taint, sink: &Arc<SinkRef>, deep: bool) {
        if taint.clean.has(sink.kind) {
            return;
        }
        let trace = self.step(TraceKind::Sink, sink.argument, taint.trace);
        match taint.origin {
            Origin::Source(source) => {
                self.add_finding(Finding {
                    source,
                    sink: Arc::clone(sink),
                    notes: taint.notes | sink.notes,
                    trace,
                });
            }
            // What became of a shared variable in a call that is not resolved says nothing.
            Origin::Port(port)
                if port.base.is_absolute()
                    && taint.notes & super::value::note_bit(crate::result::Note::ViaUnknown)
                        != 0 => {}
            Origin::Port(port) => self.add_port_sink(PortSink {
                port,
                deep: deep && !taint.derived,
                clean: taint.clean,
                derived: taint.derived,
                notes: taint.notes,
                sink: Arc::clone(sink),
                trace,
            }),
        }
    }

    /// A function value that a port holds is called; its result is symbolic.
    pub(super) fn add_callback(
        &mut self,
        callee: PortPath,
        this: Value,
        args: Vec<Value>,
        span: Span,
    ) -> Value {
        let key = (self.call_index, callee);
        let index = match self.callback_index.get(&key) {
            Some(&index) => {
                if let Some(known) = self.callbacks.get_mut(index as usize) {
                    known.this.join(&this);
                    for (mine, theirs) in known.args.iter_mut().zip(&args) {
                        mine.join(theirs);
                    }
                }
                index
            }
            None if self.callbacks.len() >= limits::SUMMARY_CALLBACKS => {
                self.cap("callback uses of a summary");
                return Value::default();
            }
            None => {
                let index = to_u32(self.callbacks.len());
                self.callback_index.insert(key, index);
                self.callbacks.push(CallbackUse {
                    callee,
                    this,
                    args,
                    span,
                });
                index
            }
        };
        self.symbolic(PortBase::Callback(index))
    }
}

fn label_kind(taint: &Taint) -> casemate_model::kind::SourceKind {
    match taint.origin {
        Origin::Source(source) => source.kind,
        Origin::Port(_) => casemate_model::kind::SourceKind(u8::MAX),
    }
}

fn type_shape(name: &str) -> Option<Shape> {
    match name {
        "number" => Some(Shape::Number),
        "boolean" => Some(Shape::Bool),
        _ => None,
    }
}

fn compare(a: &Value, b: &Value) -> Option<bool> {
    match (a.single()?, b.single()?) {
        (Konst::Template(_) | Konst::Present | Konst::Regex(..), _)
        | (_, Konst::Template(_) | Konst::Present | Konst::Regex(..)) => None,
        (a, b) => Some(a == b),
    }
}

fn flow_into(
    states: &mut [Option<State>],
    work: &mut BTreeSet<u32>,
    rank: &[u32],
    block: BlockId,
    state: State,
) {
    let (Some(slot), Some(&rank)) = (states.get_mut(block.index()), rank.get(block.index())) else {
        return;
    };
    match slot {
        None => {
            *slot = Some(state);
            work.insert(rank);
        }
        Some(known) => {
            if known.join(&state) {
                work.insert(rank);
            }
        }
    }
}

/// Blocks in reverse postorder from the entry; handlers count as successors.
fn reverse_postorder(func: &casemate_ir::Function) -> Vec<BlockId> {
    let mut seen = vec![false; func.blocks.len()];
    let mut out = Vec::with_capacity(func.blocks.len());
    let mut stack: Vec<(BlockId, SmallVec<[BlockId; 3]>)> = Vec::new();
    let successors = |id: BlockId| -> SmallVec<[BlockId; 3]> {
        let Some(block) = func.blocks.get(id.index()) else {
            return SmallVec::new();
        };
        let mut list: SmallVec<[BlockId; 3]> = match block.term {
            Term::Goto(next) => SmallVec::from_slice(&[next]),
            Term::Branch { yes, no, .. } => SmallVec::from_slice(&[no, yes]),
            _ => SmallVec::new(),
        };
        list.extend(block.unwind);
        list
    };
    if func.blocks.is_empty() {
        return out;
    }
    if let Some(first) = seen.first_mut() {
        *first = true;
    }
    stack.push((BlockId(0), successors(BlockId(0))));
    while let Some((id, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) => {
                if let Some(flag) = seen.get_mut(next.index())
                    && !*flag
                {
                    *flag = true;
                    stack.push((next, successors(next)));
                }
            }
            None => {
                out.push(*id);
                stack.pop();
            }
        }
    }
    out.reverse();
    out
}

/// The local that an instruction assigns.
pub(crate) fn target(instr: &Instr) -> Option<LocalId> {
    match *instr {
        Instr::Copy { to, .. }
        | Instr::Load { to, .. }
        | Instr::LoadVar { to, .. }
        | Instr::Object { to, .. }
        | Instr::Array { to, .. }
        | Instr::Template { to, .. }
        | Instr::Op { to, .. }
        | Instr::Closure { to, .. }
        | Instr::Class { to, .. }
        | Instr::Call { to, .. }
        | Instr::Import { to, .. }
        | Instr::Await { to, .. }
        | Instr::Yield { to, .. }
        | Instr::IterNext { to, .. }
        | Instr::Catch { to }
        | Instr::Opaque { to, .. } => Some(to),
        Instr::Store { .. }
        | Instr::Delete { .. }
        | Instr::StoreVar { .. }
        | Instr::Output { .. } => None,
    }
}

/// Every local that an instruction reads or writes.
fn visit_locals(func: &casemate_ir::Function, instr: &Instr, see: &mut dyn FnMut(LocalId)) {
    if let Some(to) = target(instr) {
        see(to);
    }
    let mut operand = |o: Operand| {
        if let Operand::Local(l) = o {
            see(l);
        }
    };
    let computed = |key: Key| match key {
        Key::Computed(o) => Some(o),
        _ => None,
    };
    match *instr {
        Instr::Copy { from, .. } | Instr::Await { from, .. } => operand(from),
        Instr::Load { base, key, .. } | Instr::Delete { base, key } => {
            operand(base);
            computed(key).into_iter().for_each(&mut operand);
        }
        Instr::Store { base, key, value } => {
            operand(base);
            operand(value);
            computed(key).into_iter().for_each(&mut operand);
        }
        Instr::StoreVar { value, .. }
        | Instr::Yield { value, .. }
        | Instr::Output { value, .. } => operand(value),
        Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
            for part in func.parts(parts) {
                operand(part.value);
                if let PartKey::Computed(key) = part.key {
                    operand(key);
                }
            }
        }
        Instr::Template { operands, .. }
        | Instr::Op { operands, .. }
        | Instr::Opaque { operands, .. } => {
            func.operands(operands)
                .iter()
                .copied()
                .for_each(&mut operand);
        }
        Instr::Class { base, .. } => base.into_iter().for_each(&mut operand),
        Instr::Call {
            callee, this, args, ..
        } => {
            operand(callee);
            this.into_iter().for_each(&mut operand);
            func.args(args).iter().for_each(|a| operand(a.value));
        }
        Instr::IterNext { of, .. } => operand(of),
        Instr::LoadVar { .. }
        | Instr::Closure { .. }
        | Instr::Import { .. }
        | Instr::Catch { .. } => {}
    }
}
