//! What places that all functions share hold from outside, looked up by whoever may read it.

use super::place::{PortBase, PortPath};
use super::value::Taint;
use crate::program::to_u32;
use crate::symbol::Sym;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// One value, and the place that holds it.
pub(super) type Holding = (PortPath, Taint);

/// What the places below one base hold, in the order in which it was learnt.
#[derive(Default)]
struct List {
    all: Vec<Holding>,
    /// By the first member: which hold something there.
    below: FxHashMap<Sym, Vec<u32>>,
    /// Those without a member, or with one whose name is not known: any reader may mean them.
    anywhere: Vec<u32>,
}

/// What all shared places hold.
#[derive(Default)]
pub(super) struct Held(BTreeMap<PortBase, List>);

impl Held {
    /// A place holds something more.
    pub(super) fn put(&mut self, place: PortPath, taint: Taint) {
        let list = self.0.entry(place.base()).or_default();
        let at = to_u32(list.all.len());
        match place.members().first() {
            Some(name) if *name != Sym::ANY => list.below.entry(*name).or_default().push(at),
            _ => list.anywhere.push(at),
        }
        list.all.push((place, taint));
    }

    /// Everything.
    pub(super) fn all(&self) -> impl Iterator<Item = &Holding> {
        self.0.values().flat_map(|list| &list.all)
    }

    /// How much the places below a base hold.
    pub(super) fn count(&self, base: PortBase) -> usize {
        self.0.get(&base).map_or(0, |list| list.all.len())
    }

    /// The same for each base.
    pub(super) fn counts(&self) -> impl Iterator<Item = (PortBase, usize)> {
        self.0.iter().map(|(base, list)| (*base, list.all.len()))
    }

    /// What a reader of a place may see by the base and the first member, in order; of each base what was learnt after the first so many.
    /// A store whose name is not known may be any.
    pub(super) fn seen_at<'h>(
        &'h self,
        read: &PortPath,
        known: impl Fn(PortBase) -> usize,
    ) -> impl Iterator<Item = &'h Holding> {
        let first = read.members().first().copied();
        let wanted = first.filter(|name| *name != Sym::ANY);
        self.alike(read.base())
            .flat_map(move |(base, list)| list.seen(wanted, known(base)))
    }

    /// Bases that may be the same, in their order, in which the store without a name is the last.
    fn alike(&self, base: PortBase) -> impl Iterator<Item = (PortBase, &List)> {
        let unnamed = PortBase::Store(Sym::ANY);
        let any = base == unnamed;
        let all = any.then(|| self.0.range(PortBase::Store(Sym(0))..unnamed));
        let same = self.0.get_key_value(&base).filter(|_| !any);
        let beside = matches!(base, PortBase::Store(_))
            .then(|| self.0.get_key_value(&unnamed))
            .flatten();
        let lists = same
            .into_iter()
            .chain(all.into_iter().flatten())
            .chain(beside);
        lists.map(|(base, list)| (*base, list))
    }
}

impl List {
    fn seen(&self, wanted: Option<Sym>, known: usize) -> impl Iterator<Item = &Holding> {
        let whole = match wanted {
            None => self.all.get(known..),
            Some(_) => None,
        };
        let named = wanted.and_then(|name| self.below.get(&name));
        let named = later(named.map_or(&[], Vec::as_slice), known);
        let anywhere = match wanted {
            None => &[],
            Some(_) => later(&self.anywhere, known),
        };
        let chosen = Merged { named, anywhere };
        whole
            .into_iter()
            .flatten()
            .chain(chosen.filter_map(|at| self.all.get(at as usize)))
    }
}

/// Numbers that are not below one.
fn later(numbers: &[u32], from: usize) -> &[u32] {
    let start = numbers.partition_point(|at| (*at as usize) < from);
    numbers.get(start..).unwrap_or(&[])
}

/// Two ordered lists of numbers as one.
struct Merged<'a> {
    named: &'a [u32],
    anywhere: &'a [u32],
}

impl Iterator for Merged<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let from = match (self.named.first(), self.anywhere.first()) {
            (Some(a), Some(b)) if a < b => &mut self.named,
            (Some(_), None) => &mut self.named,
            _ => &mut self.anywhere,
        };
        let (first, rest) = from.split_first()?;
        *from = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace::TraceRef;
    use super::super::value::{Origin, Taint};
    use super::*;
    use crate::result::FuncId;
    use casemate_model::kind::KindSet;

    #[test]
    fn a_reader_sees_its_member_and_what_may_be_any_in_order() {
        let root = PortPath::root(PortBase::Global(1));
        let taint = Taint {
            origin: Origin::Port(root),
            clean: KindSet::EMPTY,
            derived: false,
            notes: 0,
            trace: TraceRef {
                func: FuncId(0),
                node: 0,
            },
        };
        let (a, b, any) = (
            root.member(Sym(1)),
            root.member(Sym(2)),
            root.member(Sym::ANY),
        );
        let mut held = Held::default();
        for place in [a, any, b, root, a] {
            held.put(place, taint);
        }
        let seen = |read: &PortPath, known| {
            let seen = held.seen_at(read, |_| known);
            seen.map(|(place, _)| *place).collect::<Vec<_>>()
        };
        assert_eq!(seen(&a, 0), [a, any, root, a]);
        assert_eq!(seen(&a, 1), [any, root, a]);
        assert_eq!(seen(&root.member(Sym(9)), 0), [any, root]);
        assert_eq!(seen(&any, 2), [b, root, a]);
        assert_eq!(seen(&root, 0).len(), 5);
        assert_eq!(seen(&PortPath::root(PortBase::Global(2)), 0), []);
    }

    #[test]
    fn a_store_without_a_name_may_be_any_store() {
        let store = |name| PortPath::root(PortBase::Store(name)).member(Sym(7));
        let (one, two, unnamed) = (store(Sym(1)), store(Sym(2)), store(Sym::ANY));
        let taint = Taint {
            origin: Origin::Port(one),
            clean: KindSet::EMPTY,
            derived: false,
            notes: 0,
            trace: TraceRef {
                func: FuncId(0),
                node: 0,
            },
        };
        let mut held = Held::default();
        for place in [unnamed, two, one] {
            held.put(place, taint);
        }
        let seen = |read: &PortPath| {
            let seen = held.seen_at(read, |_| 0);
            seen.map(|(place, _)| *place).collect::<Vec<_>>()
        };
        assert_eq!(seen(&one), [one, unnamed]);
        assert_eq!(seen(&unnamed), [one, two, unnamed]);
    }
}
