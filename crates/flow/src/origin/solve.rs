//! The fixpoint: places, the queue, and one evaluation of a function.

use super::value::{Val, ValId, ValSet, Vals, add};
use crate::apipath::{PathId, Paths};
use crate::limits;
use crate::program::{FuncRef, Program, Target, to_u32};
use crate::result::{Entry, FileIdx, FuncId};
use crate::symbol::Sym;
use crate::taint::{PortBase, PortPath};
use casemate_ir::{
    Capture, CaptureId, Const, FnKind, Function, Instr, IterKind, Key, Language, LocalId,
    LocalKind, Operand, PartKey, Term, TypeRef, VarRef,
};
use casemate_model::matcher::Models;
use casemate_model::path::Step;
use casemate_model::row::{EntryRow, ExportRow};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};

/// A place: a local of a function, a result, a module-level variable, a member of a value.
pub(super) type NodeId = u32;

/// The origin pass and, once it is done, its answers.
pub struct Solver<'p, 'm> {
    /// The program.
    pub program: &'p Program,
    /// API paths met.
    pub paths: Paths<'m>,
    /// Values met.
    pub(super) vals: Vals,
    pub(super) nodes: Vec<ValSet>,
    first_local: Vec<u32>,
    first_return: u32,
    first_global: u32,
    pub(super) fields: FxHashMap<(ValId, Sym), NodeId>,
    pub(super) field_lists: FxHashMap<ValId, Vec<(Sym, NodeId)>>,
    readers: FxHashMap<NodeId, SmallVec<[FuncId; 2]>>,
    list_readers: FxHashMap<ValId, SmallVec<[FuncId; 2]>>,
    queue: VecDeque<FuncId>,
    queued: Vec<bool>,
    rounds: Vec<u32>,
    members: FxHashMap<(PathId, Sym), Option<PathId>>,
    read_now: FxHashSet<NodeId>,
    again: bool,
    /// Caps reached, by name.
    pub caps: FxHashMap<&'static str, u64>,
    /// Names that no scope declares and that are assigned all the same.
    pub assigned_names: FxHashSet<Sym>,
    /// Functions that some package calls (callbacks, handlers): nobody in the program needs to.
    pub called_by_package: FxHashSet<FuncId>,
    /// Handlers that are declared instead of registered: by decorators, by file and name.
    pub declared: BTreeMap<(FuncId, String), Entry>,
    /// The places where packages put what a function returns.
    pub(super) returned: FxHashMap<FuncId, SmallVec<[PathId; 1]>>,
    /// By file: the rows of handlers that are found in it by name.
    pub(super) exported: Vec<Vec<(&'m EntryRow, &'m ExportRow)>>,
}

/// The function under evaluation.
#[derive(Clone, Copy)]
pub(super) struct Frame<'p> {
    pub f: FuncRef<'p>,
}

impl<'p, 'm> Solver<'p, 'm> {
    /// Runs the pass to its fixpoint.
    #[must_use]
    pub fn run(program: &'p Program, models: &'m Models) -> Self {
        let mut first_local = Vec::with_capacity(program.function_count());
        let mut count = 0u32;
        for id in program.function_ids() {
            first_local.push(count);
            count += to_u32(program.func(id).func.locals.len());
        }
        let first_return = count;
        let first_global = first_return + to_u32(program.function_count());
        let total = first_global + program.global_count();
        let mut solver = Self {
            program,
            paths: Paths::new(models),
            vals: Vals::default(),
            nodes: vec![ValSet::new(); total as usize],
            first_local,
            first_return,
            first_global,
            fields: FxHashMap::default(),
            field_lists: FxHashMap::default(),
            readers: FxHashMap::default(),
            list_readers: FxHashMap::default(),
            queue: program.function_ids().collect(),
            queued: vec![true; program.function_count()],
            rounds: vec![0; program.function_count()],
            members: FxHashMap::default(),
            read_now: FxHashSet::default(),
            again: false,
            caps: FxHashMap::default(),
            assigned_names: assigned_names(program),
            called_by_package: FxHashSet::default(),
            declared: BTreeMap::new(),
            returned: FxHashMap::default(),
            exported: super::declared::exported(program, models),
        };
        solver.seed();
        while let Some(id) = solver.queue.pop_front() {
            if let Some(q) = solver.queued.get_mut(id.0 as usize) {
                *q = false;
            }
            let Some(rounds) = solver.rounds.get_mut(id.0 as usize) else {
                continue;
            };
            *rounds += 1;
            if *rounds > limits::ORIGIN_ROUNDS {
                *solver
                    .caps
                    .entry("origin rounds of a function")
                    .or_default() += 1;
                continue;
            }
            for _ in 0..4 {
                solver.read_now.clear();
                solver.again = false;
                solver.evaluate(id);
                if !solver.again {
                    break;
                }
            }
        }
        solver
    }

    /// Instances reach the methods of their classes before anything is evaluated.
    fn seed(&mut self) {
        for index in 0..self.program.class_count() {
            let class = crate::program::ClassIdx(to_u32(index));
            let Some((file, def)) = self.program.class(class) else {
                continue;
            };
            let instance = self.vals.id(Val::Instance(class));
            let itself = self.vals.id(Val::Class(class));
            let mut members: Vec<_> = def
                .members
                .iter()
                .filter_map(|m| Some((m.func?, m.is_static)))
                .collect();
            members.push((def.constructor, false));
            for (func, is_static) in members {
                let id = self.program.func_id(file, func);
                if let Some(this) = self.program.func(id).func.this {
                    let node = self.local_node(id, this);
                    self.add(node, if is_static { itself } else { instance });
                }
            }
        }
    }

    // ---- places ----

    pub(super) fn local_node(&self, func: FuncId, local: LocalId) -> NodeId {
        self.first_local.get(func.0 as usize).copied().unwrap_or(0) + local.0
    }

    pub(super) fn return_node(&self, func: FuncId) -> NodeId {
        self.first_return + func.0
    }

    pub(super) fn global_node(&self, global: u32) -> NodeId {
        self.first_global + global
    }

    pub(super) fn field_node(&mut self, val: ValId, sym: Sym) -> NodeId {
        if let Some(&node) = self.fields.get(&(val, sym)) {
            return node;
        }
        let node = to_u32(self.nodes.len());
        self.nodes.push(ValSet::new());
        self.fields.insert((val, sym), node);
        self.field_lists.entry(val).or_default().push((sym, node));
        if let Some(readers) = self.list_readers.get(&val).cloned() {
            for reader in readers {
                self.enqueue(reader);
            }
        }
        node
    }

    /// The place of a variable that no scope declares.
    fn named_node(&mut self, name: Sym) -> NodeId {
        let holder = self.vals.id(Val::Object(FuncId(u32::MAX), 0));
        self.field_node(holder, name)
    }

    /// The place of a captured variable: the local of the function that owns it.
    pub(crate) fn capture_owner(
        &self,
        mut func: FuncRef<'p>,
        mut capture: CaptureId,
    ) -> Option<(FuncId, LocalId)> {
        loop {
            let parent = func.parent()?;
            match *func.func.captures.get(capture.index())? {
                Capture::Local(local) => return Some((parent, local)),
                Capture::Outer(outer) => {
                    capture = outer;
                    func = self.program.func(parent);
                }
            }
        }
    }

    fn enqueue(&mut self, func: FuncId) {
        if let Some(queued) = self.queued.get_mut(func.0 as usize)
            && !*queued
        {
            *queued = true;
            self.queue.push_back(func);
        }
    }

    pub(super) fn add(&mut self, node: NodeId, val: ValId) {
        let Some(set) = self.nodes.get_mut(node as usize) else {
            return;
        };
        match add(set, val) {
            Some(false) => {}
            None => *self.caps.entry("origins of a place").or_default() += 1,
            Some(true) => {
                if self.read_now.contains(&node) {
                    self.again = true;
                }
                if let Some(readers) = self.readers.get(&node).cloned() {
                    for reader in readers {
                        self.enqueue(reader);
                    }
                }
            }
        }
    }

    pub(super) fn add_all(&mut self, node: NodeId, vals: &[ValId]) {
        for &val in vals {
            self.add(node, val);
        }
    }

    /// Reads a place of the function under evaluation.
    pub(super) fn get(&mut self, node: NodeId) -> ValSet {
        self.read_now.insert(node);
        self.nodes.get(node as usize).cloned().unwrap_or_default()
    }

    /// Reads a place that other functions write.
    pub(super) fn get_shared(&mut self, node: NodeId, reader: FuncId) -> ValSet {
        let readers = self.readers.entry(node).or_default();
        if !readers.contains(&reader) {
            readers.push(reader);
        }
        self.get(node)
    }

    pub(super) fn watch_list(&mut self, val: ValId, reader: FuncId) {
        let readers = self.list_readers.entry(val).or_default();
        if !readers.contains(&reader) {
            readers.push(reader);
        }
    }

    pub(super) fn operand(&mut self, frame: Frame<'p>, operand: Operand) -> ValSet {
        match operand {
            Operand::Const(_) => ValSet::new(),
            Operand::Local(local) => self.local(frame, local),
        }
    }

    /// Reads a local. Parameters, the receiver and captured variables are written by others too.
    pub(super) fn local(&mut self, frame: Frame<'p>, local: LocalId) -> ValSet {
        let node = self.local_node(frame.f.id, local);
        let shared = frame.f.func.locals.get(local.index()).is_some_and(|l| {
            l.captured
                || matches!(
                    l.kind,
                    LocalKind::Param | LocalKind::This | LocalKind::Arguments
                )
        });
        // A destructured parameter arrives in a temporary.
        if shared || frame.f.param_of(local).is_some() {
            self.get_shared(node, frame.f.id)
        } else {
            self.get(node)
        }
    }

    pub(super) fn set(&mut self, frame: Frame<'p>, to: LocalId, vals: &[ValId]) {
        if !vals.is_empty() {
            let node = self.local_node(frame.f.id, to);
            self.add_all(node, vals);
        }
    }

    /// The path one member further.
    pub(super) fn member_path(&mut self, path: PathId, sym: Sym) -> Option<PathId> {
        if let Some(&known) = self.members.get(&(path, sym)) {
            return known;
        }
        let step = match sym.as_index() {
            Some(index) => Step::Index(index),
            None if sym == Sym::ANY => Step::AnyMember,
            None => Step::Member(self.program.text(sym).to_owned()),
        };
        let made = self.paths.step(path, &step);
        self.members.insert((path, sym), made);
        made
    }

    // ---- one evaluation ----

    fn evaluate(&mut self, id: FuncId) {
        let frame = Frame {
            f: self.program.func(id),
        };
        let func: &'p Function = frame.f.func;
        self.entry(frame);
        for (index, instr) in func.instrs.iter().enumerate() {
            self.instr(frame, to_u32(index), instr);
        }
        if func.kind == FnKind::Module {
            self.exported_handlers(frame);
        }
        let result = self.return_node(id);
        for block in &func.blocks {
            if let Term::Return(Some(value)) = block.term {
                let vals = self.operand(frame, value);
                self.add_all(result, &vals);
            }
        }
    }

    /// Annotated and decorated parameters.
    fn entry(&mut self, frame: Frame<'p>) {
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
                for val in self.get_shared(node, frame.f.id) {
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

    /// A function in a variable whose type is that of a package's callback: `const f: RequestHandler = (req, res) => …`.
    fn typed_functions(&mut self, frame: Frame<'p>, node: NodeId, types: &[ValId]) {
        for &ty in types {
            if let Some(Val::Api(path)) = self.vals.get(ty)
                && self.paths.known(path)
            {
                for val in self.get_shared(node, frame.f.id) {
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
        let (mut vals, rest) = match ty.binding {
            Some(var) => (self.var(frame, var), ty.path.get(1..).unwrap_or(&[])),
            None => {
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
                Some(Val::Api(path)) => self.paths.step(path, &Step::New).map(Val::Api),
                _ => None,
            };
            if let Some(made) = made {
                let made = self.vals.id(made);
                if !out.contains(&made) {
                    out.push(made);
                }
            }
        }
        out
    }

    pub(super) fn var(&mut self, frame: Frame<'p>, var: VarRef) -> ValSet {
        match var {
            VarRef::Global(global) => {
                let node = self.global_node(frame.f.global(global));
                self.get_shared(node, frame.f.id)
            }
            VarRef::Captured(capture) => match self.capture_owner(frame.f, capture) {
                Some((owner, local)) => {
                    let node = self.local_node(owner, local);
                    self.get_shared(node, frame.f.id)
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
                if val.is_none() && self.assigned_names.contains(&frame.f.sym(name)) {
                    let node = self.named_node(frame.f.sym(name));
                    return self.get_shared(node, frame.f.id);
                }
                val.map_or_else(ValSet::new, |v| ValSet::from_slice(&[self.vals.id(v)]))
            }
        }
    }

    fn instr(&mut self, frame: Frame<'p>, index: u32, instr: &Instr) {
        let func = frame.f.func;
        match *instr {
            Instr::Copy { to, from } | Instr::Await { to, from } => {
                let vals = self.operand(frame, from);
                self.set(frame, to, &vals);
            }
            Instr::Load { to, base, key } => {
                let base = self.operand(frame, base);
                let sym = self.key(frame, key);
                let vals = self.load_all(frame, &base, sym);
                self.set(frame, to, &vals);
            }
            Instr::Store { base, key, value } => {
                let base = self.operand(frame, base);
                let value = self.operand(frame, value);
                let sym = self.key(frame, key);
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
                                    let vals = self.get_shared(result, frame.f.id);
                                    self.add_all(node, &vals);
                                }
                            }
                            continue;
                        }
                        PartKey::Setter(_) => continue,
                    };
                    self.store(frame, object, sym, &value);
                }
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
                    let vals = self.operand(frame, base);
                    let node = self.field_node(val, Sym::ANY);
                    self.add_all(node, &vals);
                }
                self.class_fields(frame, class);
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
    fn class_fields(&mut self, frame: Frame<'p>, class: crate::program::ClassIdx) {
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
    fn store_to_package(&mut self, frame: Frame<'p>, base: ValId, sym: Sym, value: &[ValId]) {
        if let Some(Val::Api(path)) = self.vals.get(base)
            && let Some(member) = self.member_path(path, sym)
            && self.paths.known(member)
        {
            for &val in value {
                self.given(frame, member, val, 0);
            }
        }
    }

    fn import(&mut self, frame: Frame<'p>, import: usize, name: Option<Sym>) -> ValSet {
        let file = frame.f.file;
        let require = file.facts.imports.get(import).is_some_and(|i| i.require);
        match file.imports.get(import) {
            Some(Target::File(target)) => self.import_file(frame, *target, name, require),
            Some(Target::Package(root)) => {
                let root = self.paths.root(root);
                let path = match name {
                    // Packages are CommonJS or ES; `default` is the package itself in either reading.
                    Some(name) if self.program.text(name) != "default" => {
                        self.member_path(root, name)
                    }
                    _ => Some(root),
                };
                path.map_or_else(ValSet::new, |p| {
                    ValSet::from_slice(&[self.vals.id(Val::Api(p))])
                })
            }
            _ => ValSet::new(),
        }
    }

    pub(super) fn import_file(
        &mut self,
        frame: Frame<'p>,
        target: FileIdx,
        name: Option<Sym>,
        require: bool,
    ) -> ValSet {
        let facts = &self.program.file(target).facts;
        if facts.is_module {
            return match name {
                Some(name) => self.exported(frame, target, name, 0),
                None => ValSet::from_slice(&[self.vals.id(Val::Namespace(target))]),
            };
        }
        if facts.language == Language::Template {
            let template = self.program.func_id(target, casemate_ir::FnId(0));
            return ValSet::from_slice(&[self.vals.id(Val::Func(template))]);
        }
        let module = self.vals.id(Val::Module(target));
        let exports = self.program.symbols.find("exports").unwrap_or(Sym::ANY);
        let whole = self.load_all(frame, &[module], exports);
        match name {
            None => whole,
            Some(_) if require => whole,
            Some(name) => {
                let mut vals = self.load_all(frame, &whole, name);
                if self.program.text(name) == "default" {
                    for val in whole {
                        if !vals.contains(&val) {
                            vals.push(val);
                        }
                    }
                }
                vals
            }
        }
    }

    /// The values of one export of an ES module.
    pub(super) fn exported(
        &mut self,
        frame: Frame<'p>,
        file: FileIdx,
        name: Sym,
        depth: u32,
    ) -> ValSet {
        use casemate_ir::ExportKind;
        let mut out = ValSet::new();
        if depth > 8 {
            return out;
        }
        let program = self.program;
        let source = program.file(file);
        for export in &source.facts.exports {
            let is = program.sym(file, export.name) == name;
            match export.kind {
                ExportKind::Variable(global) if is => {
                    let node = self.global_node(program.global(file, global));
                    out.extend(self.get_shared(node, frame.f.id));
                }
                ExportKind::From(import, inner) if is => {
                    let inner = inner.map(|i| program.sym(file, i));
                    out.extend(self.through(frame, file, import.index(), inner, depth));
                }
                ExportKind::All(import) if program.text(name) != "default" => {
                    out.extend(self.through(frame, file, import.index(), Some(name), depth));
                }
                _ => {}
            }
        }
        out
    }

    fn through(
        &mut self,
        frame: Frame<'p>,
        file: FileIdx,
        import: usize,
        name: Option<Sym>,
        depth: u32,
    ) -> ValSet {
        let program = self.program;
        match program.file(file).imports.get(import) {
            Some(Target::File(target)) if program.file(*target).facts.is_module => match name {
                Some(name) => self.exported(frame, *target, name, depth + 1),
                None => ValSet::from_slice(&[self.vals.id(Val::Namespace(*target))]),
            },
            Some(Target::File(target)) => self.import_file(frame, *target, name, false),
            Some(Target::Package(root)) => {
                let root = self.paths.root(root);
                let path = match name {
                    Some(name) if program.text(name) != "default" => self.member_path(root, name),
                    _ => Some(root),
                };
                path.map_or_else(ValSet::new, |p| {
                    ValSet::from_slice(&[self.vals.id(Val::Api(p))])
                })
            }
            _ => ValSet::new(),
        }
    }

    // ---- answers ----

    /// The values of a local once the pass is done.
    #[must_use]
    pub fn of_local(&self, func: FuncId, local: LocalId) -> &[ValId] {
        self.nodes
            .get(self.local_node(func, local) as usize)
            .map_or(&[], |s| s)
    }

    /// The values of an operand.
    #[must_use]
    pub fn of_operand(&self, func: FuncId, operand: Operand) -> &[ValId] {
        match operand {
            Operand::Local(local) => self.of_local(func, local),
            Operand::Const(_) => &[],
        }
    }

    /// The values of a module-level variable.
    #[must_use]
    pub fn of_global(&self, global: u32) -> &[ValId] {
        self.nodes
            .get(self.global_node(global) as usize)
            .map_or(&[], |s| s)
    }

    /// The values that a member of a value was seen to hold.
    #[must_use]
    pub fn of_field(&self, val: ValId, sym: Sym) -> &[ValId] {
        self.fields
            .get(&(val, sym))
            .and_then(|&n| self.nodes.get(n as usize))
            .map_or(&[], |s| s)
    }

    /// The values of the `extends` clause of a class.
    #[must_use]
    pub fn of_bases(&self, class: crate::program::ClassIdx) -> &[ValId] {
        self.vals
            .find(Val::Class(class))
            .map_or(&[], |v| self.of_field(v, Sym::ANY))
    }

    /// The values that a symbolic place with an absolute base may hold.
    #[must_use]
    pub fn of_place(&self, port: &PortPath) -> ValSet {
        let mut vals: ValSet = match port.base {
            PortBase::Global(global) => ValSet::from_slice(self.of_global(global)),
            PortBase::Var(func, local) => ValSet::from_slice(self.of_local(func, local)),
            PortBase::Instance(class) => self.vals.find(Val::Instance(class)).into_iter().collect(),
            _ => return ValSet::new(),
        };
        for &sym in port.members() {
            let mut next = ValSet::new();
            for &val in &vals {
                self.peek(val, sym, 0, &mut next);
            }
            vals = next;
        }
        vals
    }

    /// Sizes, for statistics.
    #[must_use]
    pub fn stats(&self) -> String {
        let values: usize = self.nodes.iter().map(SmallVec::len).sum();
        format!(
            "{} places, {values} values in them, {} members, {} paths, {} evaluations",
            self.nodes.len(),
            self.fields.len(),
            self.paths.len(),
            self.rounds.iter().map(|&r| u64::from(r)).sum::<u64>()
        )
    }

    /// The constant that a member of an object of the program is, where the object is written in one place.
    #[must_use]
    pub fn constant_at(&self, port: &PortPath) -> Option<(FileIdx, casemate_ir::ConstId)> {
        let (parent, last) = port.split()?;
        let mut found = None;
        for val in self.of_place(&parent) {
            let Some(Val::Object(func, at)) = self.vals.get(val) else {
                return None;
            };
            let f = self.program.func(func);
            let parts = match f.func.instrs.get(at as usize)? {
                Instr::Object { parts, .. } => f.func.parts(*parts),
                _ => return None,
            };
            let part = parts
                .iter()
                .find(|p| matches!(p.key, PartKey::Field(name) if f.sym(name) == last))?;
            let Operand::Const(id) = part.value else {
                return None;
            };
            if found.is_some_and(|known| known != (f.file_idx, id)) {
                return None;
            }
            found = Some((f.file_idx, id));
        }
        found
    }

    /// The path one member further, if the pass met it.
    #[must_use]
    pub fn met_member(&self, path: PathId, sym: Sym) -> Option<PathId> {
        self.members.get(&(path, sym)).copied().flatten()
    }

    /// The places where packages put what a function returns.
    #[must_use]
    pub fn returned(&self, func: FuncId) -> &[PathId] {
        self.returned.get(&func).map_or(&[], SmallVec::as_slice)
    }

    /// What `module.exports` of a file holds.
    #[must_use]
    pub fn commonjs_exports(&self, file: FileIdx) -> ValSet {
        let mut out = ValSet::new();
        if let (Some(module), Some(sym)) = (
            self.vals.find(Val::Module(file)),
            self.program.symbols.find("exports"),
        ) {
            out.extend_from_slice(self.of_field(module, sym));
        }
        out.extend(self.vals.find(Val::Exports(file)));
        out
    }

    /// All values that members of a value hold, by order of arrival.
    #[must_use]
    pub fn members_of(&self, val: ValId) -> Vec<ValId> {
        let list = self.field_lists.get(&val).map_or(&[][..], Vec::as_slice);
        list.iter()
            .filter_map(|(_, node)| self.nodes.get(*node as usize))
            .flat_map(|s| s.iter().copied())
            .collect()
    }

    /// `f.prototype`, if it was met.
    #[must_use]
    pub fn proto_of(&self, func: FuncId) -> Option<ValId> {
        self.vals.find(Val::Proto(func))
    }

    /// A member, as far as it was seen during the pass.
    fn peek(&self, val: ValId, sym: Sym, depth: u32, out: &mut ValSet) {
        if depth > 6 || out.len() > limits::ORIGIN_VALUES {
            return;
        }
        out.extend_from_slice(self.of_field(val, sym));
        match self.vals.get(val) {
            Some(Val::Api(path)) => {
                if let Some(next) = self.members.get(&(path, sym)).copied().flatten() {
                    out.extend(self.vals.find(Val::Api(next)));
                }
            }
            Some(Val::Instance(class)) => {
                if let Some((file, def)) = self.program.class(class) {
                    for member in &def.members {
                        if let Some(func) = member.func
                            && !member.is_static
                            && self.program.sym(file, member.name) == sym
                        {
                            out.extend(self.vals.find(Val::Func(self.program.func_id(file, func))));
                        }
                    }
                }
                for &base in self.of_bases(class) {
                    if let Some(Val::Class(base)) = self.vals.get(base)
                        && let Some(instance) = self.vals.find(Val::Instance(base))
                    {
                        self.peek(instance, sym, depth + 1, out);
                    }
                }
            }
            Some(Val::FnInstance(func)) => {
                if let Some(proto) = self.vals.find(Val::Proto(func)) {
                    out.extend_from_slice(self.of_field(proto, sym));
                }
            }
            Some(Val::Module(file)) if self.program.text(sym) == "exports" => {
                out.extend(self.vals.find(Val::Exports(file)));
            }
            Some(Val::Namespace(file)) => {
                for export in &self.program.file(file).facts.exports {
                    if self.program.sym(file, export.name) == sym
                        && let casemate_ir::ExportKind::Variable(global) = export.kind
                    {
                        out.extend_from_slice(self.of_global(self.program.global(file, global)));
                    }
                }
            }
            _ => {}
        }
    }

    /// The value of an id.
    #[must_use]
    pub fn val(&self, id: ValId) -> Option<Val> {
        self.vals.get(id)
    }
}

/// The root prefix of global names of a language.
pub(crate) fn root_prefix(language: Language) -> &'static str {
    match language {
        Language::JavaScript | Language::Template => "js",
        Language::Python => "py",
    }
}

/// Names that no scope declares and that some function assigns: variables of the global object.
fn assigned_names(program: &Program) -> FxHashSet<Sym> {
    let mut out = FxHashSet::default();
    for id in program.function_ids() {
        let f = program.func(id);
        for instr in &f.func.instrs {
            if let Instr::StoreVar {
                var: VarRef::Free(name),
                ..
            } = *instr
            {
                out.insert(f.sym(name));
            }
        }
    }
    out
}
