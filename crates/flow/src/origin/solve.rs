//! The fixpoint: places, the queue, and one evaluation of a function.

use super::import::Leaf;
use super::steps::{StepId, Steps};
use super::value::{Val, ValId, ValSet, Vals, add};
use super::wrappers::Wrappers;
use crate::apipath::{PathId, Paths};
use crate::injected::Aliases;
use crate::limits;
use crate::program::{ClassIdx, FuncRef, Program, to_u32};
use crate::result::{Entry, FileIdx, FuncId};
use crate::symbol::Sym;
use casemate_ir::{
    Capture, CaptureId, FnKind, GlobalId, Instr, Key, Language, LocalId, MemberKind, Operand, Span,
    VarRef,
};
use casemate_model::matcher::Models;
use casemate_model::path::Step;
use casemate_model::row::{EntryRow, ExportRow, Role, SignatureRow};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// By function: its first local; its result stands before it.
    pub(super) first_local: Vec<u32>,
    pub(super) first_global: u32,
    pub(super) fields: FxHashMap<(ValId, Sym), NodeId>,
    pub(super) field_lists: FxHashMap<ValId, Vec<(Sym, NodeId)>>,
    /// By place: the steps to take again when it grows, in order.
    pub(super) readers: Vec<SmallVec<[StepId; 2]>>,
    pub(super) list_readers: FxHashMap<ValId, SmallVec<[StepId; 2]>>,
    pub(super) steps: Steps,
    pub(super) rounds: Vec<u32>,
    pub(super) members: FxHashMap<(PathId, Sym), Option<PathId>>,
    /// By place: the evaluation of a step that read it last.
    pub(super) read_at: Vec<u32>,
    /// The number of the evaluation under way.
    pub(super) now: u32,
    /// The step under way.
    pub(super) current: StepId,
    /// Caps reached, by name.
    pub caps: FxHashMap<&'static str, u64>,
    /// Names of members that some class computes when they are read.
    pub getters: FxHashSet<Sym>,
    /// Classes by name.
    pub(super) class_names: super::registry::ClassNames,
    /// Modules whose first `module.exports` nobody sees.
    pub(super) replaced: FxHashSet<FileIdx>,
    /// Names under which the program keeps functions on something.
    pub(super) functions_kept: FxHashSet<Sym>,
    /// By instruction that reads a member whose name only the run knows: the many functions that it may be.
    pub(super) members_of: FxHashMap<(FuncId, u32), Vec<FuncId>>,
    /// Some package of the program has to do with GraphQL.
    pub(super) speaks_graphql: bool,
    /// Names under which the program hangs something on objects that it is handed.
    pub(super) hung: super::hung::Hung,
    /// Names that no scope declares and that are assigned all the same.
    pub assigned_names: FxHashSet<Sym>,
    /// The global object of JavaScript, under its two names.
    pub global_object: [Option<PathId>; 2],
    /// Functions that some package calls (callbacks, handlers): nobody in the program needs to.
    pub called_by_package: FxHashSet<FuncId>,
    /// Parameters that hold an instance which a framework makes of a request, by its class.
    pub dependencies: FxHashMap<(FuncId, usize), ClassIdx>,
    /// Parameters that a package fills, by function and place among its parameters.
    pub filled_by_package: FxHashSet<(FuncId, usize)>,
    /// Parameters of handlers that hold a number or an id which the client says, by function and place among its parameters.
    pub keys_of_client: FxHashSet<(FuncId, usize)>,
    /// Handlers that are declared instead of registered: by decorators, by file and name.
    pub declared: BTreeMap<(FuncId, String, Option<Span>), Entry>,
    /// Decorators of the program by which handlers are declared: the function that is given the handler, and the decorator of a package
    /// that it applies.
    pub registering: BTreeMap<(FuncId, Span), (FuncId, Operand)>,
    /// The places where packages put what a function returns.
    pub(super) returned: FxHashMap<FuncId, SmallVec<[PathId; 1]>>,
    /// Functions that are copied for their callers.
    pub(super) wrappers: Wrappers,
    /// What classes below have in place of methods was looked at.
    hierarchy_known: bool,
    /// Where the exports of modules lead.
    pub(super) exports: FxHashMap<(FileIdx, Sym), Arc<[Leaf]>>,
    /// By file: the rows of handlers that are found in it by name.
    pub(super) exported: Vec<Vec<(&'m EntryRow, &'m ExportRow)>>,
    /// By variable of a module: the member of a library that it stands for, where models speak of it.
    stands_for: FxHashMap<u32, PathId>,
    /// Types that name the dependency which fills a parameter.
    pub(super) aliases: Aliases,
    /// Names under which the program gives its own functions something, once somebody asked.
    pub(super) named: std::sync::OnceLock<FxHashSet<Sym>>,
}

/// How often a function is gone through before others have their turn.
const SWEEPS: usize = 4;

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
            first_local.push(count + 1);
            count += 1 + to_u32(program.func(id).func.locals.len());
        }
        let first_global = count;
        let total = first_global + program.global_count();
        let mut solver = Self {
            program,
            aliases: Aliases::of(program),
            paths: Paths::new(models),
            vals: Vals::default(),
            nodes: vec![ValSet::new(); total as usize],
            first_local,
            first_global,
            fields: FxHashMap::default(),
            field_lists: FxHashMap::default(),
            readers: vec![SmallVec::new(); total as usize],
            list_readers: FxHashMap::default(),
            steps: Steps::all(program),
            rounds: vec![0; program.function_count()],
            members: FxHashMap::default(),
            read_at: vec![0; total as usize],
            now: 0,
            current: 0,
            caps: FxHashMap::default(),
            getters: getters(program),
            class_names: super::registry::class_names(program),
            replaced: super::import::replaced(program),
            functions_kept: super::kept::functions_kept(program),
            speaks_graphql: super::resolvers::speaks_graphql(program),
            hung: super::hung::Hung::of(program),
            assigned_names: assigned_names(program),
            global_object: [None; 2],
            called_by_package: FxHashSet::default(),
            dependencies: FxHashMap::default(),
            filled_by_package: FxHashSet::default(),
            keys_of_client: FxHashSet::default(),
            declared: BTreeMap::new(),
            registering: BTreeMap::new(),
            returned: FxHashMap::default(),
            wrappers: Wrappers::of(program),
            hierarchy_known: false,
            members_of: FxHashMap::default(),
            exports: FxHashMap::default(),
            exported: super::declared::exported(program, models),
            stands_for: FxHashMap::default(),
            named: std::sync::OnceLock::new(),
        };
        for language in ["js", "py"] {
            solver.paths.core_method(language, super::STATEMENT);
        }
        solver.global_object = GLOBAL_OBJECT.map(|name| solver.paths.global("js", name));
        solver.settle_modules();
        solver.settle_signatures();
        solver.seed();
        while let Some(id) = solver.next() {
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
            for _ in 0..SWEEPS {
                if !solver.evaluate(id) {
                    break;
                }
            }
        }
        // Nothing grows any more, and nobody waits.
        solver.readers = Vec::new();
        solver.list_readers = FxHashMap::default();
        solver.read_at = Vec::new();
        solver
    }

    /// Finds the modules that a library reads by the names that they assign.
    fn settle_modules(&mut self) {
        let program = self.program;
        for row in self.paths.models().rows() {
            let Role::Module { names } = &row.role else {
                continue;
            };
            let root = self.paths.root(&row.at);
            for index in 0..program.files.len() {
                let file = FileIdx(to_u32(index));
                let facts = &program.file(file).facts;
                let all = || facts.globals.iter().map(|g| facts.str(g.name));
                if !all().any(|n| names.iter().any(|m| m == n)) {
                    continue;
                }
                for (global, name) in (0..).zip(all()) {
                    if let Some(path) = self.paths.step(root, &Step::Member(name.to_owned()))
                        && self.paths.has_rows(path)
                    {
                        let global = program.global(file, GlobalId(global));
                        self.stands_for.insert(global, path);
                    }
                }
            }
        }
    }

    /// Finds the handlers that only the names of their parameters tell.
    fn settle_signatures(&mut self) {
        let program = self.program;
        let models = self.paths.models();
        for row in models.rows() {
            let Role::Signature(signature) = &row.role else {
                continue;
            };
            let params: Vec<Option<PathId>> = signature
                .params
                .iter()
                .map(|name| self.paths.named_type(name))
                .collect();
            if !program.imports_any(&signature.packages) {
                continue;
            }
            let python = signature.packages.iter().all(|p| p.starts_with("py:"));
            let language = if python {
                Language::Python
            } else {
                Language::JavaScript
            };
            let mut uses: FxHashMap<FileIdx, bool> = FxHashMap::default();
            for id in program.function_ids() {
                let f = program.func(id);
                if f.file.facts.language == language
                    && is_signature(f, signature)
                    && (!python || of_object(signature) || stands_in_module(program, f))
                    && *uses
                        .entry(f.file_idx)
                        .or_insert_with(|| program.may_use(f.file_idx, &signature.packages))
                {
                    for (param, path) in f.func.params.iter().zip(&params) {
                        if let Some(path) = *path {
                            let val = self.vals.id(Val::Api(path));
                            let node = self.local_node(id, param.local);
                            self.add(node, val);
                        }
                    }
                }
            }
        }
    }

    /// The member of a library that a variable of a module stands for.
    #[must_use]
    pub fn stands_for(&self, global: u32) -> Option<PathId> {
        self.stands_for.get(&global).copied()
    }

    /// The function whose turn it is. What classes below have in place of methods is looked at when nothing else is left, then calls
    /// of wrappers.
    fn next(&mut self) -> Option<FuncId> {
        loop {
            let next = self.steps.next();
            if next.is_some() {
                return next;
            }
            let known = std::mem::replace(&mut self.hierarchy_known, true);
            if !(!known && self.overridden() || self.settle()) {
                return None;
            }
        }
    }

    /// Makes room for what is known of a copy, and looks at all of it.
    pub(super) fn begin(&mut self, copy: FuncId) {
        let func = self.program.func(copy).func;
        let count = func.locals.len() + 1;
        self.first_local.push(to_u32(self.nodes.len()) + 1);
        let end = self.nodes.len() + count;
        self.nodes.resize_with(end, ValSet::new);
        self.readers.resize_with(end, SmallVec::new);
        self.read_at.resize(end, 0);
        self.rounds.push(0);
        self.steps.add(copy, func);
    }

    /// Instances reach the methods of their classes before anything is evaluated.
    pub(super) fn seed(&mut self) {
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
        self.first_local.get(func.0 as usize).copied().unwrap_or(1) + local.0
    }

    pub(super) fn return_node(&self, func: FuncId) -> NodeId {
        self.local_node(func, LocalId(0)) - 1
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
        self.read_at.push(0);
        self.readers.push(SmallVec::new());
        self.fields.insert((val, sym), node);
        self.field_lists.entry(val).or_default().push((sym, node));
        if let Some(readers) = self.list_readers.get(&val).cloned() {
            for reader in readers {
                self.steps.mark(reader);
            }
        }
        node
    }

    /// The place of a variable that no scope declares.
    pub(super) fn named_node(&mut self, name: Sym) -> NodeId {
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

    pub(super) fn add(&mut self, node: NodeId, val: ValId) {
        let Some(set) = self.nodes.get_mut(node as usize) else {
            return;
        };
        match add(set, val) {
            Some(false) => {}
            None if !matches!(self.vals.get(val), Some(Val::Members(..))) => {
                *self.caps.entry("origins of a place").or_default() += 1;
            }
            None | Some(true) => {
                // All members of an object count as one, and are never too many.
                if let Some(set) = self.nodes.get_mut(node as usize)
                    && !set.contains(&val)
                {
                    set.push(val);
                }
                for &reader in self.readers.get(node as usize).into_iter().flatten() {
                    self.steps.mark(reader);
                }
            }
        }
    }

    pub(super) fn add_all(&mut self, node: NodeId, vals: &[ValId]) {
        for &val in vals {
            self.add(node, val);
        }
    }

    /// Reads a place.
    pub(super) fn get_shared(&mut self, node: NodeId) -> ValSet {
        ValSet::from_slice(self.look(node))
    }

    /// [`Self::get_shared`] for those who only look.
    pub(super) fn look(&mut self, node: NodeId) -> &[ValId] {
        if let Some(at) = self.read_at.get_mut(node as usize)
            && *at != self.now
        {
            *at = self.now;
            if let Some(readers) = self.readers.get_mut(node as usize) {
                note(readers, self.current);
            }
        }
        self.nodes.get(node as usize).map_or(&[], |set| set)
    }

    pub(super) fn watch_list(&mut self, val: ValId) {
        note(self.list_readers.entry(val).or_default(), self.current);
    }

    pub(super) fn operand(&mut self, frame: Frame<'p>, operand: Operand) -> ValSet {
        match operand {
            Operand::Const(_) => ValSet::new(),
            Operand::Local(local) => self.local(frame, local),
        }
    }

    /// Reads a local.
    pub(super) fn local(&mut self, frame: Frame<'p>, local: LocalId) -> ValSet {
        let node = self.local_node(frame.f.id, local);
        self.get_shared(node)
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
        let made = match sym.as_index() {
            Some(index) => self.paths.step(path, &Step::Index(index)),
            None if sym == Sym::ANY => self.paths.step(path, &Step::AnyMember),
            None => self.paths.member(path, self.program.text(sym)),
        };
        self.members.insert((path, sym), made);
        made
    }
}

/// Remembers a reader, once. Steps come almost in order.
fn note(readers: &mut SmallVec<[StepId; 2]>, step: StepId) {
    if readers.last().is_some_and(|last| *last >= step) {
        if let Err(at) = readers.binary_search(&step) {
            readers.insert(at, step);
        }
    } else {
        readers.push(step);
    }
}

/// The step from a class of a package to what it makes: languages without `new` call it.
pub(super) fn making(frame: Frame<'_>) -> Step {
    match frame.f.file.facts.language {
        Language::Python => Step::Call,
        Language::JavaScript | Language::Template => Step::New,
    }
}

/// The root prefix of global names of a language.
pub(crate) fn root_prefix(language: Language) -> &'static str {
    match language {
        Language::JavaScript | Language::Template => "js",
        Language::Python => "py",
    }
}

/// Whether a function is one of its module, and neither a method nor a part of another function.
fn stands_in_module(program: &Program, f: FuncRef<'_>) -> bool {
    let outer = f.parent().map(|parent| program.func(parent).func.kind);
    f.func.class.is_none() && outer == Some(FnKind::Module)
}

/// Whether the first parameters of a function have the names of a signature, and no types that say otherwise.
fn is_signature(f: FuncRef<'_>, signature: &SignatureRow) -> bool {
    let params = &f.func.params;
    params.len() >= signature.names.len()
        && params.iter().zip(&signature.names).all(|(param, names)| {
            let name = param.name.map(|name| f.file.facts.str(name));
            (param.ty.is_none() || of_object(signature))
                && name.is_some_and(|name| names.iter().any(|known| known == name))
        })
}

/// Whether a signature is one of objects that are called (`async def __call__(self, scope, receive, send)`): so many names are a
/// convention of their own, wherever the function stands and whatever types the program writes beside them.
fn of_object(signature: &SignatureRow) -> bool {
    let python = signature.packages.iter().all(|p| p.starts_with("py:"));
    python && signature.names.len() >= 3
}

/// Names of members that some class computes when they are read.
fn getters(program: &Program) -> FxHashSet<Sym> {
    let mut out = FxHashSet::default();
    for index in 0..program.class_count() {
        let Some((file, def)) = program.class(crate::program::ClassIdx(to_u32(index))) else {
            continue;
        };
        let computed = def.members.iter().filter(|m| m.kind == MemberKind::Getter);
        out.extend(computed.map(|m| program.sym(file, m.name)));
    }
    out
}

/// Names of the object whose members are the variables that no scope declares.
const GLOBAL_OBJECT: [&str; 2] = ["globalThis", "global"];

/// Names that no scope declares and that some function assigns, by name or as members of the global object.
fn assigned_names(program: &Program) -> FxHashSet<Sym> {
    let mut out = FxHashSet::default();
    for id in program.function_ids() {
        let f = program.func(id);
        for instr in &f.func.instrs {
            match *instr {
                Instr::StoreVar {
                    var: VarRef::Free(name),
                    ..
                } => {
                    out.insert(f.sym(name));
                }
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    ..
                } if matches!(f.made_by(base), Some(Instr::LoadVar { var: VarRef::Free(of), .. })
                    if GLOBAL_OBJECT.contains(&f.file.facts.str(*of))) =>
                {
                    out.insert(f.sym(name));
                }
                _ => {}
            }
        }
    }
    out
}
