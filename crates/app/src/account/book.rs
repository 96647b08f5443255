//! What functions do, read once each, and what those do that an endpoint leads to.

use super::lexicon::{Lexicon, Word};
use super::own::{self, Deed, Logged, Own};
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FileIdx, FuncId};
use casemate_ir::{FnKind, Instr, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Depth of calls from a handler.
const DEPTH: usize = 5;

/// Depth of what is near: the handler, what it makes and calls, and what these make.
const NEAR: usize = 3;

/// Functions that are read for one endpoint; of more, nothing is claimed.
const FUNCTIONS: usize = 200;

/// All that was read.
pub(super) struct Book<'a, 'p, 'm> {
    pub origins: &'a Solver<'p, 'm>,
    lexicon: Lexicon,
    owns: RefCell<FxHashMap<FuncId, Rc<Own>>>,
    /// Functions that strategies of passport were given, with the package.
    pub strategies: Vec<(String, FuncId)>,
}

/// What a whole unit says somewhere.
#[derive(Default)]
pub(super) struct Signs {
    pub calls: BTreeSet<Rc<str>>,
    pub apis: BTreeSet<Rc<str>>,
    pub sets: BTreeSet<Rc<str>>,
    pub reads: BTreeSet<Rc<str>>,
    pub deeds: BTreeSet<Deed>,
    /// Names of functions.
    pub names: BTreeSet<Rc<str>>,
    /// Whether accounts may have a second factor, once somebody asked.
    pub second_factor: OnceCell<bool>,
}

/// What an endpoint leads to.
#[derive(Default)]
pub(super) struct Deeds {
    pub reads: BTreeSet<Rc<str>>,
    /// Names that are read by the handler itself and by what it calls, not further away.
    pub near: BTreeSet<Rc<str>>,
    pub sets: BTreeSet<Rc<str>>,
    pub clears: BTreeSet<Rc<str>>,
    pub calls: BTreeSet<Rc<str>>,
    pub apis: BTreeSet<Rc<str>>,
    pub deeds: BTreeSet<Deed>,
    pub texts: Vec<String>,
    pub logs: Vec<Logged>,
    pub functions: Vec<FuncId>,
    /// Something may be done that is not seen.
    pub obscure: bool,
}

impl Deeds {
    pub fn does(&self, deed: Deed) -> bool {
        self.deeds.contains(&deed)
    }

    pub fn reads_any(&self, says: impl Fn(&str) -> bool) -> bool {
        self.reads.iter().any(|name| says(name))
    }

    pub fn sets_any(&self, says: impl Fn(&str) -> bool) -> bool {
        self.sets.iter().any(|name| says(name))
    }

    pub fn clears_any(&self, says: impl Fn(&str) -> bool) -> bool {
        self.clears.iter().any(|name| says(name))
    }

    fn add(&mut self, func: FuncId, own: &Own) {
        self.functions.push(func);
        self.reads.extend(own.reads.iter().cloned());
        self.sets.extend(own.sets.iter().cloned());
        self.clears.extend(own.clears.iter().cloned());
        self.calls.extend(own.calls.iter().cloned());
        self.apis.extend(own.apis.iter().cloned());
        self.deeds.extend(own.deeds.iter().copied());
        self.texts.extend(own.texts.iter().cloned());
        self.logs.extend(own.logs.iter().copied());
        self.obscure |= own.obscure;
    }
}

impl<'a, 'p, 'm> Book<'a, 'p, 'm> {
    pub fn new(origins: &'a Solver<'p, 'm>) -> Self {
        let mut book = Self {
            origins,
            lexicon: Lexicon::default(),
            owns: RefCell::default(),
            strategies: Vec::new(),
        };
        book.strategies = book.find_strategies();
        book
    }

    /// What the name of a symbol of a function's file says.
    pub fn word(&self, f: FuncRef<'_>, symbol: Symbol) -> Word {
        self.lexicon.word(f.sym(symbol), f.file.facts.str(symbol))
    }

    pub fn own(&self, func: FuncId) -> Rc<Own> {
        if let Some(own) = self.owns.borrow().get(&func) {
            return Rc::clone(own);
        }
        let own = Rc::new(own::read(self.origins, &self.lexicon, func));
        self.owns.borrow_mut().insert(func, Rc::clone(&own));
        own
    }

    /// Functions of the program that are no copies and no templates.
    pub fn functions(&self) -> impl Iterator<Item = FuncId> + '_ {
        let program = self.origins.program;
        program.function_ids().filter(move |id| {
            !program.is_copy(*id) && program.func(*id).func.kind != FnKind::Template
        })
    }

    pub fn unit_of(&self, file: FileIdx) -> u32 {
        let units = &self.origins.program.units;
        units.get(file.0 as usize).copied().unwrap_or(0)
    }

    /// What units say, by their number.
    pub fn signs(&self) -> FxHashMap<u32, Signs> {
        let mut out: FxHashMap<u32, Signs> = FxHashMap::default();
        for func in self.functions() {
            let f = self.origins.program.func(func);
            let signs = out.entry(self.unit_of(f.file_idx)).or_default();
            let own = self.own(func);
            signs.calls.extend(own.calls.iter().cloned());
            signs.apis.extend(own.apis.iter().cloned());
            signs.sets.extend(own.sets.iter().cloned());
            signs.reads.extend(own.reads.iter().cloned());
            signs.deeds.extend(own.deeds.iter().copied());
            if f.func.kind == FnKind::Module {
                let globals = f.file.facts.globals.iter();
                let named = globals.map(|g| self.word(f, g.name));
                let named = named.filter(|word| word.matters);
                signs.names.extend(named.map(|word| word.plain));
            }
            if let Some(name) = f.func.name {
                signs.names.insert(self.word(f, name).plain);
            }
        }
        out
    }

    /// What the handlers of an endpoint lead to.
    pub fn of_handlers(&self, endpoint: &Endpoint) -> Deeds {
        self.from(&endpoint.handlers)
    }

    /// What stands before the handler, and what it leads to.
    pub fn of_chain(&self, endpoint: &Endpoint) -> Deeds {
        let chain = endpoint.chain.iter();
        let starts: Vec<FuncId> = chain.flat_map(|member| member.what.functions()).collect();
        self.from(&starts)
    }

    pub fn from(&self, starts: &[FuncId]) -> Deeds {
        let mut out = Deeds::default();
        let mut seen: FxHashSet<FuncId> = FxHashSet::default();
        let mut level: Vec<FuncId> = starts.to_vec();
        for depth in 0..DEPTH {
            let mut next = Vec::new();
            for func in level {
                if !seen.insert(func) {
                    continue;
                }
                if seen.len() > FUNCTIONS {
                    out.obscure = true;
                    return out;
                }
                let own = self.own(func);
                out.add(func, &own);
                if depth < NEAR {
                    out.near.extend(own.reads.iter().cloned());
                }
                next.extend(own.next.iter().copied());
            }
            level = next;
        }
        out.obscure |= level.iter().any(|func| !seen.contains(func));
        out
    }

    fn find_strategies(&self) -> Vec<(String, FuncId)> {
        let mut out = Vec::new();
        for func in self.functions() {
            let f = self.origins.program.func(func);
            for instr in &f.func.instrs {
                let Instr::Call {
                    callee,
                    args,
                    flags,
                    ..
                } = *instr
                else {
                    continue;
                };
                if !flags.new {
                    continue;
                }
                let package = self
                    .origins
                    .of_operand(func, callee)
                    .iter()
                    .find_map(|&val| {
                        let Some(Val::Api(path)) = self.origins.val(val) else {
                            return None;
                        };
                        let text = self.origins.paths.text(path);
                        let rest = text.strip_prefix("npm:")?;
                        rest.contains("passport").then(|| rest.to_owned())
                    });
                let Some(package) = package else { continue };
                for arg in f.func.args(args) {
                    for &val in self.origins.of_operand(func, arg.value) {
                        if let Some(Val::Func(inner)) = self.origins.val(val) {
                            out.push((package.clone(), inner));
                        }
                    }
                }
            }
        }
        out
    }
}
