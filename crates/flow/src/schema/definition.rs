//! Where a value was made: followed from an operand through copies, variables, imports, members and calls of the program.

use crate::apipath::PathId;
use crate::origin::{Solver, Val};
use crate::program::{FuncRef, Target};
use crate::result::{FileIdx, FuncId};
use crate::symbol::Sym;
use casemate_ir::{
    ArgKey, Const, ConstId, ExportKind, FnId, Instr, Key, LocalId, OpKind, Operand, PartKey, Term,
    VarRef,
};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// How many steps a definition is followed.
const DEPTH: u32 = 32;

/// The calls around a function: what its parameters are.
#[derive(Clone)]
pub(crate) struct Frame<'p> {
    pub callee: FuncId,
    pub caller: FuncRef<'p>,
    pub args: Vec<Operand>,
    pub outer: Env<'p>,
}

/// Innermost first; absent: called by whoever.
pub(crate) type Env<'p> = Option<Rc<Frame<'p>>>;

/// An operand in the light of the calls around it.
#[derive(Clone)]
pub(crate) struct Place<'p> {
    pub f: FuncRef<'p>,
    pub operand: Operand,
    pub env: Env<'p>,
}

/// Where a value was made.
#[derive(Clone)]
pub(crate) enum Def<'p> {
    /// A constant of a file.
    Const(FuncRef<'p>, ConstId),
    /// By an instruction.
    Made(FuncRef<'p>, usize, Env<'p>),
    /// By whoever calls the function.
    Param(FuncRef<'p>, usize),
    /// The receiver.
    This(FuncRef<'p>, Env<'p>),
    /// A member of something that is no literal.
    Member(Box<Def<'p>>, Sym),
    /// What a module exports.
    Module(FileIdx),
}

/// By local: how often it is assigned, and where last.
type Assigned = Rc<Vec<(u8, u32)>>;
/// What a CommonJS module exports: by name, or as a whole.
type Exported = Rc<Vec<(Option<Sym>, Operand)>>;

/// Finds definitions.
pub(crate) struct Finder<'a> {
    pub origins: &'a Solver<'a, 'a>,
    assigned: RefCell<FxHashMap<FuncId, Assigned>>,
    exported: RefCell<FxHashMap<FileIdx, Exported>>,
    /// The one value of each module-level variable.
    globals: FxHashMap<u32, Option<(FuncId, Operand)>>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(origins: &'a Solver<'a, 'a>) -> Self {
        let mut globals: FxHashMap<u32, Option<(FuncId, Operand)>> = FxHashMap::default();
        for id in origins.program.function_ids() {
            let f = origins.program.func(id);
            for instr in &f.func.instrs {
                if let Instr::StoreVar {
                    var: VarRef::Global(global),
                    value,
                } = *instr
                {
                    globals
                        .entry(f.global(global))
                        .and_modify(|known| *known = None)
                        .or_insert(Some((id, value)));
                }
            }
        }
        Self {
            origins,
            assigned: RefCell::default(),
            exported: RefCell::default(),
            globals,
        }
    }

    /// The one instruction that assigns a local.
    pub(crate) fn assignment(&self, f: FuncRef<'a>, local: LocalId) -> Option<(usize, Instr)> {
        let known = self.assigned.borrow().get(&f.id).cloned();
        let table = known.unwrap_or_else(|| {
            let mut table = vec![(0u8, 0u32); f.func.locals.len()];
            for (at, instr) in f.func.instrs.iter().enumerate() {
                if let Some(to) = instr.target()
                    && let Some(slot) = table.get_mut(to.index())
                {
                    *slot = (slot.0.saturating_add(1), crate::program::to_u32(at));
                }
            }
            let table = Rc::new(table);
            self.assigned.borrow_mut().insert(f.id, Rc::clone(&table));
            table
        });
        match table.get(local.index())? {
            (1, at) => Some((*at as usize, *f.func.instrs.get(*at as usize)?)),
            _ => None,
        }
    }

    /// Where an operand was made.
    pub(crate) fn define(&self, place: &Place<'a>) -> Option<Def<'a>> {
        self.define_at(place.clone(), 0)
    }

    fn define_at(&self, mut place: Place<'a>, mut depth: u32) -> Option<Def<'a>> {
        while depth < DEPTH {
            depth += 1;
            let f = place.f;
            let local = match place.operand {
                Operand::Const(id) => return Some(Def::Const(f, id)),
                Operand::Local(local) => local,
            };
            if let Some(index) = f.param_of(local)
                && self.assignment(f, local).is_none()
            {
                match place.env.clone().filter(|e| e.callee == f.id) {
                    Some(frame) => {
                        place = Place {
                            f: frame.caller,
                            operand: *frame.args.get(index)?,
                            env: frame.outer.clone(),
                        };
                        continue;
                    }
                    None => return Some(Def::Param(f, index)),
                }
            }
            if f.func.this == Some(local) {
                return Some(Def::This(f, place.env));
            }
            let (at, instr) = self.assignment(f, local)?;
            match instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => place.operand = from,
                Instr::LoadVar {
                    var: VarRef::Captured(capture),
                    ..
                } => {
                    let (owner, local) = self.origins.capture_owner(f, capture)?;
                    place.f = self.origins.program.func(owner);
                    place.operand = Operand::Local(local);
                }
                Instr::LoadVar {
                    var: VarRef::Global(global),
                    ..
                } => place = self.global(f.global(global))?,
                Instr::Import { import, name, .. } => {
                    let name = name.map(|n| f.sym(n));
                    let require = f.file.facts.imports.get(import.index())?.require;
                    let Some(Target::File(file)) = f.file.imports.get(import.index()) else {
                        return Some(Def::Made(f, at, place.env));
                    };
                    return match name {
                        Some(name) if !require => self.export(*file, name, depth),
                        _ => Some(Def::Module(*file)),
                    };
                }
                Instr::Load { base, key, .. } => {
                    let base = Place {
                        operand: base,
                        ..place.clone()
                    };
                    let sym = self.key(&place, key)?;
                    let base = self.define_at(base, depth)?;
                    return self.member_at(base, sym, depth);
                }
                // A parameter with a default value.
                Instr::Op {
                    op: OpKind::Select,
                    operands,
                    ..
                } => {
                    let [given, default] = *f.func.operands(operands) else {
                        return None;
                    };
                    let given = Place {
                        operand: given,
                        ..place.clone()
                    };
                    if let Some(def) = self.define_at(given, depth)
                        && !matches!(def, Def::Param(g, _) if g.id == f.id)
                    {
                        return Some(def);
                    }
                    if place.env.as_ref().is_none_or(|e| e.callee != f.id) {
                        return None;
                    }
                    place.operand = default;
                }
                _ => return Some(Def::Made(f, at, place.env)),
            }
        }
        None
    }

    /// The member that a key names.
    pub(crate) fn key(&self, place: &Place<'a>, key: Key) -> Option<Sym> {
        match key {
            Key::Field(name) => Some(place.f.sym(name)),
            Key::Index(index) => Some(Sym::index(index)),
            Key::Computed(operand) => {
                let def = self.define(&Place {
                    operand,
                    ..place.clone()
                })?;
                self.origins.program.symbols.find(self.text(&def)?)
            }
        }
    }

    fn global(&self, global: u32) -> Option<Place<'a>> {
        let (func, operand) = (*self.globals.get(&global)?)?;
        Some(Place {
            f: self.origins.program.func(func),
            operand,
            env: None,
        })
    }

    /// A member of what was made somewhere.
    pub(crate) fn member(&self, base: Def<'a>, sym: Sym) -> Option<Def<'a>> {
        self.member_at(base, sym, 0)
    }

    fn member_at(&self, base: Def<'a>, sym: Sym, depth: u32) -> Option<Def<'a>> {
        if depth >= DEPTH {
            return None;
        }
        match base {
            Def::Made(f, at, ref env) => {
                let at_place = |operand| Place {
                    f,
                    operand,
                    env: env.clone(),
                };
                let Some(Instr::Object { parts, .. }) = f.func.instrs.get(at) else {
                    return Some(Def::Member(Box::new(base), sym));
                };
                for part in f.func.parts(*parts).iter().rev() {
                    match part.key {
                        PartKey::Field(name) if f.sym(name) == sym => {
                            return self.define_at(at_place(part.value), depth + 1);
                        }
                        PartKey::Spread => {
                            let spread = self.define_at(at_place(part.value), depth + 1)?;
                            if let Some(found) = self.member_at(spread, sym, depth + 1) {
                                return Some(found);
                            }
                        }
                        PartKey::Computed(_) => return None,
                        _ => {}
                    }
                }
                None
            }
            Def::Module(file) => self.export(file, sym, depth + 1),
            Def::This(f, ref env) => {
                let class = f.file.facts.class(f.func.class?)?;
                let maker = self.origins.program.func(f.sibling(class.constructor));
                let this = maker.func.this?;
                let mut stores = maker.func.instrs.iter().filter_map(|i| match *i {
                    Instr::Store {
                        base: Operand::Local(base),
                        key: Key::Field(name),
                        value,
                    } if base == this && maker.sym(name) == sym => Some(value),
                    _ => None,
                });
                let operand = stores.next()?;
                if stores.next().is_some() {
                    return None;
                }
                let env = env.clone();
                self.define_at(
                    Place {
                        f: maker,
                        operand,
                        env,
                    },
                    depth + 1,
                )
            }
            Def::Param(..) | Def::Member(..) => Some(Def::Member(Box::new(base), sym)),
            Def::Const(..) => None,
        }
    }

    /// What a module exports under a name.
    fn export(&self, file: FileIdx, name: Sym, depth: u32) -> Option<Def<'a>> {
        if depth >= DEPTH {
            return None;
        }
        let program = self.origins.program;
        let source = program.file(file);
        if !source.facts.is_module {
            return self.commonjs(file, name, depth);
        }
        for export in &source.facts.exports {
            let is = program.sym(file, export.name) == name;
            let through = |import: casemate_ir::ImportId| match source.imports.get(import.index()) {
                Some(Target::File(target)) => Some(*target),
                _ => None,
            };
            match export.kind {
                ExportKind::Variable(global) if is => {
                    let place = self.global(program.global(file, global))?;
                    return self.define_at(place, depth + 1);
                }
                ExportKind::From(import, inner) if is => {
                    let target = through(import)?;
                    return match inner {
                        Some(inner) => self.export(target, program.sym(file, inner), depth + 1),
                        None => Some(Def::Module(target)),
                    };
                }
                ExportKind::All(import) => {
                    if let Some(target) = through(import)
                        && let Some(found) = self.export(target, name, depth + 1)
                    {
                        return Some(found);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn commonjs(&self, file: FileIdx, name: Sym, depth: u32) -> Option<Def<'a>> {
        let module = self
            .origins
            .program
            .func(self.origins.program.func_id(file, FnId(0)));
        let known = self.exported.borrow().get(&file).cloned();
        let list = known.unwrap_or_else(|| {
            let list = Rc::new(self.assignments_of_exports(module));
            self.exported.borrow_mut().insert(file, Rc::clone(&list));
            list
        });
        let place = |operand| Place {
            f: module,
            operand,
            env: None,
        };
        let mut named = list.iter().filter(|e| e.0 == Some(name));
        if let Some((_, operand)) = named.next() {
            return match named.next() {
                None => self.define_at(place(*operand), depth + 1),
                Some(_) => None,
            };
        }
        let mut whole = list.iter().filter(|e| e.0.is_none());
        let (_, operand) = whole.next()?;
        if whole.next().is_some() {
            return None;
        }
        let def = self.define_at(place(*operand), depth + 1)?;
        if self.origins.program.text(name) == "default" {
            return Some(def);
        }
        self.member_at(def, name, depth + 1)
    }

    /// What a CommonJS module as a whole is.
    pub(crate) fn whole_module(&self, file: FileIdx) -> Option<Def<'a>> {
        let default = self.origins.program.symbols.find("default")?;
        self.export(file, default, 0)
    }

    /// `module.exports = …`, `exports.name = …`.
    fn assignments_of_exports(&self, module: FuncRef<'a>) -> Vec<(Option<Sym>, Operand)> {
        let text = |s| module.file.facts.str(s);
        let free = |operand: Operand| match operand {
            Operand::Local(local) => match self.assignment(module, local)?.1 {
                Instr::LoadVar {
                    var: VarRef::Free(name),
                    ..
                } => Some(text(name)),
                Instr::Load {
                    base: Operand::Local(base),
                    key: Key::Field(key),
                    ..
                } if text(key) == "exports" => match self.assignment(module, base)?.1 {
                    Instr::LoadVar {
                        var: VarRef::Free(name),
                        ..
                    } if text(name) == "module" => Some("exports"),
                    _ => None,
                },
                _ => None,
            },
            Operand::Const(_) => None,
        };
        let mut out = Vec::new();
        for instr in &module.func.instrs {
            let Instr::Store {
                base,
                key: Key::Field(key),
                value,
            } = *instr
            else {
                continue;
            };
            match free(base) {
                Some("module") if text(key) == "exports" => out.push((None, value)),
                Some("exports") => out.push((Some(module.sym(key)), value)),
                _ => {}
            }
        }
        out
    }

    /// The text that a definition is.
    pub(crate) fn text(&self, def: &Def<'a>) -> Option<&'a str> {
        match def {
            Def::Const(f, id) => match f.file.facts.constant(*id) {
                Const::Str(text) => Some(f.file.facts.str(*text)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The truth value that a definition is.
    pub(crate) fn truth(&self, def: &Def<'a>) -> Option<bool> {
        match def {
            Def::Const(f, id) => match f.file.facts.constant(*id) {
                Const::Bool(truth) => Some(*truth),
                Const::Undefined | Const::Null => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The members of an object literal in order, spreads followed; `None` when some are not known.
    pub(crate) fn members(&self, def: &Def<'a>, depth: u32) -> Option<Vec<(Sym, Place<'a>)>> {
        let def = match def {
            Def::Module(file) => &self.whole_module(*file)?,
            other => other,
        };
        let Def::Made(f, at, env) = def else {
            return None;
        };
        let Some(Instr::Object { parts, .. }) = f.func.instrs.get(*at) else {
            return None;
        };
        let mut out: Vec<(Sym, Place<'a>)> = Vec::new();
        for part in f.func.parts(*parts) {
            let place = Place {
                f: *f,
                operand: part.value,
                env: env.clone(),
            };
            match part.key {
                PartKey::Field(name) => {
                    let sym = f.sym(name);
                    out.retain(|known| known.0 != sym);
                    out.push((sym, place));
                }
                PartKey::Spread if depth < 4 => {
                    let inner = self.members(&self.define(&place)?, depth + 1)?;
                    out.retain(|known| inner.iter().all(|i| i.0 != known.0));
                    out.extend(inner);
                }
                _ => return None,
            }
        }
        Some(out)
    }

    /// The elements of an array literal.
    pub(crate) fn elements(&self, def: &Def<'a>) -> Option<Vec<Place<'a>>> {
        let Def::Made(f, at, env) = def else {
            return None;
        };
        let parts = match f.func.instrs.get(*at)? {
            Instr::Array { parts, .. } => f.func.parts(*parts),
            _ => return None,
        };
        parts
            .iter()
            .map(|part| {
                (part.key == PartKey::Next).then(|| Place {
                    f: *f,
                    operand: part.value,
                    env: env.clone(),
                })
            })
            .collect()
    }

    /// The function of the program that an operand certainly is.
    pub(crate) fn function(&self, f: FuncRef<'a>, operand: Operand) -> Option<FuncId> {
        match self.origins.of_operand(f.id, operand) {
            [one] => match self.origins.val(*one) {
                Some(Val::Func(func)) => Some(func),
                _ => None,
            },
            _ => None,
        }
    }

    /// The API paths that an operand may be.
    pub(crate) fn paths(&self, f: FuncRef<'a>, operand: Operand) -> Vec<PathId> {
        let vals = self.origins.of_operand(f.id, operand).iter();
        vals.filter_map(|v| match self.origins.val(*v) {
            Some(Val::Api(path)) => Some(path),
            _ => None,
        })
        .collect()
    }

    /// What a call makes of a function of the program: its results, in the light of the call.
    pub(crate) fn results(
        &self,
        func: FuncId,
        caller: FuncRef<'a>,
        args: &[casemate_ir::Arg],
        outer: &Env<'a>,
    ) -> Vec<Place<'a>> {
        let callee = self.origins.program.func(func);
        let positional = args.iter().take_while(|a| a.key == ArgKey::Pos);
        let env = Some(Rc::new(Frame {
            callee: func,
            caller,
            args: positional.map(|a| a.value).collect(),
            outer: outer.clone(),
        }));
        let results = callee.func.blocks.iter().filter_map(|b| match b.term {
            Term::Return(Some(operand)) => Some(operand),
            _ => None,
        });
        results
            .map(|operand| Place {
                f: callee,
                operand,
                env: env.clone(),
            })
            .collect()
    }
}
