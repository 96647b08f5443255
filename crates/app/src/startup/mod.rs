//! The start of a program, run on abstract values: every module once, and what its body calls, so that each router is told from
//! every other, paths are put together as they are at run time, and handlers are registered in their order.
//!
//! Both ways of a branch are taken unless its condition is certain. Loops over known elements are run once an element. Handlers
//! are not run. What no module reaches is run afterwards, with what the origins say of its parameters.

mod call;
mod control;
mod exec;
mod kept;
mod member;
mod operator;
mod own;
mod port;
mod register;
mod relevant;
mod said;
mod served;
mod text;
mod value;

pub(crate) use register::{DEFAULT, Event, GRAPHQL, Handler, Mount, STEP, VIEW};
pub(crate) use served::TREE;
pub(crate) use value::{HOLE, Kind, ObjId, V};

use crate::decoration::written_name;
use crate::limits;
use casemate_flow::origin::{Solver, Val, ValId};
use casemate_flow::program::{ClassIdx, FuncRef, Program};
use casemate_flow::result::{FileIdx, FuncId, Site};
use casemate_ir::{FnId, Instr, LocalId, Operand};
use relevant::Relevant;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use value::{FrameId, Made, Obj, Value};

/// The variables of one call.
struct Frame<'p> {
    f: FuncRef<'p>,
    parent: Option<FrameId>,
    /// The call that runs it.
    caller: Option<(FrameId, u32)>,
    locals: Vec<Value>,
    /// By local: more than one instruction writes it.
    several: Rc<[bool]>,
    result: Value,
    /// A function or class was made in it, which may outlive the call.
    kept: bool,
}

/// The interpreter with all that it has seen.
pub(crate) struct Startup<'p, 'm, 'o> {
    pub(crate) program: &'p Program,
    pub(crate) origins: &'o mut Solver<'p, 'm>,
    relevant: Relevant,
    frames: Vec<Frame<'p>>,
    pub(crate) objects: Vec<Obj>,
    globals: FxHashMap<u32, Value>,
    names: FxHashMap<Rc<str>, Value>,
    modules: FxHashMap<FileIdx, Module>,
    statics: FxHashMap<(bool, u32), ObjId>,
    bases: FxHashMap<ClassIdx, Value>,
    shared: FxHashMap<ClassIdx, ObjId>,
    made: FxHashMap<(FrameId, u32), ObjId>,
    loops: FxHashMap<(FrameId, u32), usize>,
    several: FxHashMap<FuncId, Rc<[bool]>>,
    stack: Vec<FuncId>,
    /// The call that is being made.
    calling: Option<(FrameId, u32)>,
    aside: Option<(u64, u32)>,
    fuel: u64,
    certain: bool,
    ran: FxHashSet<FuncId>,
    /// Registrations in their order.
    pub(crate) events: Vec<Event>,
    /// The last of them, by what they are on and the call.
    last_events: FxHashMap<(Option<ObjId>, Site), VecDeque<usize>>,
    /// Children that packages make.
    pub(crate) mounts: Vec<Mount>,
    /// Parts that packages make, with what they are parts of.
    parts: FxHashMap<ObjId, ObjId>,
    /// Functions that are registered without a part of their own.
    open: FxHashSet<FuncId>,
    seen: FxHashSet<(FuncId, u32)>,
    /// What the modules registered: functions that are run by themselves afterwards add to it.
    settled: FxHashSet<(FuncId, u32)>,
    /// Objects that were handed to packages otherwise than by registering: servers and the like.
    pub(crate) handed: FxHashSet<ObjId>,
    /// Caps reached.
    pub(crate) caps: BTreeMap<&'static str, u64>,
}

/// A CommonJS module: `module` and the first `exports`.
#[derive(Clone, Copy)]
struct Module {
    module: ObjId,
    exports: ObjId,
}

/// What the run of a program's start gives.
pub(crate) struct Started {
    /// Registrations in their order.
    pub events: Vec<Event>,
    /// Children that packages make.
    pub mounts: Vec<Mount>,
    /// All objects.
    pub objects: Vec<Obj>,
    /// Objects that were handed to packages otherwise.
    pub handed: FxHashSet<ObjId>,
    /// Calls that register, in all.
    pub sites: usize,
    /// Calls that register and that no run reached.
    pub missed: Vec<Site>,
    /// Calls that look like registrations on receivers that nothing is known of.
    pub suspects: Vec<Site>,
    /// Caps reached.
    pub caps: BTreeMap<&'static str, u64>,
}

/// Runs the start of a program.
pub(crate) fn run(origins: &mut Solver<'_, '_>) -> Started {
    let relevant = Relevant::of(origins);
    let mut startup = Startup {
        program: origins.program,
        origins,
        relevant,
        frames: Vec::new(),
        objects: Vec::new(),
        globals: FxHashMap::default(),
        names: FxHashMap::default(),
        modules: FxHashMap::default(),
        statics: FxHashMap::default(),
        bases: FxHashMap::default(),
        shared: FxHashMap::default(),
        made: FxHashMap::default(),
        loops: FxHashMap::default(),
        several: FxHashMap::default(),
        stack: Vec::new(),
        calling: None,
        aside: None,
        fuel: limits::START_FUEL,
        certain: true,
        ran: FxHashSet::default(),
        events: Vec::new(),
        last_events: FxHashMap::default(),
        mounts: Vec::new(),
        parts: FxHashMap::default(),
        open: FxHashSet::default(),
        seen: FxHashSet::default(),
        settled: FxHashSet::default(),
        handed: FxHashSet::default(),
        caps: BTreeMap::new(),
    };
    startup.all();
    startup.finish()
}

impl<'p> Startup<'p, '_, '_> {
    fn all(&mut self) {
        // `app[method](path, handler)` is no site that origins tell of.
        let registers = self.relevant.registers.iter().any(|registers| *registers);
        if self.relevant.sites.is_empty() && !registers {
            return;
        }
        for file in self.order() {
            self.module(file);
        }
        self.rest();
    }

    /// Modules that lead to registrations, those that nobody imports first: they are where a program starts.
    fn order(&self) -> Vec<FileIdx> {
        let mut imported = FxHashSet::default();
        for file in &self.program.files {
            for target in &file.imports {
                if let casemate_flow::program::Target::File(target) = target {
                    imported.insert(*target);
                }
            }
        }
        let leads = |file: &FileIdx| {
            let facts = &self.program.file(*file).facts;
            (0..facts.functions.len()).any(|f| {
                let id = self.program.func_id(*file, FnId::from(f));
                self.relevant
                    .leads
                    .get(id.0 as usize)
                    .copied()
                    .unwrap_or(false)
            })
        };
        let files = (0..self.program.files.len())
            .map(|index| FileIdx(u32::try_from(index).unwrap_or(u32::MAX)));
        let (first, later): (Vec<_>, Vec<_>) = files
            .filter(leads)
            .partition(|file| !imported.contains(file));
        first.into_iter().chain(later).collect()
    }

    /// What no module reached, outermost first, then every registration that is still missing.
    fn rest(&mut self) {
        self.certain = false;
        let missing = |s: &Self| -> Vec<(FuncId, u32)> {
            let sites = s.relevant.sites.iter().copied();
            sites.filter(|site| !s.seen.contains(site)).collect()
        };
        let mut roots: Vec<FuncId> = Vec::new();
        for (func, _) in missing(self) {
            let root = self.outermost(func);
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        self.settled = self.seen.clone();
        for root in roots {
            if !self.ran.contains(&root) {
                self.by_itself(root);
            }
        }
        for (func, at) in missing(self) {
            if !self.seen.contains(&(func, at)) {
                self.by_itself(func);
            }
        }
    }

    /// The outermost user of a function that did not run.
    fn outermost(&self, func: FuncId) -> FuncId {
        let mut at = func;
        let mut seen = FxHashSet::from_iter([func]);
        loop {
            let users = self.relevant.users.get(at.0 as usize);
            let next = users
                .into_iter()
                .flatten()
                .copied()
                .find(|user| !self.ran.contains(user) && !seen.contains(user));
            match next {
                Some(user) => {
                    seen.insert(user);
                    at = user;
                }
                None => return at,
            }
        }
    }

    /// Runs a function with nothing but what the origins say of its parameters.
    fn by_itself(&mut self, func: FuncId) {
        self.fuel = self.fuel.max(limits::START_FUEL / 16);
        let f = self.program.func(func);
        let this = f
            .func
            .class
            .map(|class| self.shared_instance(f.class(class)));
        let this = this.map_or_else(Value::new, |id| value::one(V::Object(id)));
        self.invoke(func, None, &this, None);
    }

    fn finish(self) -> Started {
        let site = |(func, at): &(FuncId, u32)| {
            let f = self.program.func(*func);
            let span = f.func.spans.get(*at as usize).copied().unwrap_or_default();
            self.program.site(*func, span)
        };
        let missed = self
            .relevant
            .sites
            .iter()
            .filter(|s| !self.seen.contains(s))
            .map(site)
            .collect();
        let suspects = self.relevant.suspects.iter().map(site).collect();
        Started {
            events: self.events,
            mounts: self.mounts,
            objects: self.objects,
            handed: self.handed,
            sites: self.relevant.sites.len(),
            missed,
            suspects,
            caps: self.caps,
        }
    }

    // ---- places ----

    fn cap(&mut self, name: &'static str) {
        *self.caps.entry(name).or_default() += 1;
    }

    pub(crate) fn object(&mut self, kind: Kind) -> ObjId {
        self.objects.push(Obj::new(kind));
        ObjId(u32::try_from(self.objects.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn obj(&self, id: ObjId) -> Option<&Obj> {
        self.objects.get(id.0 as usize)
    }

    fn obj_mut(&mut self, id: ObjId) -> Option<&mut Obj> {
        self.objects.get_mut(id.0 as usize)
    }

    fn func_of(&self, frame: FrameId) -> FuncRef<'p> {
        match self.frames.get(frame.0 as usize) {
            Some(frame) => frame.f,
            None => self.program.func(FuncId(0)),
        }
    }

    fn local(&self, frame: FrameId, local: LocalId) -> Value {
        self.frames
            .get(frame.0 as usize)
            .and_then(|f| f.locals.get(local.index()))
            .cloned()
            .unwrap_or_default()
    }

    /// Writes a local; one that several instructions write keeps what it held.
    fn set(&mut self, frame: FrameId, local: LocalId, value: Value) {
        let Some(frame) = self.frames.get_mut(frame.0 as usize) else {
            return;
        };
        let several = frame.several.get(local.index()).copied().unwrap_or(false);
        let Some(slot) = frame.locals.get_mut(local.index()) else {
            return;
        };
        if several {
            slot.retain(|v| *v != V::Null);
            value::join(slot, &value);
        } else {
            *slot = value;
        }
    }

    /// By local of a function: more than one instruction writes it.
    fn several(&mut self, func: FuncId) -> Rc<[bool]> {
        if let Some(known) = self.several.get(&func) {
            return Rc::clone(known);
        }
        let f = self.program.func(func).func;
        let mut count = vec![0_u32; f.locals.len()];
        let mut write = |local: LocalId| {
            if let Some(n) = count.get_mut(local.index()) {
                *n += 1;
            }
        };
        for param in &f.params {
            write(param.local);
        }
        for instr in &f.instrs {
            if let Some(to) = instr.target() {
                write(to);
            }
        }
        let several: Rc<[bool]> = count.into_iter().map(|n| n > 1).collect();
        self.several.insert(func, Rc::clone(&several));
        several
    }

    fn operand(&self, frame: FrameId, operand: Operand) -> Value {
        match operand {
            Operand::Local(local) => self.local(frame, local),
            Operand::Const(id) => {
                let file = self.func_of(frame).file;
                exec::constant(file, id)
            }
        }
    }

    /// What the origins say of a place, where it is one thing; of a name under which a decorated function is declared: that function.
    fn origin(&mut self, vals: &[ValId], name: Option<&str>) -> Value {
        if let Some(declared) = name.and_then(|name| self.declared_as(vals, name)) {
            return value::one(V::Func(declared, None));
        }
        let mut out = Value::new();
        let mut single = 0;
        for &val in vals {
            let v = match self.origins.val(val) {
                Some(Val::Func(func)) => V::Func(func, None),
                Some(Val::Class(class)) => V::Class(class, None),
                Some(Val::Instance(class)) => V::Object(self.shared_instance(class)),
                Some(Val::Api(path)) => {
                    value::join(&mut out, &[V::Api(path)]);
                    continue;
                }
                Some(Val::Namespace(file)) => V::Namespace(file.0),
                _ => continue,
            };
            single += 1;
            value::join(&mut out, &[v]);
        }
        if single > 1 {
            out.retain(|v| matches!(v, V::Api(_)));
        }
        out
    }

    fn origin_of(&mut self, func: FuncId, local: LocalId) -> Value {
        let vals = self.origins.of_local(func, local);
        if vals.is_empty() {
            return Value::new();
        }
        let vals: SmallVec<[ValId; 8]> = vals.into();
        let f = self.program.func(func);
        let several = vals.len() > 1;
        let name = several.then(|| written_name(f, Operand::Local(local)));
        self.origin(&vals, name.flatten())
    }

    /// The one decorated function of a name among values: decorators may give back all that they were ever given.
    fn declared_as(&self, vals: &[ValId], name: &str) -> Option<FuncId> {
        let mut found = vals.iter().filter_map(|&val| match self.origins.val(val) {
            Some(Val::Func(func)) => Some(self.program.func(func)),
            _ => None,
        });
        let is_declared = |f: &FuncRef<'_>| {
            let named = f.func.name.is_some_and(|own| f.file.facts.str(own) == name);
            named && !f.func.decorators.is_empty()
        };
        let first = found.find(is_declared)?;
        let alone = vals.len() > 1 && !found.any(|f| is_declared(&f));
        alone.then_some(first.id)
    }

    /// The one instance of a class of which nobody saw where it is made.
    fn shared_instance(&mut self, class: ClassIdx) -> ObjId {
        if let Some(&known) = self.shared.get(&class) {
            return known;
        }
        let id = self.object(Kind::Instance(class));
        self.shared.insert(class, id);
        if let Some((file, def)) = self.program.class(class) {
            let constructor = self.program.func_id(file, def.constructor);
            self.invoke(constructor, None, &value::one(V::Object(id)), None);
        }
        id
    }

    /// The members of a function or class value.
    fn statics(&mut self, is_class: bool, index: u32) -> ObjId {
        if let Some(&known) = self.statics.get(&(is_class, index)) {
            return known;
        }
        let id = self.object(Kind::Plain);
        self.statics.insert((is_class, index), id);
        id
    }

    fn commonjs(&mut self, file: FileIdx) -> Module {
        if let Some(&known) = self.modules.get(&file) {
            return known;
        }
        let exports = self.object(Kind::Plain);
        let module = self.object(Kind::Plain);
        if let Some(obj) = self.obj_mut(module) {
            obj.set("exports", value::one(V::Object(exports)));
        }
        let made = Module { module, exports };
        self.modules.insert(file, made);
        made
    }

    /// Runs the body of a module, once.
    fn module(&mut self, file: FileIdx) {
        let body = self.program.func_id(file, FnId(0));
        if self.ran.contains(&body) || self.program.file(file).facts.functions.is_empty() {
            return;
        }
        // What a module does when it is loaded is no part of the call that loads it.
        let leads = self.relevant.leads.get(body.0 as usize).copied();
        let own = (!leads.unwrap_or(false)).then_some((limits::MODULE_FUEL, 0));
        let aside = std::mem::replace(&mut self.aside, own);
        let stack = std::mem::take(&mut self.stack);
        self.invoke(body, None, &Value::new(), Some(call::Given::default()));
        self.stack = stack;
        self.aside = aside;
    }

    /// Something that a package made.
    fn made(&mut self, frame: FrameId, at: u32, made: Made) -> ObjId {
        // One call of one function makes one object, however often the branches around it are taken; a loop makes many.
        let key = (frame, at);
        if let Some(&known) = self.made.get(&key)
            && self.loops.keys().all(|(f, _)| *f != frame)
        {
            return known;
        }
        let id = self.object(Kind::Made(made));
        self.made.insert(key, id);
        id
    }

    fn site(&self, frame: FrameId, at: u32) -> Site {
        let f = self.func_of(frame);
        let span = f.func.spans.get(at as usize).copied().unwrap_or_default();
        self.program.site(f.id, span)
    }

    fn instr(&self, frame: FrameId, at: u32) -> Option<&'p Instr> {
        self.func_of(frame).func.instrs.get(at as usize)
    }
}
