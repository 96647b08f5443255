//! Candidate findings, held against the calls that they lead through.
//!
//! A summary says what a function does for all its callers: of `render(text, mode)` it says that the text may come out raw. A candidate
//! is run again call by call: the function that it was found in is interpreted once more, and each function that it calls with constants
//! is interpreted for exactly these (branches on them are decided, rows of models see them, what is checked under them counts).
//! Where the function that a candidate stands in is only ever called by calls that are known, it is interpreted for each of these as well.
//! A candidate is dropped only where the first run shows it again and no run with constants does; whatever reaches a limit keeps it.

use super::analyse::{Ground, TaintResult};
use super::closed::Callers;
use super::context::Context;
use super::interp::{Interp, Output};
use super::place::PortBase;
use super::summary::{Finding, Summary};
use super::trace::{Arena, TraceRef};
use super::value::SourceRef;
use crate::limits;
use crate::result::FuncId;
use casemate_ir::Span;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Where a candidate ends: function, argument and kind of the sink.
type End = (FuncId, Span, u8);

fn end(sink: &super::summary::SinkRef) -> End {
    (sink.func, sink.argument, sink.kind.0)
}

/// What one run of a function shows.
#[derive(Default)]
struct Shown {
    /// Sources that reach sinks.
    met: FxHashSet<(SourceRef, End)>,
    /// Sinks that something reaches which all functions share: with more constants, a table may be known that was any table before.
    shared: FxHashSet<End>,
    /// Calls of functions of the program, and what each is certain to give.
    calls: Vec<(FuncId, Context)>,
}

impl Shown {
    /// Whether source and sink of a candidate meet as they did.
    fn meets(&self, candidate: &Candidate) -> bool {
        let (source, end) = (candidate.finding.source, end(&candidate.finding.sink));
        match candidate.shared {
            true => self.shared.contains(&end),
            false => self.met.contains(&(source, end)),
        }
    }

    /// Whether the sink of a candidate is still reached: by its source, or by what all functions share.
    fn has(&self, candidate: &Candidate) -> bool {
        let end = end(&candidate.finding.sink);
        let met = || candidate.shared && self.met.iter().any(|met| met.1 == end);
        self.meets(candidate) || self.shared.contains(&end) || met()
    }
}

/// A candidate finding.
pub(super) struct Candidate {
    /// In which function source and sink met, or what functions share and the sink.
    pub(super) func: FuncId,
    /// It came through something that all functions share.
    pub(super) shared: bool,
    /// What was found.
    pub(super) finding: Finding,
}

/// What one function was run with, and the summary of that run; absent where it reached a limit.
type Made = FxHashMap<FuncId, Vec<(Context, Option<Arc<Summary>>)>>;

/// Functions interpreted for the constants of single calls, for the candidates of one function.
pub(super) struct Specials<'a> {
    ground: &'a Ground<'a, 'a, 'a>,
    summaries: &'a [Option<Arc<Summary>>],
    outputs: &'a [Output],
    /// Functions that the candidates lead through: they are interpreted again for every call.
    chain: FxHashSet<FuncId>,
    made: RefCell<Made>,
    /// What may still be spent.
    left: Cell<u64>,
    /// Something was not run for a limit.
    short: Cell<bool>,
}

impl<'a> Specials<'a> {
    fn new(
        ground: &'a Ground<'a, 'a, 'a>,
        summaries: &'a [Option<Arc<Summary>>],
        outputs: &'a [Output],
        chain: FxHashSet<FuncId>,
    ) -> Self {
        Self {
            ground,
            summaries,
            outputs,
            chain,
            made: RefCell::default(),
            left: Cell::new(limits::REFUTED_WORK),
            short: Cell::new(false),
        }
    }

    /// Whether it matters what a function does in a call of which nothing is certain.
    pub(super) fn leads_through(&self, func: FuncId) -> bool {
        self.chain.contains(&func)
    }

    /// The summary of a function for one call; absent where nothing better than the general one is known.
    pub(super) fn summary(
        &self,
        func: FuncId,
        context: &Context,
        level: u32,
    ) -> Option<Arc<Summary>> {
        let known = self.made.borrow().get(&func).and_then(|list| {
            let mut list = list.iter();
            list.find(|made| made.0 == *context)
                .map(|made| made.1.clone())
        });
        if let Some(known) = known {
            return known;
        }
        if level > limits::REFUTED_DEPTH {
            self.short.set(true);
            return None;
        }
        // Whoever calls itself meets the general summary.
        self.put(func, context, None);
        let made = self.run(func, context, level).map(|made| Arc::new(made.0));
        self.made
            .borrow_mut()
            .get_mut(&func)
            .and_then(|list| list.iter_mut().find(|made| made.0 == *context))
            .into_iter()
            .for_each(|slot| slot.1.clone_from(&made));
        made
    }

    /// What a function shows in each of its calls; absent where nothing is certain in one of them.
    fn as_called(&self, func: FuncId, callers: &BTreeSet<FuncId>) -> Option<Vec<Shown>> {
        let mut contexts: Vec<Context> = Vec::new();
        for caller in callers {
            let (_, shown) = self.run(*caller, &Context::default(), 0)?;
            let mut met = false;
            for (called, context) in shown.calls {
                if called == func {
                    met = true;
                    if context.is_empty() {
                        return None;
                    }
                    if !contexts.contains(&context) {
                        contexts.push(context);
                    }
                }
            }
            if !met || contexts.len() > limits::REFUTED_CALLERS {
                return None;
            }
        }
        let shown = |context| self.run(func, context, 0).map(|run| run.1);
        contexts.iter().map(shown).collect()
    }

    fn put(&self, func: FuncId, context: &Context, summary: Option<Arc<Summary>>) {
        let mut made = self.made.borrow_mut();
        made.entry(func)
            .or_default()
            .push((context.clone(), summary));
    }

    /// Interprets a function in a context; absent where that reaches a limit which the pass did not reach.
    fn run(&self, func: FuncId, context: &Context, level: u32) -> Option<(Summary, Shown)> {
        let instrs = self.ground.origins.program.func(func).func.instrs.len() as u64;
        let left = self.left.get().saturating_sub(instrs);
        self.left.set(left);
        if left == 0 {
            self.short.set(true);
            return None;
        }
        let whole = self.ground.whole(self.summaries, left);
        let mut interp = Interp::new(&whole, func, Arena::default());
        interp.special = Some(self);
        interp.level = level;
        interp.context = (!context.is_empty()).then(|| context.clone());
        interp.run();
        // What the functions that it calls spent is gone already.
        self.left.set(self.left.get().saturating_sub(interp.work));
        let calls = std::mem::take(&mut interp.given);
        let summary = interp.summary();
        let before = self.outputs.get(func.0 as usize)?;
        let further = |cap: (&&'static str, &u64)| before.caps.get(cap.0).is_none_or(|n| n < cap.1);
        if interp.out.caps.iter().any(further) {
            self.short.set(true);
            return None;
        }
        let shown = Self::shown(&summary, &interp.out, calls);
        Some((summary, shown))
    }

    /// Interprets a function as the pass did, on summaries that are complete.
    fn plain(&self, func: FuncId) -> Shown {
        let whole = self.ground.whole(self.summaries, limits::WORK);
        let mut interp = Interp::new(&whole, func, Arena::default());
        interp.run();
        let summary = interp.summary();
        Self::shown(&summary, &interp.out, Vec::new())
    }

    fn shown(summary: &Summary, out: &Output, calls: Vec<(FuncId, Context)>) -> Shown {
        let met = out.findings.iter().map(|f| (f.source, end(&f.sink)));
        let shared = summary
            .sinks
            .iter()
            .filter(|sink| sink.port.base().is_absolute() || sink.port.base() == PortBase::This);
        Shown {
            met: met.collect(),
            shared: shared.map(|sink| end(&sink.sink)).collect(),
            calls,
        }
    }
}

/// What the pass found, and what leads through state that functions share.
fn candidates(ground: &Ground<'_, '_, '_>, result: &mut TaintResult) -> Vec<Candidate> {
    let mut out = Vec::new();
    for (index, output) in result.outputs.iter_mut().enumerate() {
        let found = std::mem::take(&mut output.findings);
        out.extend(found.into_iter().map(|finding| Candidate {
            func: FuncId(crate::program::to_u32(index)),
            shared: false,
            finding,
        }));
    }
    let TaintResult {
        summaries,
        arenas,
        caps,
        ..
    } = result;
    let shared = super::globals::findings(ground.origins, summaries, arenas, caps);
    out.extend(shared.into_iter().map(|(func, finding)| Candidate {
        func,
        shared: true,
        finding,
    }));
    out
}

/// Takes the candidates away that no run of their calls shows.
pub(super) fn refute(ground: &Ground<'_, '_, '_>, result: &mut TaintResult) {
    let mut by_func: BTreeMap<FuncId, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates(ground, result) {
        by_func.entry(candidate.func).or_default().push(candidate);
    }
    let wanted: FxHashSet<FuncId> = by_func.keys().copied().collect();
    let registered = result.outputs.iter().flat_map(|out| &out.entries);
    let handlers = registered
        .chain(ground.origins.declared.values())
        .flat_map(|entry| entry.handlers.iter().copied())
        .collect();
    let callers = Callers::of(ground.origins, &wanted, &handlers);
    let groups: Vec<(FuncId, Vec<Candidate>)> = by_func.into_iter().collect();
    let known: &TaintResult = result;
    let judged: Vec<Judged> = groups
        .par_iter()
        .map(|(func, candidates)| {
            let run = AssertUnwindSafe(|| withstand(ground, known, &callers, *func, candidates));
            catch_unwind(run).unwrap_or_else(|_| Judged::kept(candidates))
        })
        .collect();
    for ((_, candidates), judged) in groups.into_iter().zip(judged) {
        for (candidate, holds) in candidates.into_iter().zip(judged.holds) {
            if holds {
                result.findings.push(candidate.finding);
                if judged.short {
                    *result.caps.entry(limits::REFUTED_DONE).or_default() += 1;
                }
            } else {
                result.refuted += 1;
            }
        }
    }
}

/// What was found out about the candidates of one function.
struct Judged {
    /// Which of them hold.
    holds: Vec<bool>,
    /// A limit was reached: some of them may be kept for that.
    short: bool,
}

impl Judged {
    fn kept(candidates: &[Candidate]) -> Self {
        Self {
            holds: vec![true; candidates.len()],
            short: true,
        }
    }
}

/// Which candidates of one function hold.
fn withstand(
    ground: &Ground<'_, '_, '_>,
    result: &TaintResult,
    callers: &Callers,
    func: FuncId,
    candidates: &[Candidate],
) -> Judged {
    let chain = chain(&result.arenas, candidates);
    let specials = Specials::new(ground, &result.summaries, &result.outputs, chain);
    let Some((_, shown)) = specials.run(func, &Context::default(), 0) else {
        return Judged::kept(candidates);
    };
    let called = callers
        .get(func)
        .and_then(|callers| specials.as_called(func, callers));
    let in_some_call = |c: &Candidate| {
        called
            .as_ref()
            .is_none_or(|called| called.iter().any(|call| call.has(c)))
    };
    let mut holds: Vec<bool> = candidates
        .iter()
        .map(|candidate| shown.has(candidate) && in_some_call(candidate))
        .collect();
    // What the pass itself would not show again on complete summaries says nothing of the constants.
    if holds.contains(&false) {
        let plain = specials.plain(func);
        for (holds, candidate) in holds.iter_mut().zip(candidates) {
            *holds |= !plain.meets(candidate);
        }
    }
    Judged {
        holds,
        short: specials.short.get(),
    }
}

/// The functions that the ways of some candidates lead through.
fn chain(arenas: &[Arena], candidates: &[Candidate]) -> FxHashSet<FuncId> {
    let mut next: Vec<TraceRef> = candidates.iter().map(|c| c.finding.trace).collect();
    let mut seen: FxHashSet<TraceRef> = FxHashSet::default();
    let mut out = FxHashSet::default();
    while let Some(step) = next.pop() {
        if seen.len() >= limits::REFUTED_STEPS || !seen.insert(step) {
            continue;
        }
        let arena = arenas.get(step.func.0 as usize);
        if let Some(node) = arena.and_then(|arena| arena.get(step.node)) {
            out.extend(node.callee);
            next.extend(node.prev);
            next.extend(node.inner);
        }
    }
    out
}
