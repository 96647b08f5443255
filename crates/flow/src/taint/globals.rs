//! State that all functions share: what is written in one place arrives where it is read.

use super::held::Held;
use super::place::{PortBase, PortPath};
use super::summary::{Finding, Summary};
use super::trace::{Arena, TraceKind, TraceNode};
use super::value::{ObjId, Origin, Taint, note_bit};
use crate::apipath::PathId;
use crate::limits;
use crate::origin::{Solver, Val};
use crate::program::ClassIdx;
use crate::result::{FuncId, Note};
use crate::symbol::Sym;
use casemate_model::kind::KindSet;
use casemate_model::path::Step;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::cell::RefCell;
use std::sync::Arc;

/// Findings whose way leads through module variables, instance fields and captured variables.
pub(super) fn findings(
    origins: &Solver<'_, '_>,
    summaries: &[Option<Arc<Summary>>],
    arenas: &mut [Arena],
    caps: &mut FxHashMap<&'static str, u64>,
) -> Vec<(FuncId, Finding)> {
    let places = Places {
        origins,
        own: RefCell::default(),
    };
    // What each absolute place holds from outside, by base.
    let mut held = Held::default();
    let mut edges: Vec<(PortPath, Taint)> = Vec::new();
    let mut known: FxHashSet<(PortPath, super::value::SourceRef, u128)> = FxHashSet::default();
    let mut linked: FxHashSet<(PortPath, PortPath, u128)> = FxHashSet::default();
    for (index, summary) in summaries.iter().enumerate() {
        let Some(summary) = summary else { continue };
        let func = FuncId(crate::program::to_u32(index));
        for effect in &summary.effects {
            let Some(port) = absolute(&places, func, &effect.port) else {
                continue;
            };
            let mut seen = FxHashSet::default();
            let mut see = |port: PortPath, taint: Taint| match taint.origin {
                _ if taint.notes & note_bit(Note::ViaUnknown) != 0 => {
                    *caps.entry(limits::SHARED_UNKNOWN).or_default() += 1;
                }
                Origin::Source(source) => {
                    if known.insert((port, source, taint.clean.0)) {
                        held.put(port, taint);
                    }
                }
                Origin::Port(from) => {
                    if from != port && linked.insert((port, from, taint.clean.0)) {
                        edges.push((port, taint));
                    }
                }
            };
            collect(
                &places,
                func,
                summary,
                &effect.value,
                port,
                &mut seen,
                &mut see,
            );
        }
    }
    // What each place is known to hold, and how much of each list an earlier round has led along every edge.
    let mut cleans: FxHashMap<(PortPath, Origin), SmallVec<[KindSet; 1]>> = FxHashMap::default();
    for (place, taint) in held.all() {
        cleans
            .entry((*place, taint.origin))
            .or_default()
            .push(taint.clean);
    }
    let mut done: FxHashMap<PortBase, usize> = FxHashMap::default();
    for _ in 0..limits::GLOBAL_ROUNDS {
        let mut more: Vec<(PortPath, Taint)> = Vec::new();
        // How much each list will hold after this round.
        let mut lengths: FxHashMap<PortBase, usize> = FxHashMap::default();
        for (to, edge) in &edges {
            let Origin::Port(from) = edge.origin else {
                continue;
            };
            let known = |base| done.get(&base).copied().unwrap_or(0);
            let fresh = held.seen_at(&from, known);
            for (place, taint) in fresh {
                if !meets(place, &from, true) || by_chance(origins, place, &from) {
                    continue;
                }
                if is_stored_again(taint, from.base()) {
                    *caps.entry(limits::STORED_AGAIN).or_default() += 1;
                    continue;
                }
                let joined = Taint {
                    clean: taint.clean.union(edge.clean),
                    derived: taint.derived || edge.derived,
                    notes: taint.notes | edge.notes | shared_in(from.base()),
                    ..*taint
                };
                // What is held in a member of the one is in the same member of the other.
                let beyond = place.members().get(from.members().len()..).unwrap_or(&[]);
                let to = match edge.derived {
                    true => *to,
                    false => beyond.iter().fold(*to, |to, member| to.member(*member)),
                };
                let known = cleans
                    .get(&(to, joined.origin))
                    .is_some_and(|known| known.iter().any(|&clean| joined.clean.covers(clean)));
                if known {
                    continue;
                }
                let length = lengths
                    .entry(to.base())
                    .or_insert_with(|| held.count(to.base()));
                if *length >= limits::SHARED_VALUES {
                    *caps.entry(limits::SHARED_CUT).or_default() += 1;
                    continue;
                }
                *length += 1;
                cleans
                    .entry((to, joined.origin))
                    .or_default()
                    .push(joined.clean);
                more.push((to, joined));
            }
        }
        if more.is_empty() {
            break;
        }
        done.extend(held.counts());
        for (port, taint) in more {
            held.put(port, taint);
        }
    }
    let stored = origins
        .paths
        .models()
        .kinds()
        .source("store")
        .unwrap_or(casemate_model::kind::SourceKind(0));
    let upload = origins.paths.models().kinds().source("http.file").ok();
    let mut out = Vec::new();
    let mut seen: FxHashMap<(super::value::SourceRef, FuncId, casemate_ir::Span, u8), ()> =
        FxHashMap::default();
    for (index, summary) in summaries.iter().enumerate() {
        let Some(summary) = summary else { continue };
        let func = FuncId(crate::program::to_u32(index));
        for sink in &summary.sinks {
            let Some(port) = absolute(&places, func, &sink.port) else {
                continue;
            };
            if port.base() == PortBase::Store(Sym::ANY) {
                *caps.entry(limits::STORE_UNNAMED).or_default() += 1;
            }
            for (place, taint) in held.seen_at(&port, |_| 0) {
                let clean: KindSet = taint.clean.union(sink.clean);
                let Origin::Source(mut source) = taint.origin else {
                    continue;
                };
                if !meets(place, &port, sink.deep) || clean.has(sink.sink.kind) {
                    continue;
                }
                // Which of its members a client named, and which the server, only the models of an upload know.
                let closer = port.members().len() > place.members().len();
                if closer
                    && Some(source.kind) == upload
                    && matches!(port.base(), PortBase::Handed(_))
                {
                    continue;
                }
                if by_chance(origins, place, &port) {
                    *caps.entry(limits::SHARED_BY_KEY).or_default() += 1;
                    continue;
                }
                if is_stored_again(taint, port.base()) {
                    *caps.entry(limits::STORED_AGAIN).or_default() += 1;
                    continue;
                }
                if matches!(port.base(), PortBase::Store(_))
                    || taint.notes & note_bit(Note::ViaStore) != 0
                {
                    source.kind = stored;
                }
                if seen
                    .insert(
                        (source, sink.sink.func, sink.sink.argument, sink.sink.kind.0),
                        (),
                    )
                    .is_some()
                {
                    continue;
                }
                let Some(arena) = arenas.get_mut(index) else {
                    continue;
                };
                let head = origins.program.func(func).func.head;
                let trace = arena.push(
                    func,
                    TraceNode {
                        kind: match port.base() {
                            PortBase::Session => TraceKind::Remembered,
                            _ => TraceKind::Stored,
                        },
                        span: head,
                        prev: Some(taint.trace),
                        inner: Some(sink.trace),
                        callee: Some(func),
                    },
                );
                let notes = taint.notes | sink.notes | sink.sink.notes | shared_in(port.base());
                out.push((
                    func,
                    Finding {
                        source,
                        sink: Arc::clone(&sink.sink),
                        notes,
                        trace,
                    },
                ));
            }
        }
    }
    out
}

/// A value that came out of one store was put into another: that both are the records that are read is assumed twice.
fn is_stored_again(taint: &Taint, base: PortBase) -> bool {
    matches!(base, PortBase::Store(_) | PortBase::Session)
        && taint.notes & note_bit(Note::ViaStore) != 0
}

/// What is to be said of a value that was read from there. Whoever asks has one session.
fn shared_in(base: PortBase) -> u16 {
    match base {
        PortBase::Session => 0,
        PortBase::Store(_) => note_bit(Note::ViaStore),
        _ => note_bit(Note::MayAlias),
    }
}

/// Whether what is held at `place` is seen by a reader of `read`. Where the name of either store is not known, only the same field
/// is taken for the same.
fn meets(place: &PortPath, read: &PortPath, deep: bool) -> bool {
    let (held, wanted) = (place.members(), read.members());
    if place.base() != read.base() || place.base() == PortBase::Store(Sym::ANY) {
        let same = held.first().zip(wanted.first());
        if !same.is_some_and(|(a, b)| a == b && *a != Sym::ANY) {
            return false;
        }
    }
    let common = held
        .iter()
        .zip(wanted)
        .all(|(a, b)| a == b || *a == Sym::ANY || *b == Sym::ANY);
    common && (held.len() <= wanted.len() || deep)
}

/// What was written to an object under a name that only the run knows (`setattr(settings, key, value)`) is read by a name that
/// stands in the code: one of all its members, and which one is not known.
fn by_chance(origins: &Solver<'_, '_>, place: &PortPath, read: &PortPath) -> bool {
    let any = place.members().first() == Some(&Sym::ANY);
    let named = read.members().first().is_some_and(|name| *name != Sym::ANY);
    any && named
        && match place.base() {
            PortBase::Instance(_) | PortBase::Session => true,
            PortBase::Global(global) => origins
                .of_global(global)
                .iter()
                .any(|val| matches!(origins.val(*val), Some(Val::Instance(_)))),
            _ => false,
        }
}

/// What places are asked about.
struct Places<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    /// Members of objects that frameworks hand to all functions of a chain: whether they are the program's. There are few, and each is
    /// asked about many thousand times.
    own: RefCell<FxHashMap<(PathId, Sym), bool>>,
}

impl Places<'_, '_, '_> {
    /// What models tell of the object is theirs, whoever writes it.
    fn is_own(&self, object: PathId, name: Sym) -> bool {
        let paths = &self.origins.paths;
        let mut known = self.own.borrow_mut();
        *known.entry((object, name)).or_insert_with(|| {
            let step = Step::Member(self.origins.program.symbols.text(name).to_owned());
            let member = paths.made_step(object, &step);
            member.is_none_or(|member| !paths.has_rows(member))
        })
    }
}

/// The place as one that means the same everywhere: the receiver of a method is the instance of its class.
fn absolute(places: &Places<'_, '_, '_>, func: FuncId, port: &PortPath) -> Option<PortPath> {
    let origins = places.origins;
    match port.base() {
        PortBase::This => {
            let f = origins.program.func(func);
            let class = f.class(f.func.class?);
            Some(with_base(
                port,
                PortBase::Instance(root_class(origins, class)),
            ))
        }
        PortBase::Param(index) => {
            let path = handed(origins, func, index)?;
            port.members()
                .first()
                .filter(|name| **name != Sym::ANY && places.is_own(path, **name))
                .map(|_| with_base(port, PortBase::Handed(path)))
        }
        base if base.is_absolute() => Some(*port),
        _ => None,
    }
}

/// The type of the object with which a framework calls a function and all others of its chain.
fn handed(origins: &Solver<'_, '_>, func: FuncId, index: u16) -> Option<PathId> {
    let params = &origins.program.func(func).func.params;
    let local = params.get(usize::from(index))?.local;
    let mut types =
        origins
            .of_local(func, local)
            .iter()
            .filter_map(|val| match origins.val(*val) {
                Some(Val::Api(path)) if origins.paths.is_type(path) => Some(path),
                _ => None,
            });
    let first = types.next()?;
    types.next().is_none().then_some(first)
}

fn with_base(port: &PortPath, base: PortBase) -> PortPath {
    port.with_base(base)
}

/// The class at the top of a hierarchy stands for all below it.
pub(super) fn root_class(origins: &Solver<'_, '_>, mut class: ClassIdx) -> ClassIdx {
    for _ in 0..8 {
        let base = origins
            .of_bases(class)
            .iter()
            .find_map(|&v| match origins.val(v) {
                Some(Val::Class(base)) => Some(base),
                _ => None,
            });
        match base {
            Some(base) if base != class => class = base,
            _ => break,
        }
    }
    class
}

/// All taints of a value and the objects below it, with the place that each arrives at.
fn collect(
    places: &Places<'_, '_, '_>,
    func: FuncId,
    summary: &Summary,
    value: &super::value::Value,
    port: PortPath,
    seen: &mut FxHashSet<ObjId>,
    see: &mut dyn FnMut(PortPath, Taint),
) {
    for taint in value.taints() {
        let taint = match taint.origin {
            Origin::Port(from) => match absolute(places, func, &from) {
                Some(from) => Taint {
                    origin: Origin::Port(from),
                    ..*taint
                },
                None => continue,
            },
            Origin::Source(_) => *taint,
        };
        see(port, taint);
    }
    for id in &value.refs {
        // Each object once, at the first place it is met: objects may form cycles.
        if !seen.insert(*id) {
            continue;
        }
        let Some(obj) = summary.objs.get(id.0 as usize) else {
            continue;
        };
        for field in &obj.fields {
            collect(
                places,
                func,
                summary,
                &field.value,
                port.member(field.sym),
                seen,
                see,
            );
        }
        if !obj.any.is_empty() {
            collect(
                places,
                func,
                summary,
                &obj.any,
                port.member(Sym::ANY),
                seen,
                see,
            );
        }
    }
}
