//! The functions that endpoints run on the way to their answers, each with an endpoint that leads to it.
//!
//! A function that nobody calls directly is not on the way: what Python hands to a thread runs beside the request. In JavaScript
//! functions inside others are, unless they are left for the end of the process.

use super::trace::called;
use crate::decoration::written_name;
use crate::limits;
use crate::model::{Endpoint, Stage};
use crate::object::repository::callees;
use crate::startup::HOLE;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Language, LocalId, Operand};
use rustc_hash::{FxHashMap, FxHashSet};

/// Registrations for messages of a queue, for whose answer nobody waits.
const EVENTS: [&str; 1] = ["EventPattern"];

/// What a walk is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// What an endpoint waits for.
    Waiting,
    /// What runs on the thread that answers everybody.
    Thread,
}

/// How a function is come to.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// The first endpoint that leads to it.
    pub endpoint: usize,
    /// Something on the way may give up after a time.
    pub bounded: bool,
    /// The address of the endpoint is not known, so that others are better named.
    vague: bool,
}

/// The functions on the way, copies under what they were made of.
pub(super) struct Ways {
    by: FxHashMap<FuncId, Way>,
}

impl Ways {
    pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint], about: About) -> Self {
        let mut walk = Walk {
            origins,
            about,
            by: FxHashMap::default(),
        };
        let mut level: Vec<(FuncId, Way)> = Vec::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            if EVENTS.iter().any(|name| endpoint.callee.contains(name)) {
                continue;
            }
            let path = endpoint.path.as_deref();
            let way = Way {
                endpoint: index,
                bounded: endpoint.chain.iter().any(|m| gives_up(&m.name)),
                vague: path.is_none_or(|path| path.contains(HOLE)),
            };
            let before = endpoint
                .chain
                .iter()
                .filter_map(|member| runs(&member.what));
            let all = before.chain(endpoint.handlers.iter().copied());
            level.extend(all.filter(|func| walk.starts(*func)).map(|f| (f, way)));
        }
        for _ in 0..=limits::WAY_DEPTH {
            // Who is reached in both ways is told of the one on which nothing gives up.
            level.sort_by_key(|(func, way)| (way.bounded, way.vague, way.endpoint, *func));
            let mut next = Vec::new();
            for (func, way) in level {
                walk.enter(func, way, &mut next);
            }
            level = next;
        }
        Self { by: walk.by }
    }

    /// How a function is come to.
    pub(super) fn to(&self, origins: &Solver<'_, '_>, func: FuncId) -> Option<Way> {
        self.by.get(&origins.program.original(func)).copied()
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<(FuncId, Way)> {
        let mut all: Vec<_> = self.by.iter().map(|(func, way)| (*func, *way)).collect();
        all.sort_by_key(|(func, _)| *func);
        all
    }
}

struct Walk<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    about: About,
    by: FxHashMap<FuncId, Way>,
}

impl Walk<'_, '_, '_> {
    /// Whether a walk begins there: what a framework of Python runs in a thread of its own holds up nobody.
    fn starts(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        self.about == About::Waiting || f.file.facts.language != Language::Python || f.func.is_async
    }

    fn enter(&mut self, func: FuncId, way: Way, next: &mut Vec<(FuncId, Way)>) {
        let (origins, program) = (self.origins, self.origins.program);
        let f = program.func(func);
        let long = f.func.instrs.len() > limits::READ_INSTRS;
        let bounded = way.bounded || long || limits_itself(f);
        let way = Way { bounded, ..way };
        let known = self.by.get(&program.original(func));
        if known.is_some_and(|known| known.bounded <= bounded) {
            return;
        }
        self.by.insert(program.original(func), way);
        let read = read(f);
        let aside = aside(f);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Closure { to, func }
                    if f.file.facts.language == Language::JavaScript && !aside.contains(&to) =>
                {
                    next.push((f.sibling(func), way));
                }
                Instr::Call { to, callee, .. } => {
                    for inner in callees(origins, f.id, at, callee) {
                        let other = program.func(inner);
                        // Nobody waits for what is started and let go.
                        let left = self.about == About::Waiting
                            && (other.func.is_async && !read.contains(&to) || aside.contains(&to));
                        let decorated = other.file.facts.language == Language::Python
                            && !is_plain(f, inner, origins);
                        if !(left || decorated && self.about == About::Thread) {
                            next.push((inner, way));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// What a member of a chain runs for each request.
fn runs(stage: &Stage) -> Option<FuncId> {
    match *stage {
        Stage::Function(func, ..)
        | Stage::Decides(func)
        | Stage::Wraps(func, _)
        | Stage::Before(func)
        | Stage::Middleware(func)
        | Stage::Method(func) => Some(func),
        Stage::Setting(..) | Stage::Elsewhere(_) | Stage::Package(_) | Stage::Unknown => None,
    }
}

/// Whether a function is what its name stands for: a decorator may have it run in a thread.
fn is_plain(caller: FuncRef<'_>, func: FuncId, origins: &Solver<'_, '_>) -> bool {
    let f = origins.program.func(func);
    let around = f.parent().unwrap_or(caller.id);
    let around = origins.program.func(around);
    f.func.decorators.iter().all(|decorator| {
        written_name(around, decorator.value)
            .is_some_and(|name| ["staticmethod", "classmethod", "property"].contains(&name))
    })
}

/// Something in a function may give up after a time: `Promise.race`, `asyncio.wait_for`, `withTimeout`.
fn limits_itself(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, this, .. } => called(f, callee, this).0.is_some_and(gives_up),
        _ => false,
    })
}

/// Names of what gives up after a time.
fn gives_up(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let flat = name.replace('_', "");
    let timer = ["settimeout", "cleartimeout"].contains(&flat.as_str());
    let thrown = name.ends_with("error") || name.ends_with("exception");
    (flat.contains("timeout") || flat.contains("deadline")) && !timer && !thrown
        || ["race", "wait_for", "fail_after", "move_on_after"].contains(&name.as_str())
}

/// The locals that a function reads.
pub(super) fn read(f: FuncRef<'_>) -> FxHashSet<LocalId> {
    let mut out = FxHashSet::default();
    let mut add = |operand: Operand| {
        if let Operand::Local(local) = operand {
            out.insert(local);
        }
    };
    for instr in &f.func.instrs {
        f.func.each_read(instr, &mut add);
    }
    let terms = f.func.blocks.iter();
    terms.filter_map(|block| block.term.operand()).for_each(add);
    out
}

/// Calls to which something is left that nobody waits for.
const LEFT: [&str; 5] = [
    "create_task",
    "ensure_future",
    "add_task",
    "start_soon",
    "waitUntil",
];

/// What is left for the end of the process, or to run beside the request: `process.on('exit', () => …)`, `create_task(send())`.
fn aside(f: FuncRef<'_>) -> FxHashSet<LocalId> {
    let mut out = FxHashSet::default();
    for instr in &f.func.instrs {
        if let Instr::Call {
            callee, this, args, ..
        } = *instr
            && let (name, of) = called(f, callee, this)
            && (of == Some("process") || name.is_some_and(|name| LEFT.contains(&name)))
        {
            out.extend(f.func.args(args).iter().filter_map(|arg| match arg.value {
                Operand::Local(local) => Some(local),
                Operand::Const(_) => None,
            }));
        }
    }
    out
}
