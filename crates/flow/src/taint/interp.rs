//! One forward pass over a function.

use super::heap::ObjKind;
use super::place::{PortBase, PortPath};
use super::state::State;
use super::summary::{CallbackUse, Finding, PortSink, Summary};
use super::trace::{Arena, TraceKind, TraceNode, TraceRef};
use super::value::{Konst, ObjId, SourceRef, Taint, Value, symbolic};
use crate::apipath::PathId;
use crate::limits;
use crate::origin::Solver;
use crate::program::{FuncRef, to_u32};
use crate::result::{Carried, Fact, FuncId};
use casemate_ir::{Const, Instr, LocalId, Operand, Span};
use casemate_model::kind::SinkKind;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Where a local lives.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    /// Within one block: not part of the state.
    Temp,
    /// In the state.
    State(u32),
    /// In a box that nested functions share.
    Box(ObjId),
}

/// What stands for an object of the heap: the same in every visit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum AllocKey {
    /// A captured local.
    Box(LocalId),
    /// An instruction.
    Instr(u32),
    /// Object `.2` of the summary of function `.1` at instruction `.0`; `.3` counts nested instantiations.
    Summary(u32, FuncId, u32, u32),
    /// A symbolic place.
    Place(PortPath),
    /// The array of rest arguments at instruction `.0` for function `.1`.
    Rest(u32, FuncId),
    /// The object below the result of a package's function at instruction `.0`, `.1` members deep.
    Below(u32, u32),
    /// The object of gathered keywords at instruction `.0` for function `.1`.
    Keywords(u32, FuncId),
    /// The copy that a package's function makes at an instruction.
    Copy(u32),
    /// An object found where only taint was known.
    Attached(u32),
    /// Function `.1` with the arguments that are bound to it at instruction `.0`.
    Bound(u32, FuncId),
    /// What a package has, under its API path.
    Given(PathId),
    /// A record of a table, read at an instruction.
    Record(u32),
    /// Object `.1` of a value that was checked against a schema at instruction `.0`.
    Schema(u32, u32),
}

/// What one function gives besides its summary.
#[derive(Default)]
pub struct Output {
    /// Sources that reach sinks here.
    pub findings: Vec<Finding>,
    /// Facts of configuration.
    pub facts: Vec<Fact>,
    /// Handlers registered.
    pub entries: Vec<crate::result::Entry>,
    /// Calls by how they were resolved: resolved, by name, unmodelled, unknown.
    pub calls: [u64; 4],
    /// Caps reached, by name.
    pub caps: FxHashMap<&'static str, u64>,
    /// A template is rendered where nothing says that its engine escapes.
    pub raw: bool,
    /// Sinks met, and what arrived.
    pub uses: Vec<(Span, SinkKind, Carried)>,
}

/// What is known of the program while one function is interpreted.
pub(super) struct Whole<'a> {
    pub(super) origins: &'a Solver<'a, 'a>,
    pub(super) summaries: &'a [Option<Arc<Summary>>],
    pub(super) by_name: &'a super::methods::Methods,
    pub(super) consts: &'a super::constants::Constants,
    /// Functions that variables of outer functions hold.
    pub(super) enclosed: &'a super::enclosed::Enclosed,
    /// Functions that look a name up and ask where it lies.
    pub(super) checks: &'a super::address_check::AddressChecks,
    pub(super) render: &'a super::analyse::RenderLookup<'a>,
    pub(super) kinds: super::kinds::KindIds,
    /// What schemas say.
    pub(super) schemas: &'a crate::schema::Schemas,
    /// What the configuration says.
    pub(super) settings: &'a crate::setting::Settings,
    /// Taints of summaries that may be put in place.
    pub(super) budget: u64,
}

/// Interprets one function.
pub struct Interp<'a> {
    pub(super) origins: &'a Solver<'a, 'a>,
    pub(super) summaries: &'a [Option<Arc<Summary>>],
    pub(super) by_name: &'a super::methods::Methods,
    pub(super) consts: &'a super::constants::Constants,
    /// Functions that variables of outer functions hold.
    pub(super) enclosed: &'a super::enclosed::Enclosed,
    /// Functions that look a name up and ask where it lies.
    pub(super) checks: &'a super::address_check::AddressChecks,
    pub(super) render: &'a super::analyse::RenderLookup<'a>,
    pub(super) schemas: &'a crate::schema::Schemas,
    pub(super) settings: &'a crate::setting::Settings,
    /// The parameter that goes on to the next handler, where this function stands before others.
    pub(super) gate: Option<u16>,
    /// What holds of the request wherever it went on so far.
    pub(super) lets: Option<Vec<super::gate::Let>>,
    /// What was checked of the request before this function runs.
    pub(super) request: Option<&'a crate::schema::Request>,
    pub(super) k: super::kinds::KindIds,
    pub(super) f: FuncRef<'a>,
    pub(super) state: State,
    /// Room for a set of taints that is being built.
    pub(super) scratch: Vec<Taint>,
    /// Room for what is known of a call.
    pub(super) rooms: Vec<super::instantiate::Known>,
    pub(super) temps: Vec<Value>,
    /// What temporaries held before an edge was tried; `None` outside of edges.
    pub(super) undo: Option<Vec<(LocalId, Value)>>,
    pub(super) slots: Vec<Slot>,
    /// Locals that hold the session of whoever asks.
    pub(super) sessions: Vec<LocalId>,
    /// By local: the last instruction that assigns it.
    pub(super) defs: Vec<u32>,
    /// By instruction: the one before it that assigns the same local.
    pub(super) defs_before: Vec<u32>,
    pub(super) arena: Arena,
    pub(super) starts: FxHashMap<PortBase, TraceRef>,
    pub(super) ids: FxHashMap<AllocKey, ObjId>,
    pub(super) revisit: bool,
    pub(super) depth: u32,
    pub(super) fuel: u32,
    /// The work that was done when the call at hand began.
    pub(super) called_at: u64,
    pub(super) sinks: Vec<PortSink>,
    pub(super) sink_index: FxHashMap<(PortPath, FuncId, Span, u8, bool), usize>,
    pub(super) finding_index: FxHashMap<(SourceRef, FuncId, Span, u8), usize>,
    pub(super) callbacks: Vec<CallbackUse>,
    pub(super) callback_index: FxHashMap<(u32, PortPath), u32>,
    pub(super) out: Output,
    pub(super) exits: Vec<(State, Option<Value>, Option<Operand>)>,
    /// What the block at hand throws, and what its handler may have caught when it is one.
    pub(super) thrown: super::thrown::Thrown,
    pub(super) caught: super::thrown::Thrown,
    /// The temporary that holds what was caught, in the blocks that look at its class.
    pub(super) caught_as: Option<LocalId>,
    /// The state where the function is left by an error, as long as no return was met.
    pub(super) left: Option<State>,
    /// What was stored before the function was left by an error.
    pub(super) left_stores: Vec<(PortPath, Option<Arc<Vec<Taint>>>)>,
    /// What the block at hand throws is caught in this function.
    pub(super) handled: bool,
    /// What no handler of this function catches.
    pub(super) escaping: super::thrown::Thrown,
    pub(super) call_index: u32,
    /// A template is being rendered by an engine that escapes.
    pub(super) escapes: bool,
    /// The functions whose summaries were asked for.
    pub(super) asked: Vec<FuncId>,
    /// Taints of summaries that were put in place.
    pub(super) work: u64,
    /// How many may be.
    pub(super) budget: u64,
    /// Where candidates are run again: functions interpreted for single calls, how deep in calls this one is, and what is certain of its
    /// own places.
    pub(super) special: Option<&'a super::refute::Specials<'a>>,
    pub(super) level: u32,
    pub(super) context: Option<super::context::Context>,
    /// By call and function: the summary that was put in place there last.
    pub(super) at_hand: FxHashMap<(u32, FuncId), Arc<Summary>>,
    /// The object to a member of which a value is being written.
    pub(super) written_to: Option<Value>,
    /// The arguments of the next call all stand in the code.
    pub(super) written_out: bool,
    /// The calls of functions of the program, and what each is certain to give.
    pub(super) given: Vec<(FuncId, super::context::Context)>,
}

impl<'a> Interp<'a> {
    pub(super) fn new(whole: &Whole<'a>, id: FuncId, arena: Arena) -> Self {
        let Whole {
            origins,
            summaries,
            by_name,
            consts,
            enclosed,
            checks,
            render,
            kinds: k,
            schemas,
            settings,
            budget,
        } = *whole;
        let f = origins.program.func(id);
        Self {
            origins,
            summaries,
            by_name,
            consts,
            enclosed,
            checks,
            render,
            schemas,
            settings,
            work: 0,
            budget,
            gate: schemas.gate(id),
            lets: None,
            request: schemas.request(origins, id),
            k,
            f,
            state: State::default(),
            scratch: Vec::new(),
            rooms: Vec::new(),
            temps: vec![Value::default(); f.func.locals.len()],
            undo: None,
            slots: Vec::new(),
            sessions: Vec::new(),
            defs: vec![u32::MAX; f.func.locals.len()],
            defs_before: vec![u32::MAX; f.func.instrs.len()],
            arena,
            starts: FxHashMap::default(),
            ids: FxHashMap::default(),
            revisit: false,
            depth: 0,
            fuel: limits::INSTANTIATIONS,
            called_at: 0,
            sinks: Vec::new(),
            sink_index: FxHashMap::default(),
            finding_index: FxHashMap::default(),
            callbacks: Vec::new(),
            callback_index: FxHashMap::default(),
            out: Output::default(),
            exits: Vec::new(),
            thrown: super::thrown::Thrown::default(),
            caught: super::thrown::Thrown::default(),
            caught_as: None,
            handled: false,
            left: None,
            left_stores: Vec::new(),
            escaping: super::thrown::Thrown::default(),
            call_index: 0,
            escapes: false,
            asked: Vec::new(),
            special: None,
            level: 0,
            context: None,
            at_hand: FxHashMap::default(),
            written_to: None,
            written_out: false,
            given: Vec::new(),
        }
    }

    /// What a function means at the call at hand.
    pub(super) fn summary_of(&self, func: FuncId, instr: u32) -> Option<&Arc<Summary>> {
        let special = self.at_hand.get(&(instr, func));
        special.or_else(|| self.summaries.get(func.0 as usize)?.as_ref())
    }

    /// The instructions that assign a local, the last first.
    pub(super) fn definitions(&self, local: LocalId) -> impl Iterator<Item = usize> + '_ {
        let last = self.defs.get(local.index()).copied();
        let before = |at: &u32| self.defs_before.get(*at as usize).copied();
        std::iter::successors(last, before)
            .take_while(|at| *at != u32::MAX)
            .map(|at| at as usize)
    }

    pub(super) fn alloc(&mut self, key: AllocKey) -> ObjId {
        let next = to_u32(self.ids.len());
        if next as usize >= limits::HEAP_OBJECTS {
            self.cap("objects of a function");
            return ObjId(0);
        }
        *self.ids.entry(key).or_insert(ObjId(next))
    }

    pub(super) fn place_obj(&self, port: &PortPath) -> Option<ObjId> {
        self.ids.get(&AllocKey::Place(*port)).copied()
    }

    pub(super) fn cap(&mut self, name: &'static str) {
        self.cap_by(name, 1);
    }

    pub(super) fn cap_by(&mut self, name: &'static str, count: u64) {
        *self.out.caps.entry(name).or_default() += count;
    }

    pub(super) fn get(&self, local: LocalId) -> Value {
        self.get_in(&self.state, local)
    }

    /// What a local holds in a state.
    pub(super) fn get_in(&self, state: &State, local: LocalId) -> Value {
        match self.slots.get(local.index()) {
            Some(Slot::Temp) => self.temps.get(local.index()).cloned().unwrap_or_default(),
            Some(Slot::State(slot)) => state
                .locals
                .get(*slot as usize)
                .cloned()
                .unwrap_or_default(),
            Some(Slot::Box(id)) => state.obj(*id).map(|o| o.any.clone()).unwrap_or_default(),
            None => Value::default(),
        }
    }

    pub(super) fn set(&mut self, local: LocalId, mut value: Value) {
        if self.sessions.contains(&local) {
            value.join_taints(&self.symbolic(PortBase::Session));
        }
        match self.slots.get(local.index()).copied() {
            Some(Slot::Temp) => {
                if let Some(slot) = self.temps.get_mut(local.index()) {
                    let before = std::mem::replace(slot, value);
                    if let Some(undo) = &mut self.undo {
                        undo.push((local, before));
                    }
                }
            }
            Some(Slot::State(index)) => {
                if let Some(slot) = self.state.locals.get_mut(index as usize) {
                    *slot = value;
                }
            }
            Some(Slot::Box(id)) => self.state.obj_mut(id, ObjKind::Box).any = value,
            None => {}
        }
    }

    pub(super) fn operand(&self, operand: Operand) -> Value {
        match operand {
            Operand::Local(local) => self.get(local),
            Operand::Const(id) => Value::constant(self.konst(self.f.file.facts.constant(id))),
        }
    }

    pub(super) fn konst(&self, constant: &Const) -> Konst {
        let text = |s| Arc::from(self.f.file.facts.str(s));
        match *constant {
            Const::Undefined => Konst::Undefined,
            Const::Null => Konst::Null,
            Const::Bool(b) => Konst::Bool(b),
            Const::Number(bits) => Konst::Number(f64::from_bits(bits)),
            Const::Str(s) => Konst::Str(text(s)),
            Const::Regex(r) => Konst::Regex(text(r.pattern), text(r.flags)),
            Const::Other(s) => Konst::Str(text(s)),
        }
    }

    // ---- traces ----

    pub(super) fn step(&mut self, kind: TraceKind, span: Span, prev: TraceRef) -> TraceRef {
        self.arena.push(
            self.f.id,
            TraceNode {
                kind,
                span,
                prev: Some(prev),
                inner: None,
                callee: None,
            },
        )
    }

    pub(super) fn start(&mut self, base: PortBase) -> TraceRef {
        if let Some(&known) = self.starts.get(&base) {
            return known;
        }
        let node = TraceNode {
            kind: TraceKind::Start,
            span: self.f.func.head,
            prev: None,
            inner: None,
            callee: None,
        };
        let made = self.arena.push(self.f.id, node);
        self.starts.insert(base, made);
        made
    }

    pub(super) fn symbolic(&mut self, base: PortBase) -> Value {
        let trace = self.start(base);
        symbolic(base, trace)
    }

    pub(super) fn span(&self, at: usize) -> Span {
        self.f.func.spans.get(at).copied().unwrap_or_default()
    }
}

/// The local that an instruction assigns.
pub(crate) fn target(instr: &Instr) -> Option<LocalId> {
    match *instr {
        Instr::Copy { to, .. }
        | Instr::Load { to, .. }
        | Instr::LoadVar { to, .. }
        | Instr::Object { to, .. }
        | Instr::Array { to, .. }
        | Instr::Template { to, .. }
        | Instr::Op { to, .. }
        | Instr::Closure { to, .. }
        | Instr::Class { to, .. }
        | Instr::Call { to, .. }
        | Instr::Import { to, .. }
        | Instr::Await { to, .. }
        | Instr::Yield { to, .. }
        | Instr::IterNext { to, .. }
        | Instr::Catch { to }
        | Instr::Opaque { to, .. } => Some(to),
        Instr::Store { .. }
        | Instr::Delete { .. }
        | Instr::StoreVar { .. }
        | Instr::Output { .. } => None,
    }
}
