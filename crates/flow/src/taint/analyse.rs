//! Summaries bottom-up over the cycles of the call graph.

use super::interp::{Interp, Output, Whole};
use super::methods::{Methods, callees_first};
use super::reached;
use super::refute::refute;
use super::summary::{Finding, Summary};
use super::trace::Arena;
use super::value::{Taint, Value};
use crate::limits;
use crate::origin::{Solver, Val};
use crate::program::{Program, to_u32};
use crate::result::FuncId;
use crate::schema::Schemas;
use casemate_ir::{FnKind, Instr, Key, Language, MemberKind, Operand};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Counts functions that the engine failed on, among the caps.
pub const FAILED: &str = "functions whose analysis failed, which is a defect of casemate";

/// Finds the templates that a name means, as seen from a file: `None` parts are not constant.
pub type RenderLookup<'a> = dyn Fn(&str, &[Option<Arc<str>>]) -> Vec<FuncId> + Sync + 'a;

/// Everything that the pass found.
pub struct TaintResult {
    /// By function.
    pub summaries: Vec<Option<Arc<Summary>>>,
    /// By function.
    pub outputs: Vec<Output>,
    /// By function.
    pub arenas: Vec<Arena>,
    /// Callees of each function.
    pub callees: Vec<Vec<FuncId>>,
    /// Caps of the whole program, by name.
    pub caps: FxHashMap<&'static str, u64>,
    /// Sources that reach sinks, also where running their calls again was asked.
    pub findings: Vec<Finding>,
    /// Candidates that it took away.
    pub refuted: u64,
}

/// Runs the pass over the whole program.
pub fn run(origins: &Solver<'_, '_>, render: &RenderLookup<'_>) -> TaintResult {
    let program = origins.program;
    let count = program.function_count();
    let schemas = Schemas::of(origins);
    let callees: Vec<Vec<FuncId>> = program
        .function_ids()
        .map(|id| dependencies(origins, &schemas, id))
        .collect();
    let by_name = Methods::of(origins);
    let named = by_name.calls(origins);
    let order = callees_first(&callees, &named);
    let consts = super::constants::Constants::of(origins);
    let enclosed = super::enclosed::Enclosed::of(origins);
    let checks = super::address_check::AddressChecks::of(origins);
    let settings = crate::setting::Settings::of(origins);
    let mut summaries: Vec<Option<Arc<Summary>>> = vec![None; count];
    let mut outputs: Vec<Output> = Vec::with_capacity(count);
    outputs.resize_with(count, Output::default);
    let mut arenas: Vec<Arena> = vec![Arena::default(); count];
    let kinds = super::kinds::KindIds::new(origins.paths.models().kinds());
    let template = |f: FuncId| program.func(f).func.kind == FnKind::Template;
    let components = components(&callees, &order, &template);
    let ground = Ground {
        origins,
        by_name: &by_name,
        consts: &consts,
        enclosed: &enclosed,
        checks: &checks,
        render,
        kinds,
        schemas: &schemas,
        settings: &settings,
    };
    for level in levels(&components, &[&callees, &named], &template) {
        let (cyclic, single): (Vec<_>, Vec<_>) =
            level.into_iter().partition(|c| is_cyclic(c, &callees));
        let funcs: Vec<FuncId> = single.iter().flat_map(|c| c.iter().copied()).collect();
        let run = |func: &FuncId| ground.interpret(*func, &summaries, None, limits::WORK);
        let made: Vec<Option<Made>> = funcs.par_iter().map(run).collect();
        for (&func, made) in funcs.iter().zip(made) {
            keep(func, made, &mut summaries, &mut outputs, &mut arenas);
        }
        for component in cyclic {
            let rounds = match component.len() > limits::LARGE_SCC {
                false => limits::SCC_ROUNDS,
                true => limits::LARGE_SCC_ROUNDS,
            };
            // By function of the cycle: whether a summary that it asked for is another one by now, and which it asked for.
            let mut stale = vec![true; component.len()];
            let mut asked: Vec<Vec<FuncId>> = vec![Vec::new(); component.len()];
            let mut budget = limits::WORK;
            for round in 0..rounds {
                for (at, &func) in component.iter().enumerate() {
                    if !stale.get_mut(at).is_some_and(std::mem::take) {
                        continue;
                    }
                    let arena = arenas.get_mut(func.0 as usize).map(std::mem::take);
                    let known = Some(arena.unwrap_or_default());
                    let mut made = ground.interpret(func, &summaries, known, budget);
                    if let (Some(made), Some(asked)) = (&mut made, asked.get_mut(at)) {
                        budget = budget.saturating_sub(made.work);
                        *asked = std::mem::take(&mut made.asked);
                    }
                    if keep(func, made, &mut summaries, &mut outputs, &mut arenas) {
                        for (stale, asked) in stale.iter_mut().zip(&asked) {
                            *stale |= asked.binary_search(&func).is_ok();
                        }
                    }
                }
                if !stale.contains(&true) {
                    break;
                }
                if round + 1 == rounds
                    && let Some(out) = component
                        .first()
                        .and_then(|f| outputs.get_mut(f.0 as usize))
                {
                    *out.caps.entry("rounds over a cycle of calls").or_default() += 1;
                }
            }
        }
    }
    if let Some(out) = outputs.first_mut()
        && schemas.unknown > 0
    {
        out.caps
            .insert("schemas that are not understood", schemas.unknown);
    }
    escaped_by_all(program, &mut outputs);
    let mut result = TaintResult {
        summaries,
        outputs,
        arenas,
        callees,
        caps: FxHashMap::default(),
        findings: Vec::new(),
        refuted: 0,
    };
    refute(&ground, &mut result);
    result
}

/// What a template reads by itself, through a filter of the program or a global, is escaped where its engine escapes what the template
/// does not say otherwise of. Where every rendering says that it does, nothing of it reaches a page as it is.
fn escaped_by_all(program: &Program, outputs: &mut [Output]) {
    if outputs.iter().any(|out| out.raw) {
        return;
    }
    for (id, out) in program.function_ids().zip(outputs) {
        if program.func(id).func.kind == FnKind::Template {
            out.findings.retain(|finding| !finding.sink.configured);
        }
    }
}

/// What one function is interpreted on.
pub(super) struct Ground<'a, 'p, 'm> {
    pub(super) origins: &'a Solver<'p, 'm>,
    by_name: &'a Methods,
    consts: &'a super::constants::Constants,
    enclosed: &'a super::enclosed::Enclosed,
    checks: &'a super::address_check::AddressChecks,
    render: &'a RenderLookup<'a>,
    kinds: super::kinds::KindIds,
    schemas: &'a crate::schema::Schemas,
    settings: &'a crate::setting::Settings,
}

/// What the interpretation of one function gave.
struct Made {
    summary: Summary,
    out: Output,
    arena: Arena,
    /// Functions whose summaries it asked for, in order.
    asked: Vec<FuncId>,
    /// Taints of summaries that were put in place.
    work: u64,
}

impl Ground<'_, '_, '_> {
    /// All that is known of the program, with these summaries.
    pub(super) fn whole<'s>(
        &'s self,
        summaries: &'s [Option<Arc<Summary>>],
        budget: u64,
    ) -> Whole<'s> {
        Whole {
            origins: self.origins,
            summaries,
            by_name: self.by_name,
            consts: self.consts,
            enclosed: self.enclosed,
            checks: self.checks,
            render: self.render,
            kinds: self.kinds,
            schemas: self.schemas,
            settings: self.settings,
            budget,
        }
    }

    /// Interprets one function once. A defect met in it must not cost the others: then it is nothing. The ways through one of a cycle
    /// are added to those of the rounds before, which others lead back to.
    fn interpret(
        &self,
        func: FuncId,
        summaries: &[Option<Arc<Summary>>],
        ways: Option<Arena>,
        budget: u64,
    ) -> Option<Made> {
        let run = AssertUnwindSafe(|| {
            let whole = self.whole(summaries, budget);
            let first = ways.is_none();
            let mut interp = Interp::new(&whole, func, ways.unwrap_or_default());
            interp.run();
            let mut summary = interp.summary();
            interp.asked.sort_unstable();
            interp.asked.dedup();
            match first {
                true => reached::only(func, &mut summary, &mut interp.out, &mut interp.arena),
                false => interp.arena.shrink(),
            }
            Made {
                summary,
                out: interp.out,
                arena: interp.arena,
                asked: interp.asked,
                work: interp.work,
            }
        });
        catch_unwind(run).ok()
    }
}

/// Keeps what was made of a function, a function without a summary where the interpretation failed; whether its summary says
/// something else than before.
fn keep(
    func: FuncId,
    made: Option<Made>,
    summaries: &mut [Option<Arc<Summary>>],
    outputs: &mut [Output],
    arenas: &mut [Arena],
) -> bool {
    let index = func.0 as usize;
    let (Some(summary), Some(output), Some(arena)) = (
        summaries.get_mut(index),
        outputs.get_mut(index),
        arenas.get_mut(index),
    ) else {
        return false;
    };
    let Some(made) = made else {
        *summary = None;
        *output = Output::default();
        output.caps.insert(FAILED, 1);
        return false;
    };
    let same = summary
        .as_ref()
        .is_some_and(|old| same_meaning(old, &made.summary));
    *output = made.out;
    *arena = made.arena;
    if !same {
        *summary = Some(Arc::new(made.summary));
    }
    !same
}

fn is_cyclic(component: &[FuncId], callees: &[Vec<FuncId>]) -> bool {
    component.len() > 1
        || component
            .first()
            .is_some_and(|f| callees.get(f.0 as usize).is_some_and(|c| c.contains(f)))
}

/// Components in groups: whatever the functions of one need stands in groups before it, so that those of one group can be
/// interpreted side by side, whatever the number of threads. Templates are the first of all, as whoever renders asks for them. What is
/// needed by one of `edges` and comes later in the order of the components is no reason to wait: it would be a cycle.
fn levels<'c>(
    components: &'c [Vec<FuncId>],
    edges: &[&[Vec<FuncId>]],
    template: &dyn Fn(FuncId) -> bool,
) -> Vec<Vec<&'c [FuncId]>> {
    const NOT_YET: u32 = u32::MAX;
    let count = edges.iter().map(|callees| callees.len()).max();
    let mut level_of: Vec<u32> = vec![NOT_YET; count.unwrap_or(0)];
    let mut out: Vec<Vec<&[FuncId]>> = Vec::new();
    let mut after_templates = 0;
    for component in components {
        let is_template = component.iter().all(|f| template(*f));
        let needed = component
            .iter()
            .flat_map(|f| edges.iter().filter_map(|of| of.get(f.0 as usize)))
            .flatten()
            .filter_map(|callee| level_of.get(callee.0 as usize))
            .filter(|level| **level != NOT_YET)
            .map(|level| level + 1)
            .max();
        let level = needed
            .unwrap_or(0)
            .max(if is_template { 0 } else { after_templates });
        if is_template {
            after_templates = after_templates.max(level + 1);
        }
        for func in component {
            if let Some(slot) = level_of.get_mut(func.0 as usize) {
                *slot = level;
            }
        }
        let level = level as usize;
        if out.len() <= level {
            out.resize_with(level + 1, Vec::new);
        }
        if let Some(group) = out.get_mut(level) {
            group.push(component);
        }
    }
    out
}

/// Whether two rounds say the same; traces may differ.
fn same_meaning(old: &Summary, new: &Summary) -> bool {
    old.sinks.len() == new.sinks.len()
        && old.effects.len() == new.effects.len()
        && old.callbacks.len() == new.callbacks.len()
        && old.objs.len() == new.objs.len()
        && old.noreturn == new.noreturn
        && old.accepts == new.accepts
        && old.lets == new.lets
        && same_taints(&old.ret, &new.ret)
        && same_taints(&old.thrown.whole(), &new.thrown.whole())
        && old
            .sinks
            .iter()
            .map(|s| s.clean)
            .eq(new.sinks.iter().map(|s| s.clean))
}

fn same_taints(old: &Value, new: &Value) -> bool {
    let plain = |taints: &[Taint]| {
        taints
            .iter()
            .map(|t| (t.origin, t.clean))
            .collect::<Vec<_>>()
    };
    plain(old.taints()) == plain(new.taints())
}

/// Functions whose summaries a function needs: those it calls, makes, or hands on, and those that see its values first.
fn dependencies(origins: &Solver<'_, '_>, schemas: &Schemas, id: FuncId) -> Vec<FuncId> {
    let f = origins.program.func(id);
    let mut out = Vec::new();
    let operand = |out: &mut Vec<FuncId>, operand: Operand| {
        for &val in origins.of_operand(id, operand) {
            match origins.val(val) {
                Some(Val::Func(func)) => out.push(func),
                Some(Val::Class(class)) => {
                    if let Some((file, def)) = origins.program.class(class) {
                        out.push(origins.program.func_id(file, def.constructor));
                    }
                }
                Some(Val::Instance(class)) => out.extend(origins.call_method(class)),
                Some(many @ Val::Members(..)) => out.extend_from_slice(origins.functions_of(many)),
                _ => {}
            }
        }
    };
    for (at, instr) in f.func.instrs.iter().enumerate() {
        match *instr {
            Instr::Closure { func, .. } => out.push(f.sibling(func)),
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } if origins.getters.contains(&f.sym(name)) => {
                for &val in origins.of_operand(id, base) {
                    if let Some(Val::Instance(class)) = origins.val(val) {
                        let getter = MemberKind::Getter;
                        out.extend(origins.member_function(class, f.sym(name), getter));
                    }
                }
            }
            Instr::Load { base, .. } if f.file.facts.language == Language::Python => {
                out.extend(origins.subscripts(id, base));
            }
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => {
                let before = out.len();
                operand(&mut out, callee);
                for called in out.iter_mut().skip(before) {
                    *called = origins.callee_at(id, to_u32(at), *called);
                }
                if let Some(this) = this {
                    operand(&mut out, this);
                }
                for arg in f.func.args(args) {
                    operand(&mut out, arg.value);
                }
                if flags.super_call
                    && let Some(class) = f.func.class
                {
                    for &base in origins.of_bases(f.class(class)) {
                        match origins.val(base) {
                            Some(Val::Class(b)) => {
                                if let Some((file, def)) = origins.program.class(b) {
                                    out.push(origins.program.func_id(file, def.constructor));
                                }
                            }
                            Some(Val::Func(func)) => out.push(func),
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let before = schemas.request(origins, id);
    out.extend(before.into_iter().flat_map(|request| &request.gates));
    super::record::seen_first(origins, schemas, id, &mut out);
    super::validated::seen_first(origins, id, &mut out);
    // Whoever renders needs the templates: they are leaves, so it is enough that all come first.
    out.sort_unstable();
    out.dedup();
    out
}

/// Strongly connected components, callees first (Tarjan 1972, iterative), begun in an order. Templates come before everything else.
#[expect(
    clippy::indexing_slicing,
    reason = "all indices are below the number of functions"
)]
fn components(
    callees: &[Vec<FuncId>],
    order: &[FuncId],
    first: &dyn Fn(FuncId) -> bool,
) -> Vec<Vec<FuncId>> {
    struct Visit {
        func: usize,
        next: usize,
    }
    let count = callees.len();
    let mut index = vec![u32::MAX; count];
    let mut low = vec![0u32; count];
    let mut on_stack = vec![false; count];
    let mut stack: Vec<usize> = Vec::new();
    let mut counter = 0u32;
    let mut out = Vec::new();
    let (early, late): (Vec<usize>, Vec<usize>) = order
        .iter()
        .map(|f| f.0 as usize)
        .partition(|&f| first(FuncId(to_u32(f))));
    for root in early.into_iter().chain(late) {
        if index[root] != u32::MAX {
            continue;
        }
        let mut work = vec![Visit {
            func: root,
            next: 0,
        }];
        while let Some(visit) = work.last_mut() {
            let f = visit.func;
            if index[f] == u32::MAX {
                index[f] = counter;
                low[f] = counter;
                counter += 1;
                stack.push(f);
                on_stack[f] = true;
            }
            let mut pushed = None;
            while let Some(&callee) = callees[f].get(visit.next) {
                visit.next += 1;
                let c = callee.0 as usize;
                if c >= count {
                    continue;
                }
                if index[c] == u32::MAX {
                    pushed = Some(c);
                    break;
                }
                if on_stack[c] {
                    low[f] = low[f].min(index[c]);
                }
            }
            if let Some(func) = pushed {
                work.push(Visit { func, next: 0 });
                continue;
            }
            if low[f] == index[f] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(FuncId(to_u32(member)));
                    if member == f {
                        break;
                    }
                }
                component.sort_unstable();
                out.push(component);
            }
            work.pop();
            if let Some(parent) = work.last() {
                let p = parent.func;
                low[p] = low[p].min(low[f]);
            }
        }
    }
    out
}
