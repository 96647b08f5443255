//! What a program hangs on the objects that a framework hands to its functions, and finds there again in others: `req.db = pool`,
//! `res.locals.db`, `app.set('db', pool)`, `app.decorate('db', pool)`.
//!
//! In JavaScript each function is handed such an object along a path of its own. What hangs on an object of a named type is kept by the
//! type and the name; what stands in the places that frameworks offer for it (`locals`, `state`), by the name alone.

use super::call::{CallSite, method_name};
use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use crate::apipath::PathId;
use crate::program::{FuncRef, Program};
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Const, Instr, Key, Language, LocalId, Operand, PartKey};
use rustc_hash::FxHashSet;

/// Members of handed objects that are there for what programs want to keep.
const STATES: [&str; 5] = ["locals", "state", "var", "context", "ctx"];
/// Methods that keep a value under a name.
const KEEPS: [&str; 4] = ["set", "decorate", "decorateRequest", "decorateReply"];
/// The holder of what is kept by name alone.
const HOLDER: u32 = 1;

/// The names under which a program in JavaScript hangs something on an object.
#[derive(Default)]
pub(super) struct Hung {
    /// All of them.
    names: FxHashSet<Sym>,
    /// Those that become members of the object itself.
    decorated: FxHashSet<Sym>,
    /// Objects that are written out to become what a framework hands on.
    contexts: FxHashSet<(FuncId, u32)>,
}

impl Hung {
    pub(super) fn of(program: &Program) -> Self {
        let mut out = Self::default();
        for func in program.function_ids() {
            let f = program.func(func);
            if f.file.facts.language != Language::JavaScript {
                continue;
            }
            let makes = is_context(f);
            for (index, instr) in f.func.instrs.iter().enumerate() {
                match *instr {
                    Instr::Object { parts, .. } => {
                        let parts = f.func.parts(parts);
                        if makes {
                            out.context(f, func, crate::program::to_u32(index));
                        }
                        // `next({ ctx: { db } })`
                        for part in parts {
                            if matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == "ctx")
                                && let Operand::Local(local) = part.value
                                && let Some((at, Instr::Object { .. })) = f.writer(local)
                            {
                                out.context(f, func, crate::program::to_u32(at));
                            }
                        }
                    }
                    Instr::Store {
                        base,
                        key: Key::Field(name),
                        value: Operand::Local(_),
                    } => {
                        let handed = |local: LocalId| {
                            f.param_of(local).is_some()
                                || matches!(f.made_by(base), Some(Instr::Load { key: Key::Field(name), .. })
                                    if STATES.contains(&f.file.facts.str(*name)))
                        };
                        if matches!(base, Operand::Local(local) if handed(local)) {
                            out.names.insert(f.sym(name));
                        }
                    }
                    Instr::Call { callee, args, .. } => {
                        let at = crate::program::to_u32(index);
                        let [first, second] = *f.func.args(args) else {
                            continue;
                        };
                        if let (Operand::Const(name), Operand::Local(_)) =
                            (first.value, second.value)
                            && let Const::Str(name) = *f.file.facts.constant(name)
                            && let Some(method) = method_name(f, at, callee)
                            && KEEPS.contains(&method)
                        {
                            out.names.insert(f.sym(name));
                            if method != "set" {
                                out.decorated.insert(f.sym(name));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        out
    }

    fn context(&mut self, f: FuncRef<'_>, func: FuncId, at: u32) {
        let Some(Instr::Object { parts, .. }) = f.func.instrs.get(at as usize) else {
            return;
        };
        self.contexts.insert((func, at));
        for part in f.func.parts(*parts) {
            if let (PartKey::Field(name), Operand::Local(_)) = (part.key, part.value) {
                self.names.insert(f.sym(name));
            }
        }
    }
}

/// Whether a function makes what a framework hands on: `createContext`, `createTRPCContext`.
fn is_context(f: FuncRef<'_>) -> bool {
    let name = f.func.name.map(|name| f.file.facts.str(name));
    name.is_some_and(|name| name.starts_with("create") && name.ends_with("Context"))
}

impl<'p> Solver<'p, '_> {
    /// Whether a program may hang something of its own on an object of a package under a name.
    fn hangs(&mut self, path: PathId, sym: Sym) -> bool {
        self.hung.names.contains(&sym)
            && !self
                .member_path(path, sym)
                .is_some_and(|member| self.paths.has_rows(member))
    }

    /// Whether what is written to a member of an object that a framework hands on is found there again.
    pub(super) fn is_hung(&mut self, path: PathId, sym: Sym) -> bool {
        self.paths.is_type(path) && self.hangs(path, sym)
    }

    /// Whether a value of a package is read off something that the program itself hung there: `app.db.notes`.
    #[must_use]
    pub fn is_below_hung(&self, path: PathId) -> bool {
        let hung = |path: PathId| {
            let name = self.paths.own_member(path)?;
            let sym = self.program.symbols.find(name)?;
            (!self.paths.known(path) && self.paths.parent_known(path))
                .then(|| self.hung.names.contains(&sym))
        };
        let mut at = Some(path);
        while let Some(path) = at {
            if hung(path) == Some(true) {
                return true;
            }
            at = self.paths.parent(path);
        }
        false
    }

    /// What of some values is found again: what models speak of. Instances of the program's own classes would join what all requests do
    /// in them, for one object stands for all that are handed on.
    pub(super) fn clients(&self, vals: &[ValId]) -> ValSet {
        let known = |val: &ValId| matches!(self.vals.get(*val), Some(Val::Api(path)) if self.paths.known(path));
        vals.iter().copied().filter(known).collect()
    }

    /// The same, on the one application that all requests share: its services too, whatever they are.
    fn shared(&self, vals: &[ValId]) -> ValSet {
        let kept = |val: &ValId| match self.vals.get(*val) {
            Some(Val::Api(path)) => self.paths.known(path),
            other => other.is_some(),
        };
        vals.iter().copied().filter(kept).collect()
    }

    /// The same, in what a chain of procedures hands on: its services are made for it.
    fn services(&self, vals: &[ValId]) -> ValSet {
        let kept = |val: &ValId| match self.vals.get(*val) {
            Some(Val::Api(path)) => self.paths.known(path),
            Some(Val::Instance(_)) => true,
            _ => false,
        };
        vals.iter().copied().filter(kept).collect()
    }

    fn is_state(&self, path: PathId) -> bool {
        let name = self.paths.own_member(path);
        name.is_some_and(|name| STATES.contains(&name))
    }

    /// The place of what is kept by its name alone.
    fn kept_by_name(&mut self, sym: Sym) -> super::solve::NodeId {
        let holder = self.vals.id(Val::Object(FuncId(u32::MAX), HOLDER));
        self.field_node(holder, sym)
    }

    /// What hangs on a value of a package under a name.
    pub(super) fn hung_on(&mut self, val: ValId, path: PathId, sym: Sym) -> ValSet {
        if sym == Sym::ANY || !self.hangs(path, sym) {
            return ValSet::new();
        }
        let handed = self.paths.is_type(path);
        let mut out = match handed {
            true => {
                let node = self.field_node(val, sym);
                self.get_shared(node)
            }
            false => ValSet::new(),
        };
        if handed || self.hung.decorated.contains(&sym) || self.is_state(path) {
            let node = self.kept_by_name(sym);
            for val in self.get_shared(node) {
                if !out.contains(&val) {
                    out.push(val);
                }
            }
        }
        out
    }

    /// A member of a place that is there for what the program keeps is written.
    pub(super) fn hang_in_state(&mut self, path: PathId, sym: Sym, value: &[ValId]) {
        if sym != Sym::ANY && self.is_state(path) && self.hangs(path, sym) {
            let node = self.kept_by_name(sym);
            let clients = self.clients(value);
            self.add_all(node, &clients);
        }
    }

    /// A member of an object that is written out to be handed on.
    pub(super) fn hang_in_context(&mut self, func: FuncId, at: u32, sym: Sym, value: &[ValId]) {
        if sym != Sym::ANY && self.hung.contexts.contains(&(func, at)) {
            let node = self.kept_by_name(sym);
            let services = self.services(value);
            self.add_all(node, &services);
        }
    }

    /// `app.set('db', pool)`, `app.decorate('db', pool)`, `app.get('db')`.
    pub(super) fn kept_under_name(
        &mut self,
        frame: Frame<'p>,
        at: u32,
        callee: Operand,
        site: &CallSite,
        to: LocalId,
    ) {
        if frame.f.file.facts.language != Language::JavaScript || site.new {
            return;
        }
        let Some((ArgKey::Pos, _, Some(Operand::Const(name)))) = site.args.first() else {
            return;
        };
        let Const::Str(name) = *frame.f.file.facts.constant(*name) else {
            return;
        };
        let sym = frame.f.sym(name);
        let Some(method) = method_name(frame.f, at, callee) else {
            return;
        };
        let reads = method == "get" && site.args.len() == 1;
        let keeps = KEEPS.contains(&method) && site.args.len() == 2;
        if !self.hung.names.contains(&sym) || !(reads || keeps) || !self.is_of_library(&site.this) {
            return;
        }
        let node = self.kept_by_name(sym);
        if reads {
            let vals = self.get_shared(node);
            self.set(frame, to, &vals);
        } else if let Some((_, vals, _)) = site.args.get(1) {
            let kept = match method {
                "decorate" => self.shared(vals),
                _ => self.clients(vals),
            };
            self.add_all(node, &kept);
        }
    }

    /// Whether a receiver is an object of a package.
    fn is_of_library(&self, vals: &[ValId]) -> bool {
        vals.iter().any(|&val| match self.vals.get(val) {
            Some(Val::Api(path)) => !self.paths.text(path).starts_with("js:"),
            _ => false,
        })
    }
}
