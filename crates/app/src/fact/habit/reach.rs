//! What a handler does, with the functions that it calls: what it asks, and with which things it does something.

use super::ask::{self, Asked, Thing};
use super::tells;
use crate::guard::root::Known;
use crate::object::repository::callees;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Operand, Span};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Functions that call each other, from a handler on.
const DEPTH: u32 = 2;

/// Functions of one handler.
const FUNCTIONS: usize = 40;

/// Uses of one thing.
const USES: usize = 4;

/// What one function does.
pub(super) struct Body {
    asked: Asked,
    /// Things that something is done with: by name, the first ones.
    handles: BTreeMap<Thing, Vec<Use>>,
    /// Functions that it calls, and those inside it.
    calls: Vec<FuncId>,
    inside: Vec<FuncId>,
}

/// What one handler does, with the functions that it calls.
#[derive(Default)]
pub(super) struct Done {
    /// By name of a thing: the checks about it.
    pub asks: BTreeMap<Thing, BTreeSet<String>>,
    /// Things about which a check is told who asks.
    pub personal: BTreeSet<String>,
    /// By name of a thing: what is done with it.
    pub handles: BTreeMap<Thing, Vec<Use>>,
    /// Names of things that some condition looks at together with who asks.
    pub beside: BTreeSet<String>,
    /// All checks; one without a name refuses somebody for who they are.
    pub names: BTreeSet<String>,
}

/// Something is done with a value.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub func: FuncId,
    pub value: Operand,
    /// Where the value is got, or where it is used if that is not seen.
    pub span: Span,
}

/// One walk from a handler.
pub(super) struct Reach<'a, 'p, 'm> {
    pub origins: &'a Solver<'p, 'm>,
    pub set: &'a Known,
    pub bodies: &'a mut FxHashMap<FuncId, Body>,
    pub seen: FxHashSet<FuncId>,
    pub done: Done,
}

impl Reach<'_, '_, '_> {
    pub(super) fn enter(&mut self, func: FuncId, depth: u32) {
        if depth > DEPTH || self.seen.len() >= FUNCTIONS || !self.seen.insert(func) {
            return;
        }
        let (origins, set) = (self.origins, self.set);
        let body = self
            .bodies
            .entry(func)
            .or_insert_with(|| read(origins, set, origins.program.func(func)));
        if body.asked.refuses {
            self.done.names.insert(String::new());
        }
        let beside = body.asked.beside.iter();
        self.done.beside.extend(beside.cloned());
        for ask in &body.asked.asks {
            for thing in ask.about.iter().filter(|thing| tells(thing)) {
                let asks = self.done.asks.entry(thing.clone()).or_default();
                asks.insert(ask.name.clone());
                if ask.personal {
                    self.done.personal.insert(thing.name.clone());
                }
            }
            self.done.names.insert(ask.name.clone());
        }
        for (thing, uses) in &body.handles {
            // What gives it asked for it, or made it.
            if !ask::asks_or_makes(&thing.by) {
                let all = self.done.handles.entry(thing.clone()).or_default();
                let room = USES.saturating_sub(all.len());
                all.extend(uses.iter().take(room));
            }
        }
        let (inside, calls) = (body.inside.clone(), body.calls.clone());
        for inner in inside {
            self.enter(inner, depth);
        }
        for inner in calls {
            // What decides is no more than its answer.
            let f = origins.program.func(inner);
            let name = f.func.name.map_or("", |name| f.file.facts.str(name));
            if !ask::speaks_of_rights(name) {
                self.enter(inner, depth + 1);
            }
        }
    }
}

fn read(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>) -> Body {
    let mut body = Body {
        asked: ask::of(origins, set, f),
        handles: BTreeMap::new(),
        calls: Vec::new(),
        inside: Vec::new(),
    };
    for (at, instr) in f.func.instrs.iter().enumerate() {
        match *instr {
            Instr::Closure { func, .. } => body.inside.push(f.sibling(func)),
            Instr::Call {
                callee, this, args, ..
            } => {
                body.calls.extend(callees(origins, f.id, at, callee));
                let args = f.func.args(args).iter().map(|arg| arg.value);
                for value in args.chain(this) {
                    let Some((thing, got)) = ask::thing(f, value).filter(|(thing, _)| tells(thing))
                    else {
                        continue;
                    };
                    let uses = body.handles.entry(thing).or_default();
                    if uses.len() < USES {
                        let span = f.func.spans.get(got.unwrap_or(at)).copied();
                        uses.push(Use {
                            func: f.id,
                            value,
                            span: span.unwrap_or_default(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    body
}
