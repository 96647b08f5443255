//! Unions of taints.

use super::trace::TraceRef;
use super::value::{Taint, adds, join_notes};
use crate::limits;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::sync::Arc;

/// A set of taints that is being built, in the order in which values keep theirs.
#[derive(Default)]
pub(super) struct TaintSet {
    pub(super) taints: Vec<Taint>,
}

impl TaintSet {
    /// Adds taints that stand in that order, each as `Value::add_taint` does; they may name an origin twice. The way of a taint
    /// is asked for only where it is kept.
    pub(super) fn add(
        &mut self,
        theirs: impl Iterator<Item = Taint>,
        mut trace: impl FnMut(&Taint) -> TraceRef,
    ) {
        let set = &mut self.taints;
        let mut from = 0;
        for taint in theirs {
            let (at, known) = place(set, from, &taint);
            let room = set.len() < limits::TAINTS;
            match set.get_mut(at) {
                Some(own) if known => {
                    let clean = own.clean.meet(taint.clean);
                    // The dirtier way is the one to show.
                    if clean != own.clean {
                        own.trace = trace(&taint);
                    }
                    own.clean = clean;
                    own.notes = join_notes(own.notes, taint.notes);
                }
                _ if room => {
                    let trace = trace(&taint);
                    set.insert(at, Taint { trace, ..taint });
                }
                _ => {}
            }
            from = at;
        }
    }

    /// Adds one taint; those before it most often stand before it.
    pub(super) fn push(&mut self, taint: Taint) {
        match self.taints.last() {
            Some(last) if last.order(&taint).is_ge() => {
                self.add(std::iter::once(taint), |t| t.trace);
            }
            _ if self.taints.len() < limits::TAINTS => self.taints.push(taint),
            _ => {}
        }
    }

    /// The set; none when it is empty.
    pub(super) fn finish(self) -> Option<Arc<Vec<Taint>>> {
        (!self.taints.is_empty()).then(|| Arc::new(self.taints))
    }
}

/// Where in a set a taint stands, or would, from a place on; whether it is there. Most often that is near.
fn place(set: &[Taint], from: usize, taint: &Taint) -> (usize, bool) {
    const NEAR: usize = 4;
    let rest = set.get(from..).unwrap_or(&[]);
    for (at, own) in rest.iter().take(NEAR).enumerate() {
        match own.order(taint) {
            Ordering::Less => {}
            Ordering::Equal => return (from + at, true),
            Ordering::Greater => return (from + at, false),
        }
    }
    let far = rest.get(NEAR..).unwrap_or(&[]);
    match far.last().map(|last| last.order(taint)) {
        None | Some(Ordering::Less) => (set.len(), false),
        Some(Ordering::Equal) => (set.len() - 1, true),
        Some(Ordering::Greater) => match far.binary_search_by(|own| own.order(taint)) {
            Ok(at) => (from + NEAR + at, true),
            Err(at) => (from + NEAR + at, false),
        },
    }
}

/// The union of sets that values hold: one that adds nothing costs nothing, and a union of one is that one.
#[derive(Default)]
pub(super) struct Union {
    first: Option<Arc<Vec<Taint>>>,
    rest: TaintSet,
    seen: SmallVec<[*const Vec<Taint>; 8]>,
}

impl Union {
    /// How many sets are remembered.
    const SEEN: usize = 32;

    /// Adds the set of a value, which must live as long as the union is being built.
    pub(super) fn add(&mut self, set: Option<&Arc<Vec<Taint>>>) {
        let Some(set) = set else { return };
        let Some(first) = &self.first else {
            self.first = Some(Arc::clone(set));
            return;
        };
        if Arc::ptr_eq(first, set) || self.seen.contains(&Arc::as_ptr(set)) {
            return;
        }
        if self.seen.len() < Self::SEEN {
            self.seen.push(Arc::as_ptr(set));
        }
        if self.rest.taints.is_empty() {
            if !adds(first, set) {
                return;
            }
            self.rest.taints.extend_from_slice(first);
        }
        self.rest.add(set.iter().copied(), |taint| taint.trace);
    }

    /// The union.
    pub(super) fn finish(self) -> Option<Arc<Vec<Taint>>> {
        self.rest.finish().or(self.first)
    }
}
