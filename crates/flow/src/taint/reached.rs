//! The ways through a function that somebody can still ask for: of all that was noted while it was interpreted, what its summary and its
//! findings lead back to. Most of it belonged to values that nobody kept.

use super::heap::Obj;
use super::interp::Output;
use super::summary::Summary;
use super::trace::{Arena, TraceRef};
use super::value::{Taint, Value};
use crate::program::to_u32;
use crate::result::FuncId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A set of taints, and the same with its ways renumbered. The first is kept so that no other set comes to lie where it lies.
type Renumbered = (Arc<Vec<Taint>>, Arc<Vec<Taint>>);

/// Leaves out of an arena what nothing leads back to. Nobody else may name its nodes yet.
pub(super) fn only(func: FuncId, summary: &mut Summary, out: &mut Output, arena: &mut Arena) {
    let mut asked: Vec<u32> = Vec::new();
    let mut ask = |trace: TraceRef| {
        if trace.func == func {
            asked.push(trace.node);
        }
    };
    let mut seen: FxHashSet<*const Vec<Taint>> = FxHashSet::default();
    values(summary, &mut |value| {
        if let Some(set) = &value.taints
            && seen.insert(Arc::as_ptr(set))
        {
            set.iter().for_each(|taint| ask(taint.trace));
        }
    });
    traces(summary, out, &mut |trace| ask(*trace));
    let (kept, numbers) = arena.kept(func, asked);
    let renumber = |trace: &mut TraceRef| {
        if trace.func == func
            && let Some(number) = numbers.get(trace.node as usize)
        {
            trace.node = *number;
        }
    };
    let mut made: FxHashMap<*const Vec<Taint>, Renumbered> = FxHashMap::default();
    values(summary, &mut |value| {
        let own = |set: &&Arc<Vec<Taint>>| set.iter().any(|t| t.trace.func == func);
        let Some(set) = value.taints.as_ref().filter(own) else {
            return;
        };
        let known = made.entry(Arc::as_ptr(set)).or_insert_with(|| {
            let mut taints = (**set).clone();
            taints.iter_mut().for_each(|t| renumber(&mut t.trace));
            (Arc::clone(set), Arc::new(taints))
        });
        value.taints = Some(Arc::clone(&known.1));
    });
    traces(summary, out, &mut |trace| renumber(trace));
    *arena = kept;
}

/// Every value of a summary.
fn values(summary: &mut Summary, see: &mut dyn FnMut(&mut Value)) {
    see(&mut summary.ret);
    summary.thrown.values_mut().for_each(&mut *see);
    for effect in &mut summary.effects {
        see(&mut effect.value);
    }
    for callback in &mut summary.callbacks {
        see(&mut callback.this);
        for (_, value) in &mut callback.args {
            see(value);
        }
    }
    for obj in &mut summary.objs {
        let Obj { fields, any, .. } = obj;
        for field in fields {
            see(&mut field.value);
        }
        see(any);
        obj.changes();
    }
}

/// Every way that a summary and the findings name, those of values aside.
fn traces(summary: &mut Summary, out: &mut Output, see: &mut dyn FnMut(&mut TraceRef)) {
    for sink in &mut summary.sinks {
        see(&mut sink.trace);
    }
    for finding in &mut out.findings {
        see(&mut finding.trace);
    }
}

impl Arena {
    /// The nodes that lead to some of an arena, in their order, and for each node its number there.
    fn kept(&self, func: FuncId, mut asked: Vec<u32>) -> (Self, Vec<u32>) {
        const OUT: u32 = u32::MAX;
        const IN: u32 = 0;
        let mut numbers = vec![OUT; self.len()];
        while let Some(at) = asked.pop() {
            let Some(number) = numbers.get_mut(at as usize) else {
                continue;
            };
            if std::mem::replace(number, IN) == OUT
                && let Some(node) = self.get(at)
            {
                let before = node.prev.into_iter().chain(node.inner);
                asked.extend(before.filter(|t| t.func == func).map(|t| t.node));
            }
        }
        let mut count = 0;
        for number in &mut numbers {
            if *number == IN {
                *number = count;
                count += 1;
            }
        }
        let mut kept = Self::with_room(count as usize);
        for (at, number) in numbers.iter().enumerate() {
            if *number == OUT {
                continue;
            }
            if let Some(mut node) = self.get(to_u32(at)) {
                for trace in [&mut node.prev, &mut node.inner].into_iter().flatten() {
                    if trace.func == func
                        && let Some(number) = numbers.get(trace.node as usize)
                    {
                        trace.node = *number;
                    }
                }
                kept.push(func, node);
            }
        }
        (kept, numbers)
    }
}
