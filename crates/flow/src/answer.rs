//! From what the passes found to the [`Analysis`]: flows grouped by place, paths as sentences, entries that reach them.

use crate::composed::Composed;
use crate::origin::Solver;
use crate::program::{Program, to_u32};
use crate::result::{Analysis, Counts, Entry, Flow, FlowPath, FuncId, Note, PathStep, Site, Use};
use crate::taint::{Arena, Finding, Origin, TaintResult, TraceKind, TraceRef};
use crate::{limits, offered, taint};
use casemate_ir::{Instr, Span};
use casemate_model::kind::SinkKind;
use casemate_model::matcher::Models;
use casemate_say::{say, told};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the caller decides.
pub struct Options<'a> {
    /// Finds the templates that a render name means, as seen from a file; `None` parts of the name are not constant.
    pub render: &'a taint::RenderLookup<'a>,
    /// By file: what it exports is called by strangers (library threat model). Given the entries of the program, for a package
    /// that registers handlers is a server.
    pub library: &'a dyn Fn(crate::result::FileIdx, &[Entry]) -> bool,
    /// Whether places that are dangerous are told though nothing arrives there.
    pub uses: bool,
}

/// Analyses a linked program.
#[must_use]
pub fn analyse(program: &Program, models: &Models, options: &Options<'_>) -> Analysis {
    analyse_from(&Solver::run(program, models), None, options)
}

/// As [`analyse`], once the origins are known. `known`: entries that somebody else found; the engine adds those of other places.
#[must_use]
pub fn analyse_from(
    origins: &Solver<'_, '_>,
    known: Option<Vec<Entry>>,
    options: &Options<'_>,
) -> Analysis {
    let (program, models) = (origins.program, origins.paths.models());
    let mut result = taint::run(origins, options.render);
    let mut findings: Vec<Finding> = std::mem::take(&mut result.findings);
    let mut entries = known.unwrap_or_default();
    let places: FxHashSet<Site> = entries.iter().map(|e| e.site).collect();
    let registered = result
        .outputs
        .iter_mut()
        .flat_map(|o| std::mem::take(&mut o.entries));
    // A method of a base answers where classes below it are registered.
    let answering: FxHashSet<FuncId> = entries.iter().flat_map(|e| &e.handlers).copied().collect();
    let declared = origins.declared.values().filter(|entry| {
        entry.handlers.is_empty() || !entry.handlers.iter().all(|h| answering.contains(h))
    });
    let mut others: Vec<Entry> = registered
        .chain(declared.cloned())
        .filter(|entry| !places.contains(&entry.site))
        .collect();
    others.sort_by(|a, b| (a.site, &a.method).cmp(&(b.site, &b.method)));
    entries.extend(others);
    findings.extend(offered::findings(origins, &result, &entries, options));
    let mut facts: Vec<_> = result
        .outputs
        .iter_mut()
        .flat_map(|o| std::mem::take(&mut o.facts))
        .collect();
    facts.sort_by(|a, b| (a.site, &a.fact).cmp(&(b.site, &b.fact)));
    // Copies of a function say the same of the same place.
    facts.dedup_by(|a, b| {
        (a.site, &a.fact, &a.callee, &a.values) == (b.site, &b.fact, &b.callee, &b.values)
    });
    let reach = Reach::new(&result.callees, &entries, program.function_count());
    let flows = flows(program, models, &result.arenas, findings, &reach);
    let (uses, reached) = match options.uses {
        true => (
            uses(program, &mut result.outputs),
            reached(&result.callees, &entries),
        ),
        false => Default::default(),
    };
    Analysis {
        flows,
        facts,
        entries,
        uses,
        reached,
        counts: counts(origins, &result),
    }
}

/// Dangerous uses, once each, with the most that arrived.
fn uses(program: &Program, outputs: &mut [taint::Output]) -> Vec<Use> {
    let mut out: BTreeMap<(Site, SinkKind), Use> = BTreeMap::new();
    for (function, output) in program.function_ids().zip(outputs) {
        let file = program.func(function).file_idx;
        for (span, kind, carried) in output.uses.drain(..) {
            let site = Site { file, span };
            let known = out.entry((site, kind)).or_insert(Use {
                site,
                kind,
                function,
                carried,
            });
            known.carried = known.carried.max(carried);
        }
    }
    out.into_values().collect()
}

/// Functions that the handlers of entries call, at any depth, in order.
pub(crate) fn reached(callees: &[Vec<FuncId>], entries: &[Entry]) -> Vec<FuncId> {
    let mut seen: FxHashSet<FuncId> = FxHashSet::default();
    let mut next: Vec<FuncId> = entries.iter().flat_map(|e| e.handlers.clone()).collect();
    while let Some(func) = next.pop() {
        if seen.insert(func) {
            next.extend(callees.get(func.0 as usize).into_iter().flatten().copied());
        }
    }
    let mut out: Vec<FuncId> = seen.into_iter().collect();
    out.sort_unstable();
    out
}

fn counts(origins: &Solver<'_, '_>, result: &TaintResult) -> Counts {
    let mut counts = Counts::default();
    let mut caps: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (name, n) in origins.caps.iter().chain(&result.caps) {
        *caps.entry(name).or_default() += n;
    }
    if origins.uncopied() > 0 {
        let name = "wrappers analysed once for all callers";
        caps.insert(name, origins.uncopied() as u64);
    }
    let copies = |index: usize| origins.program.is_copy(FuncId(to_u32(index)));
    for (index, out) in result.outputs.iter().enumerate() {
        for (name, n) in &out.caps {
            *caps.entry(name).or_default() += n;
        }
        if copies(index) {
            continue;
        }
        let [resolved, by_name, unmodelled, unknown] = out.calls;
        counts.calls_resolved += resolved;
        counts.calls_by_name += by_name;
        counts.calls_unmodelled += unmodelled;
        counts.calls_unknown += unknown;
    }
    counts.caps = caps.into_iter().collect();
    counts.refuted = result.refuted;
    counts
}

/// Which entries reach which functions.
struct Reach {
    callers: Vec<Vec<FuncId>>,
    handled: FxHashMap<FuncId, Vec<u32>>,
}

impl Reach {
    fn new(callees: &[Vec<FuncId>], entries: &[Entry], count: usize) -> Self {
        let mut callers: Vec<Vec<FuncId>> = vec![Vec::new(); count];
        for (caller, list) in callees.iter().enumerate() {
            for callee in list {
                if let Some(slot) = callers.get_mut(callee.0 as usize) {
                    slot.push(FuncId(to_u32(caller)));
                }
            }
        }
        let mut handled: FxHashMap<FuncId, Vec<u32>> = FxHashMap::default();
        for (index, entry) in entries.iter().enumerate() {
            for &handler in &entry.handlers {
                handled.entry(handler).or_default().push(to_u32(index));
            }
        }
        Self { callers, handled }
    }

    /// The entries that reach both a source and a sink; those of the source where no entry reaches both.
    fn between(&self, source: FuncId, sink: FuncId) -> Vec<u32> {
        let from = self.of(source);
        if source == sink {
            return from;
        }
        let to = self.of(sink);
        let both: Vec<u32> = from.iter().copied().filter(|e| to.contains(e)).collect();
        if both.is_empty() { from } else { both }
    }

    /// The entries whose handlers reach a function.
    fn of(&self, func: FuncId) -> Vec<u32> {
        let mut seen = FxHashSet::from_iter([func]);
        let mut level = vec![func];
        let mut out: Vec<u32> = Vec::new();
        for _ in 0..12 {
            let mut next = Vec::new();
            for f in level {
                if let Some(entries) = self.handled.get(&f) {
                    out.extend(entries.iter().copied());
                    // Whoever registers a handler is not on the way to it.
                    continue;
                }
                for &caller in self
                    .callers
                    .get(f.0 as usize)
                    .map_or(&[][..], Vec::as_slice)
                {
                    if seen.len() < 4_000 && seen.insert(caller) {
                        next.push(caller);
                    }
                }
            }
            if next.is_empty() || out.len() >= limits::ENTRIES {
                break;
            }
            level = next;
        }
        out.sort_unstable();
        out.dedup();
        out.truncate(limits::ENTRIES);
        out
    }
}

type FlowKey = (
    crate::result::FileIdx,
    Span,
    Span,
    casemate_model::kind::SinkKind,
);

fn flows(
    program: &Program,
    models: &Models,
    arenas: &[Arena],
    findings: Vec<Finding>,
    reach: &Reach,
) -> Vec<Flow> {
    let mut by_place: BTreeMap<FlowKey, (FuncId, Vec<Finding>)> = BTreeMap::new();
    let composed = Composed::new(models.kinds(), arenas);
    for finding in findings {
        let sink = &finding.sink;
        // A framework that calls a handler is no caller that can be repaired.
        let place = composed.place(&finding).filter(|(func, call)| {
            let f = program.func(*func).func;
            let mut calls = f.instrs.iter().zip(&f.spans);
            calls.any(|(instr, span)| span == call && matches!(instr, Instr::Call { .. }))
        });
        let (func, span, argument) = match place {
            Some((func, call)) => (func, call, call),
            None => (sink.func, sink.span, sink.argument),
        };
        let file = program.func(func).file_idx;
        let list = by_place.entry((file, span, argument, sink.kind));
        list.or_insert_with(|| (func, Vec::new())).1.push(finding);
    }
    let writer = Writer {
        program,
        models,
        arenas,
    };
    let mut out = Vec::with_capacity(by_place.len());
    for ((file, span, argument, kind), (function, mut list)) in by_place {
        let Some(first) = list.first() else { continue };
        let sink = Arc::clone(&first.sink);
        list.sort_by_key(|f| {
            (
                (f.notes & (taint::WALK - 1)).count_ones(),
                program.func(f.source.func).file_idx,
                f.source,
            )
        });
        let mut paths: Vec<FlowPath> = Vec::new();
        for finding in list {
            if paths.len() >= limits::PATHS {
                break;
            }
            let source = Site {
                file: program.func(finding.source.func).file_idx,
                span: finding.source.span,
            };
            if paths
                .iter()
                .any(|p| p.source == source && p.kind == finding.source.kind)
            {
                continue;
            }
            let steps = writer.steps(&finding);
            let shown = steps.first().map_or(source, |s| s.site);
            paths.push(FlowPath {
                source: shown,
                kind: finding.source.kind,
                shape: finding.source.shape,
                text: expression(program, finding.source.func, shown.span),
                steps,
                notes: notes(finding.notes),
                entries: reach.between(finding.source.func, function),
            });
        }
        out.push(Flow {
            sink: Site { file, span },
            argument: Site {
                file,
                span: argument,
            },
            kind,
            function,
            callee: sink.callee.to_string(),
            facts: sink.facts.to_vec(),
            paths,
        });
    }
    out
}

fn notes(bits: u16) -> Vec<Note> {
    [
        Note::ViaUnknown,
        Note::ByName,
        Note::WhenUnknown,
        Note::ViaStore,
        Note::Widened,
        Note::Capped,
        Note::ViaOpaque,
        Note::MayAlias,
    ]
    .into_iter()
    .filter(|&n| bits & taint::note_bit(n) != 0)
    .collect()
}

/// Writes traces as sentences.
struct Writer<'a> {
    program: &'a Program,
    models: &'a Models,
    arenas: &'a [Arena],
}

impl Writer<'_> {
    fn steps(&self, finding: &Finding) -> Vec<PathStep> {
        let mut out: Vec<PathStep> = Vec::new();
        self.expand(finding.trace, finding, &mut out, 0);
        if out.is_empty()
            || finding.source.kind
                == self
                    .models
                    .kinds()
                    .source("library")
                    .unwrap_or(finding.source.kind)
                && !self.starts_at_source(finding, &out)
        {
            let site = Site {
                file: self.program.func(finding.source.func).file_idx,
                span: finding.source.span,
            };
            let text = say!("{source} comes in", source = self.source_text(finding));
            out.insert(0, PathStep { site, text });
        }
        out.dedup_by(|b, a| a.site == b.site && a.text == b.text);
        if out.len() > limits::PATH_STEPS {
            let tail = out.split_off(out.len() - limits::PATH_STEPS / 2);
            out.truncate(limits::PATH_STEPS / 2);
            out.extend(tail);
        }
        out
    }

    fn starts_at_source(&self, finding: &Finding, steps: &[PathStep]) -> bool {
        let file = self.program.func(finding.source.func).file_idx;
        steps
            .first()
            .is_some_and(|s| s.site.file == file && s.site.span == finding.source.span)
    }

    fn source_text(&self, finding: &Finding) -> String {
        let kinds = self.models.kinds();
        let name = kinds.source_name(finding.source.kind);
        told(kinds.describe("source", name).unwrap_or(name)).to_owned()
    }

    fn expand(&self, trace: TraceRef, finding: &Finding, out: &mut Vec<PathStep>, depth: u32) {
        // A way inside a way inside a way: beyond this nobody reads on.
        if depth > 200 || out.len() > 4 * limits::PATH_STEPS {
            return;
        }
        let Some(node) = self
            .arenas
            .get(trace.func.0 as usize)
            .and_then(|a| a.get(trace.node))
        else {
            return;
        };
        if let Some(prev) = node.prev {
            self.expand(prev, finding, out, depth + 1);
        }
        let site = Site {
            file: self.program.func(trace.func).file_idx,
            span: node.span,
        };
        let name = |f: Option<FuncId>| {
            f.map_or_else(
                || say!("a function"),
                |f| format!("`{}`", self.program.func_name(f)),
            )
        };
        let text = match node.kind {
            TraceKind::Source => Some(say!("{source} is read", source = self.source_text(finding))),
            TraceKind::Start => None,
            TraceKind::Concat => Some(say!("becomes part of a string")),
            TraceKind::Library => Some(say!("passes through a library call")),
            TraceKind::Unknown => Some(say!("passes through a call that is not resolved")),
            TraceKind::Through if node.inner.is_some() => {
                Some(say!("passes through {callee}", callee = name(node.callee)))
            }
            TraceKind::Through => Some(say!("is returned by {callee}", callee = name(node.callee))),
            TraceKind::Into => Some(say!("is passed to {callee}", callee = name(node.callee))),
            TraceKind::Stored => Some(say!("is read from a variable that both share")),
            TraceKind::Remembered => Some(say!("is read from the session")),
            TraceKind::Sink => Some(say!("is used by `{callee}`", callee = finding.sink.callee)),
        };
        if let Some(text) = text {
            out.push(PathStep { site, text });
        }
        if let Some(inner) = node.inner {
            self.expand(inner, finding, out, depth + 1);
        }
    }
}

const _: fn(&Origin) = |_| {};

/// The expression at a place, rebuilt from the program: `req.query.id`. Empty where no instruction stands there.
fn expression(program: &Program, func: FuncId, span: Span) -> String {
    let f = program.func(func);
    let at = f.func.spans.iter().rposition(|s| *s == span);
    at.and_then(|at| f.func.instrs.get(at))
        .map_or_else(String::new, |instr| instr_text(program, func, instr, 0))
}

fn instr_text(program: &Program, func: FuncId, instr: &casemate_ir::Instr, depth: u32) -> String {
    use casemate_ir::{Instr, Key, LocalKind, Operand, VarRef};
    let f = program.func(func);
    let text = |s| f.file.facts.str(s);
    let operand = |operand: Operand| -> String {
        let Operand::Local(local) = operand else {
            return String::new();
        };
        match f.func.locals.get(local.index()) {
            Some(l) if l.kind == LocalKind::This => "this".to_owned(),
            Some(l) if l.name.is_some() => l.name.map(text).unwrap_or_default().to_owned(),
            _ if depth < 6 => {
                let made = f
                    .func
                    .instrs
                    .iter()
                    .find(|i| crate::taint::target(i) == Some(local));
                made.map_or_else(String::new, |i| instr_text(program, func, i, depth + 1))
            }
            _ => String::new(),
        }
    };
    match *instr {
        Instr::Load { base, key, .. } => match key {
            Key::Field(name) if text(name) == casemate_ir::SUPER => "super()".to_owned(),
            Key::Field(name) => format!("{}.{}", operand(base), text(name)),
            Key::Index(index) => format!("{}[{index}]", operand(base)),
            Key::Computed(_) => format!("{}[…]", operand(base)),
        },
        Instr::LoadVar { var, .. } => match var {
            VarRef::Global(g) => f
                .file
                .facts
                .globals
                .get(g.index())
                .map(|b| text(b.name))
                .unwrap_or_default()
                .to_owned(),
            VarRef::Free(name) => text(name).to_owned(),
            VarRef::Captured(_) => String::new(),
        },
        Instr::Call { callee, .. } => format!("{}(…)", operand(callee)),
        Instr::Copy { from, .. } | Instr::Await { from, .. } => operand(from),
        _ => String::new(),
    }
}
