//! From the states at the exits to the summary.

use super::heap::{Field, Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::place::{PortBase, PortPath};
use super::state::State;
use super::summary::{CallbackUse, Effect, Outcome, Summary};
use super::value::{Konst, ObjId, Origin, Taint, Value};
use crate::limits;
use crate::program::to_u32;
use crate::symbol::Sym;
use casemate_ir::{LocalId, Operand};
use casemate_model::kind::KindSet;
use rustc_hash::FxHashMap;

/// Sides of `a || b` that are looked at one by one.
const ALTERNATIVES: usize = 4;
/// Exits of a function that answers with records, and members of those, that are told apart.
const RECORDS: usize = 12;

/// Objects on their way into a summary.
struct Export<'s> {
    state: &'s State,
    ids: FxHashMap<ObjId, u32>,
    objs: Vec<Obj>,
    members: usize,
    full: bool,
}

impl Export<'_> {
    fn value(&mut self, value: &Value) -> Value {
        let mut out = Value {
            taints: value.taints.clone(),
            refs: smallvec::SmallVec::new(),
            consts: value.consts.clone(),
        };
        for &id in &value.refs {
            if let Some(index) = self.object(id) {
                out.refs.push(ObjId(index));
            }
        }
        if out.refs.len() != value.refs.len() {
            out.consts = None;
        }
        out
    }

    fn object(&mut self, id: ObjId) -> Option<u32> {
        if let Some(&known) = self.ids.get(&id) {
            return Some(known);
        }
        let source = self.state.obj(id)?;
        let members = self.members + source.fields.len();
        if self.objs.len() >= limits::SUMMARY_OBJECTS
            || (!self.objs.is_empty() && members > limits::SUMMARY_MEMBERS)
        {
            self.full = true;
            return None;
        }
        self.members = members;
        let index = to_u32(self.objs.len());
        self.ids.insert(id, index);
        self.objs.push(Obj::new(source.kind));
        let mut made = Obj::new(source.kind);
        made.fields.reserve_exact(source.fields.len());
        for field in &source.fields {
            made.fields.push(Field {
                sym: field.sym,
                value: self.value(&field.value),
                definite: field.definite,
            });
        }
        made.any = self.value(&source.any);
        if let Some(slot) = self.objs.get_mut(index as usize) {
            *slot = made;
        }
        Some(index)
    }
}

impl Interp<'_> {
    /// The summary of the function that was run.
    pub(super) fn summary(&mut self) -> Summary {
        let exits = std::mem::take(&mut self.exits);
        let mut summary = Summary {
            noreturn: exits.is_empty() && !self.f.func.is_generator,
            ..Summary::default()
        };
        summary.lets = self.lets.take().unwrap_or_default();
        summary.accepts = self.accepts(&exits);
        summary.thrown = std::mem::take(&mut self.escaping);
        let mut state: Option<State> = None;
        let mut ret: Option<Value> = None;
        for (exit, value, _) in exits {
            let value = value.unwrap_or_else(|| Value::constant(Konst::Undefined));
            match &mut ret {
                None => ret = Some(value),
                Some(ret) => {
                    ret.join(&value);
                }
            }
            match &mut state {
                None => state = Some(exit),
                Some(state) => {
                    state.join(&exit);
                }
            }
        }
        let left = self.left.take();
        let state = state.or(left).unwrap_or_default();
        let mut ret = ret.unwrap_or_default();
        if self.f.func.is_generator {
            ret = Value::object(self.alloc(AllocKey::Attached(u32::MAX)));
        }
        if self.f.func.is_async {
            // A promise is always there, whatever it resolves to.
            ret.consts = None;
        }
        let mut export = Export {
            state: &state,
            ids: FxHashMap::default(),
            objs: Vec::new(),
            members: 0,
            full: false,
        };
        summary.ret = export.value(&ret);
        for callback in &self.callbacks {
            summary.callbacks.push(CallbackUse {
                callee: callback.callee,
                this: export.value(&callback.this),
                args: callback
                    .args
                    .iter()
                    .map(|(key, value)| (*key, export.value(value)))
                    .collect(),
                span: callback.span,
            });
        }
        let mut effects: Vec<Effect> = Vec::new();
        for obj in state.heap.iter().flatten() {
            let ObjKind::Symbolic(port) = obj.kind else {
                continue;
            };
            for field in &obj.fields {
                let target = port.member(field.sym);
                if is_refinement(&field.value, &target) {
                    continue;
                }
                effects.push(Effect {
                    port: target,
                    value: export.value(&field.value),
                    strong: field.definite,
                    relative: true,
                });
            }
            if !obj.any.is_empty() {
                effects.push(Effect {
                    port: port.member(crate::symbol::Sym::ANY),
                    value: export.value(&obj.any),
                    strong: false,
                    relative: true,
                });
            }
        }
        for var in &state.vars {
            if !is_refinement(&var.value, &var.port) {
                effects.push(Effect {
                    port: var.port,
                    value: export.value(&var.value),
                    strong: var.definite,
                    relative: true,
                });
            }
        }
        // Variables that closures capture, for closures that are called where nobody has them at hand.
        for (index, local) in self.f.func.locals.iter().enumerate() {
            if !local.captured {
                continue;
            }
            let local = LocalId::from(index);
            let boxed = self.alloc(AllocKey::Box(local));
            let Some(content) = state.obj(boxed).map(|o| &o.any) else {
                continue;
            };
            let taints = content.map_taints(|t| is_absolute(&t).then_some(t));
            if taints.is_some() {
                let value = Value {
                    taints,
                    ..Value::default()
                };
                effects.push(Effect {
                    port: PortPath::root(PortBase::Var(self.f.id, local)),
                    value,
                    strong: false,
                    relative: true,
                });
            }
        }
        for (port, taints) in std::mem::take(&mut self.left_stores) {
            effects.push(Effect {
                port,
                value: Value {
                    taints,
                    ..Value::default()
                },
                strong: false,
                relative: true,
            });
        }
        effects.sort_by_key(|a| a.port);
        if effects.len() > limits::SUMMARY_EFFECTS {
            effects.truncate(limits::SUMMARY_EFFECTS);
            self.cap("effects of a summary");
        }
        for effect in &mut effects {
            effect.relative = is_relative(&effect.value, &export.objs);
        }
        summary.effects = effects;
        let full = export.full;
        summary.objs = export.objs;
        if full {
            self.cap("objects of a summary");
        }
        summary.sinks = std::mem::take(&mut self.sinks);
        summary.sinks.sort_by(|a, b| {
            (a.port, a.sink.func, a.sink.argument, a.sink.kind, a.deep).cmp(&(
                b.port,
                b.sink.func,
                b.sink.argument,
                b.sink.kind,
                b.deep,
            ))
        });
        summary
    }

    /// For what each parameter is clean, by outcome.
    fn accepts(
        &mut self,
        exits: &[(State, Option<Value>, Option<Operand>)],
    ) -> Vec<(PortPath, Outcome, KindSet)> {
        let mut out = Vec::new();
        let params: Vec<LocalId> = self.f.func.params.iter().map(|p| p.local).collect();
        // By exit: for what the parameters are clean where what is returned is falsy, and where it is truthy.
        let mut tested: Vec<[Option<Vec<KindSet>>; 2]> = Vec::new();
        tested.resize_with(exits.len(), Default::default);
        for (index, &local) in params.iter().enumerate() {
            let port = parameter(index);
            let mut by_outcome: [Option<KindSet>; 3] = [None; 3];
            for ((state, value, operand), tested) in exits.iter().zip(&mut tested) {
                let truth = value.as_ref().map_or(Some(false), Value::truthy);
                for (slot, outcome) in
                    by_outcome
                        .iter_mut()
                        .zip([Outcome::True, Outcome::False, Outcome::Returns])
                {
                    let clean = match (outcome, truth) {
                        (Outcome::True, Some(false)) | (Outcome::False, Some(true)) => continue,
                        (Outcome::Returns, _) | (_, Some(_)) => self.clean_in(state, local, &port),
                        // `return test(x)`: the value itself is the test.
                        (_, None) => {
                            let at = usize::from(outcome == Outcome::True);
                            let Some(slot) = tested.get_mut(at) else {
                                continue;
                            };
                            let clean = slot.get_or_insert_with(|| {
                                self.clean_where(state, *operand, outcome == Outcome::True, &params)
                            });
                            clean.get(index).copied().unwrap_or(KindSet::EMPTY)
                        }
                    };
                    *slot = Some(slot.map_or(clean, |known| known.meet(clean)));
                }
            }
            for (slot, outcome) in
                by_outcome
                    .into_iter()
                    .zip([Outcome::True, Outcome::False, Outcome::Returns])
            {
                if let Some(clean) = slot
                    && !clean.is_empty()
                {
                    out.push((port, outcome, clean));
                }
            }
        }
        self.accepts_by_member(exits, &params, &mut out);
        out
    }

    /// For what each parameter is clean where a member of the record that is returned is truthy, or falsy.
    fn accepts_by_member(
        &self,
        exits: &[(State, Option<Value>, Option<Operand>)],
        params: &[LocalId],
        out: &mut Vec<(PortPath, Outcome, KindSet)>,
    ) {
        if exits.len() < 2 || exits.len() > RECORDS {
            return;
        }
        let record = |(state, value, _): &(State, Option<Value>, Option<Operand>)| {
            let value = value.as_ref()?;
            let (&[id], None) = (value.refs.as_slice(), &value.taints) else {
                return None;
            };
            let obj = state.obj(id)?;
            (obj.kind == ObjKind::Plain && obj.any.is_empty()).then(|| obj.clone())
        };
        let Some(records) = exits.iter().map(record).collect::<Option<Vec<Obj>>>() else {
            return;
        };
        let mut members: Vec<Sym> = records
            .iter()
            .flat_map(|r| r.fields.iter().map(|f| f.sym))
            .collect();
        members.sort_unstable();
        members.dedup();
        members.truncate(RECORDS);
        let truth = |record: &Obj, member: Sym| match record.field(member) {
            Some(field) if field.definite => field.value.truthy(),
            Some(_) => None,
            None => Some(false),
        };
        for (index, &local) in params.iter().enumerate() {
            let port = parameter(index);
            let clean: Vec<KindSet> = exits
                .iter()
                .map(|(state, ..)| self.clean_in(state, local, &port))
                .collect();
            if clean.iter().all(|c| c.is_empty()) {
                continue;
            }
            for &member in &members {
                for wanted in [true, false] {
                    let chosen = records
                        .iter()
                        .zip(&clean)
                        .filter(|(record, _)| truth(record, member) != Some(!wanted));
                    let kinds = chosen.map(|(_, clean)| *clean).reduce(KindSet::intersect);
                    if let Some(kinds) = kinds
                        && !kinds.is_empty()
                    {
                        out.push((port, Outcome::Member(member, wanted), kinds));
                    }
                }
            }
        }
    }

    /// For what each parameter is clean where what is returned is truthy, or falsy.
    fn clean_where(
        &mut self,
        state: &State,
        operand: Option<Operand>,
        outcome: bool,
        params: &[LocalId],
    ) -> Vec<KindSet> {
        // `return a || b` is truthy where either is: what both say.
        if let Some(operand) = operand
            && let Some((all, parts)) = self.short_circuit(operand)
            && all != outcome
            && parts.len() <= ALTERNATIVES
            && parts.iter().all(|part| *part != operand)
        {
            let each = parts
                .into_iter()
                .map(|part| self.clean_where(state, Some(part), outcome, params));
            let met = each.reduce(|a, b| {
                let both = a.into_iter().zip(b);
                both.map(|(a, b)| a.intersect(b)).collect()
            });
            return met.unwrap_or_default();
        }
        self.state = state.clone();
        self.undo = Some(Vec::new());
        if let Some(operand) = operand {
            self.assume(operand, outcome, 0);
        }
        let state = std::mem::take(&mut self.state);
        // Parameters may live in temporaries, which hold what the test says only until it is undone.
        let clean = params
            .iter()
            .enumerate()
            .map(|(index, &local)| self.clean_in(&state, local, &parameter(index)))
            .collect();
        for (local, before) in self.undo.take().into_iter().flatten().rev() {
            self.set(local, before);
        }
        clean
    }

    /// For what a parameter is clean in a state.
    fn clean_in(&self, state: &State, local: LocalId, port: &PortPath) -> KindSet {
        let value = self.get_in(state, local);
        let mut clean: Option<KindSet> = None;
        for taint in value.taints() {
            if taint.identity() == Some(*port) {
                clean = Some(taint.clean);
            }
        }
        clean.unwrap_or_else(|| {
            let mut copies = value.taints().iter();
            let copy = copies.find(|taint| taint.origin == Origin::Port(*port));
            copy.map_or(KindSet::EMPTY, |copy| {
                self.known_of_overwritten(local, copy.clean)
            })
        })
    }
}

fn parameter(index: usize) -> PortPath {
    PortPath::root(PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX)))
}

fn is_absolute(taint: &Taint) -> bool {
    match taint.origin {
        Origin::Source(_) => true,
        Origin::Port(port) => port.base().is_absolute(),
    }
}

/// The place holds what it held before, only better known.
fn is_refinement(value: &Value, place: &PortPath) -> bool {
    value.refs.is_empty() && value.identities().any(|p| p == *place)
}

/// Whether a value, or an object below it, holds something that only the caller knows.
fn is_relative(value: &Value, objs: &[Obj]) -> bool {
    let relative = |value: &Value| value.taints().iter().any(|t| !is_absolute(t));
    let mut seen = vec![false; objs.len()];
    let mut level: Vec<&Value> = vec![value];
    while let Some(value) = level.pop() {
        if relative(value) {
            return true;
        }
        for id in &value.refs {
            let index = id.0 as usize;
            let (Some(seen), Some(obj)) = (seen.get_mut(index), objs.get(index)) else {
                continue;
            };
            if !std::mem::replace(seen, true) {
                level.extend(obj.fields.iter().map(|f| &f.value));
                level.push(&obj.any);
            }
        }
    }
    false
}
