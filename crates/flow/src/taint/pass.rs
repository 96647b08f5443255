//! The forward pass: blocks in order, states joined, exits kept.

use super::heap::ObjKind;
use super::interp::{AllocKey, Interp, Slot, target};
use super::place::{PortBase, PortPath};
use super::state::State;
use super::thrown::{Narrowed, Thrown};
use super::value::Value;
use crate::limits;
use crate::origin::{Val, ValId};
use crate::program::to_u32;
use crate::symbol::Sym;
use casemate_ir::{BlockId, Instr, Key, LocalId, LocalKind, Operand, PartKey, Term};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;

impl Interp<'_> {
    // ---- where locals live ----

    pub(super) fn place_locals(&mut self) {
        let func = self.f.func;
        let mut seen: Vec<Option<u32>> = vec![None; func.locals.len()];
        let mut crosses = vec![false; func.locals.len()];
        let mut see = |local: LocalId, block: u32| {
            if let (Some(seen), Some(crosses)) =
                (seen.get_mut(local.index()), crosses.get_mut(local.index()))
            {
                match *seen {
                    None => *seen = Some(block),
                    Some(b) if b != block => *crosses = true,
                    Some(_) => {}
                }
            }
        };
        for param in &func.params {
            see(param.local, 0);
            if func.blocks.len() > 1 {
                // What is known of a parameter at each exit is part of the summary.
                see(param.local, u32::MAX);
            }
        }
        for (index, block) in func.blocks.iter().enumerate() {
            let b = to_u32(index);
            for (_, instr) in func.block_instrs(block) {
                visit_locals(func, instr, &mut |l| see(l, b));
            }
            match block.term {
                Term::Branch {
                    cond: Operand::Local(l),
                    ..
                }
                | Term::Return(Some(Operand::Local(l)))
                | Term::Throw(Operand::Local(l)) => {
                    see(l, b);
                }
                _ => {}
            }
        }
        for (index, instr) in func.instrs.iter().enumerate() {
            if let Some(to) = target(instr)
                && let Some(def) = self.defs.get_mut(to.index())
            {
                let before = std::mem::replace(def, to_u32(index));
                if let Some(slot) = self.defs_before.get_mut(index) {
                    *slot = before;
                }
            }
        }
        let mut next = 0;
        for (index, local) in func.locals.iter().enumerate() {
            let slot = if local.captured {
                Slot::Box(self.alloc(AllocKey::Box(LocalId::from(index))))
            } else if self.gate.is_some() || crosses.get(index).copied().unwrap_or(true) {
                next += 1;
                Slot::State(next - 1)
            } else {
                Slot::Temp
            };
            self.slots.push(slot);
            let local = LocalId::from(index);
            let session = |val: &ValId| match self.origins.val(*val) {
                Some(Val::Api(path)) => self.origins.paths.is_session(path),
                _ => false,
            };
            if self.origins.of_local(self.f.id, local).iter().any(session) {
                self.sessions.push(local);
            }
        }
        self.state.locals = vec![Value::default(); next as usize];
    }

    // ---- the pass ----

    /// Interprets the function; its exits stand in `exits` afterwards.
    pub(super) fn run(&mut self) {
        let func = self.f.func;
        if func.blocks.len() > limits::FUNCTION_BLOCKS {
            self.cap("blocks of a function");
            return;
        }
        self.place_locals();
        if func.blocks.len().saturating_mul(self.state.locals.len()) > limits::FUNCTION_VALUES {
            self.cap("values of a function");
            return;
        }
        self.enter();
        let order = reverse_postorder(func);
        let mut rank = vec![u32::MAX; func.blocks.len()];
        for (r, block) in order.iter().enumerate() {
            if let Some(slot) = rank.get_mut(block.index()) {
                *slot = to_u32(r);
            }
        }
        let mut states: Vec<Option<State>> = vec![None; func.blocks.len()];
        let mut visits = vec![0u32; func.blocks.len()];
        // What each handler may catch.
        let mut caught: FxHashMap<BlockId, Thrown> = FxHashMap::default();
        let mut narrowed: Narrowed = FxHashMap::default();
        let mut catching: FxHashMap<BlockId, LocalId> = FxHashMap::default();
        let loops = first_loop(func, &order, &rank);
        if let Some(first) = states.first_mut() {
            *first = Some(std::mem::take(&mut self.state));
        }
        let mut work: BTreeSet<u32> = BTreeSet::from([0]);
        let mut exits: FxHashMap<usize, (State, Option<Value>, Option<Operand>)> =
            FxHashMap::default();
        // Loops over lists that were entered and whose end is not followed yet: what the body left of the elements is known
        // only after it. The state in which no element was there is a part of the one at the end.
        let mut waiting: BTreeSet<u32> = BTreeSet::new();
        while let Some(r) = work.pop_first().or_else(|| waiting.last().copied()) {
            let Some(&block_id) = order.get(r as usize) else {
                continue;
            };
            let index = block_id.index();
            let (Some(block), Some(slot), Some(count)) = (
                func.blocks.get(index),
                states.get_mut(index),
                visits.get_mut(index),
            ) else {
                continue;
            };
            // Nothing flows into a block a second time that no loop leads to.
            let entry = if r < loops { slot.take() } else { slot.clone() };
            let Some(entry) = entry else { continue };
            *count += 1;
            if *count > limits::BLOCK_VISITS {
                self.cap("visits of a block");
                continue;
            }
            self.revisit = *count > 1;
            let waits = !waiting.remove(&r) && *count == 1 && r >= loops;
            self.state = entry;
            self.thrown = Thrown::default();
            self.handled = block.unwind.is_some();
            self.caught = caught.get(&block_id).cloned().unwrap_or_default();
            self.caught_as = None;
            let mut whole = None;
            if let (Some(errors), Some(&temp)) = (narrowed.get(&block_id), catching.get(&block_id))
            {
                self.caught = errors.clone();
                self.caught_as = Some(temp);
                whole = Some((temp, self.get(temp)));
                let some = self.caught.whole();
                self.set(temp, some);
            }
            if let Some(handler) = block.unwind {
                flow_copy(&mut states, &mut work, &rank, handler, &self.state);
            }
            let mut alive = true;
            for (at, instr) in func.block_instrs(block) {
                alive = self.instr(at, instr);
                if !alive {
                    break;
                }
            }
            if let (Term::Throw(value), true) = (block.term, alive) {
                self.thrown_here(value);
            }
            if alive && let Some(temp) = self.caught_as {
                self.parted(block_id, &mut narrowed);
                if let Term::Branch { yes, no, .. } = block.term {
                    catching.insert(yes, temp);
                    catching.insert(no, temp);
                }
            }
            if let Some((temp, all)) = whole {
                self.set(temp, all);
            }
            let thrown = std::mem::take(&mut self.thrown);
            match block.unwind {
                Some(handler) => {
                    flow_copy(&mut states, &mut work, &rank, handler, &self.state);
                    if !thrown.is_empty()
                        && caught.entry(handler).or_default().join_all(&thrown)
                        && let Some(&rank) = rank.get(handler.index())
                    {
                        work.insert(rank);
                    }
                }
                None if !thrown.is_empty() => {
                    for (is, error) in thrown.errors() {
                        let whole = self.deep(error);
                        let taints = Value {
                            taints: whole.taints,
                            ..Value::default()
                        };
                        self.escaping.join(is, &taints);
                    }
                }
                None => {}
            }
            if !alive {
                if block.unwind.is_none() {
                    self.leave(exits.is_empty());
                }
                continue;
            }
            match block.term {
                Term::Goto(next) => {
                    let state = std::mem::take(&mut self.state);
                    flow_into(&mut states, &mut work, &rank, next, state);
                }
                Term::Branch { cond, yes, no } => {
                    let truth = self.truth(&self.operand(cond));
                    let waits = waits && truth.is_none() && takes_element(func, yes);
                    if waits {
                        waiting.insert(r);
                    }
                    if truth.is_none() {
                        self.hold(cond, 0);
                    }
                    let mut state = std::mem::take(&mut self.state);
                    if truth != Some(false) {
                        let state = match truth {
                            Some(_) => std::mem::take(&mut state),
                            None => state.clone(),
                        };
                        let taken = self.edge(state, cond, true);
                        flow_into(&mut states, &mut work, &rank, yes, taken);
                    }
                    if truth != Some(true) && !waits {
                        let taken = self.edge(state, cond, false);
                        flow_into(&mut states, &mut work, &rank, no, taken);
                    }
                }
                Term::Return(value) => {
                    let result = value.map(|v| self.operand(v));
                    if let (Some(operand), Some(result)) = (value, &result) {
                        self.returned_sinks(operand, result);
                    }
                    exits.insert(index, (std::mem::take(&mut self.state), result, value));
                }
                Term::Throw(_) if block.unwind.is_none() => self.leave(exits.is_empty()),
                Term::Throw(_) | Term::Unreachable => {}
            }
        }
        let mut list: Vec<_> = exits.into_iter().collect();
        list.sort_by_key(|e| e.0);
        self.exits = list.into_iter().map(|e| e.1).collect();
    }

    /// The function is left by an error: a handler that ends by raising a redirect has stored what it stored. Of a function
    /// that never returns, everything else that it did until then counts as well.
    fn leave(&mut self, never: bool) {
        let mut stored: Vec<(PortPath, Value)> = Vec::new();
        for obj in self.state.heap.iter().flatten() {
            let ObjKind::Symbolic(port) = obj.kind else {
                continue;
            };
            if matches!(port.base(), PortBase::Store(_)) {
                let fields = obj.fields.iter().map(|f| (f.sym, &f.value));
                for (sym, value) in fields.chain([(Sym::ANY, &obj.any)]) {
                    let target = port.member(sym);
                    if !value.is_empty() && !value.identities().any(|p| p == target) {
                        stored.push((target, value.clone()));
                    }
                }
            }
        }
        for (target, value) in stored {
            let value = self.deep(&value);
            let known = self.left_stores.iter().any(|(port, _)| *port == target);
            if value.taints.is_some() && !known {
                self.left_stores.push((target, value.taints));
            }
        }
        if !never {
            return;
        }
        let state = std::mem::take(&mut self.state);
        match &mut self.left {
            None => self.left = Some(state),
            Some(left) => {
                left.join(&state);
            }
        }
    }

    /// Parameters, receiver and `arguments`.
    pub(super) fn enter(&mut self) {
        let func = self.f.func;
        for (index, param) in func.params.iter().enumerate() {
            let base = PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX));
            let certain = self.in_context(&PortPath::root(base));
            let mut value = certain.unwrap_or_else(|| self.symbolic(base));
            for label in self.labels(param.local, func.head) {
                let labelled = self.labelled_parameter(index, label);
                value.join_parts(labelled);
            }
            if let Some(&class) = self.origins.dependencies.get(&(self.f.id, index)) {
                let class = super::globals::root_class(self.origins, class);
                value.join_parts(self.symbolic(PortBase::Instance(class)));
            }
            // TypeScript's types say what the author believes, not what arrives: the annotation is used for receivers,
            // not for cleaning.
            self.set(param.local, value);
        }
        if let Some(this) = func.this {
            let value = self.symbolic(PortBase::This);
            self.set(this, value);
        }
        if let Some(arguments) = func.arguments {
            let id = self.alloc(AllocKey::Box(arguments));
            let count = func.params.len().max(6);
            for index in 0..count {
                let value =
                    self.symbolic(PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX)));
                self.state
                    .obj_mut(id, ObjKind::Plain)
                    .set(Sym::index(to_u32(index)), value, true);
            }
            self.set(arguments, Value::object(id));
        }
        // `var` and hoisted variables start undefined; boxes exist from the start.
        for (index, local) in func.locals.iter().enumerate() {
            if local.captured && local.kind == LocalKind::Named {
                let id = self.alloc(AllocKey::Box(LocalId::from(index)));
                self.state.obj_mut(id, ObjKind::Box);
            }
        }
    }
}

pub(super) fn flow_into(
    states: &mut [Option<State>],
    work: &mut BTreeSet<u32>,
    rank: &[u32],
    block: BlockId,
    state: State,
) {
    let (Some(slot), Some(&rank)) = (states.get_mut(block.index()), rank.get(block.index())) else {
        return;
    };
    match slot {
        None => {
            *slot = Some(state);
            work.insert(rank);
        }
        Some(known) => {
            if known.join(&state) {
                work.insert(rank);
            }
        }
    }
}

/// [`flow_into`] of a state that is needed further.
fn flow_copy(
    states: &mut [Option<State>],
    work: &mut BTreeSet<u32>,
    rank: &[u32],
    block: BlockId,
    state: &State,
) {
    let (Some(slot), Some(&rank)) = (states.get_mut(block.index()), rank.get(block.index())) else {
        return;
    };
    let changed = match slot {
        None => {
            *slot = Some(state.clone());
            true
        }
        Some(known) => known.join(state),
    };
    if changed {
        work.insert(rank);
    }
}

/// Whether a block begins a round of a loop over a list.
fn takes_element(func: &casemate_ir::Function, block: BlockId) -> bool {
    let block = func.blocks.get(block.index());
    block.is_some_and(|block| {
        let mut instrs = func.block_instrs(block);
        instrs.any(|(_, instr)| matches!(instr, Instr::IterNext { .. }))
    })
}

/// Where control goes after a block: its successors, then its handler.
fn successors(func: &casemate_ir::Function, id: BlockId) -> SmallVec<[BlockId; 3]> {
    let Some(block) = func.blocks.get(id.index()) else {
        return SmallVec::new();
    };
    let mut list: SmallVec<[BlockId; 3]> = match block.term {
        Term::Goto(next) => SmallVec::from_slice(&[next]),
        Term::Branch { yes, no, .. } => SmallVec::from_slice(&[no, yes]),
        _ => SmallVec::new(),
    };
    list.extend(block.unwind);
    list
}

/// The rank of the first block that some later one leads back to.
fn first_loop(func: &casemate_ir::Function, order: &[BlockId], rank: &[u32]) -> u32 {
    let mut first = u32::MAX;
    for (from, &id) in (0..).zip(order) {
        for next in successors(func, id) {
            match rank.get(next.index()) {
                Some(&to) if to <= from => first = first.min(to),
                _ => {}
            }
        }
    }
    first
}

/// Blocks in reverse postorder from the entry; handlers count as successors.
pub(super) fn reverse_postorder(func: &casemate_ir::Function) -> Vec<BlockId> {
    let mut seen = vec![false; func.blocks.len()];
    let mut out = Vec::with_capacity(func.blocks.len());
    let mut stack: Vec<(BlockId, SmallVec<[BlockId; 3]>)> = Vec::new();
    let successors = |id| successors(func, id);
    if func.blocks.is_empty() {
        return out;
    }
    if let Some(first) = seen.first_mut() {
        *first = true;
    }
    stack.push((BlockId(0), successors(BlockId(0))));
    while let Some((id, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) => {
                if let Some(flag) = seen.get_mut(next.index())
                    && !*flag
                {
                    *flag = true;
                    stack.push((next, successors(next)));
                }
            }
            None => {
                out.push(*id);
                stack.pop();
            }
        }
    }
    out.reverse();
    out
}

/// Every local that an instruction reads or writes.
pub(super) fn visit_locals(
    func: &casemate_ir::Function,
    instr: &Instr,
    see: &mut dyn FnMut(LocalId),
) {
    if let Some(to) = target(instr) {
        see(to);
    }
    let mut operand = |o: Operand| {
        if let Operand::Local(l) = o {
            see(l);
        }
    };
    let computed = |key: Key| match key {
        Key::Computed(o) => Some(o),
        _ => None,
    };
    match *instr {
        Instr::Copy { from, .. } | Instr::Await { from, .. } => operand(from),
        Instr::Load { base, key, .. } | Instr::Delete { base, key } => {
            operand(base);
            computed(key).into_iter().for_each(&mut operand);
        }
        Instr::Store { base, key, value } => {
            operand(base);
            operand(value);
            computed(key).into_iter().for_each(&mut operand);
        }
        Instr::StoreVar { value, .. }
        | Instr::Yield { value, .. }
        | Instr::Output { value, .. } => operand(value),
        Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
            for part in func.parts(parts) {
                operand(part.value);
                if let PartKey::Computed(key) = part.key {
                    operand(key);
                }
            }
        }
        Instr::Template { operands, .. }
        | Instr::Op { operands, .. }
        | Instr::Opaque { operands, .. } => {
            func.operands(operands)
                .iter()
                .copied()
                .for_each(&mut operand);
        }
        Instr::Class { base, .. } => base.into_iter().for_each(&mut operand),
        Instr::Call {
            callee, this, args, ..
        } => {
            operand(callee);
            this.into_iter().for_each(&mut operand);
            func.args(args).iter().for_each(|a| operand(a.value));
        }
        Instr::IterNext { of, .. } => operand(of),
        Instr::LoadVar { .. }
        | Instr::Closure { .. }
        | Instr::Import { .. }
        | Instr::Catch { .. } => {}
    }
}
