//! The automaton of positions: one state per character of the expression, and as many edges between two states as a
//! backtracking engine has ways.

use super::chars::Chars;
use super::syntax::{Branch, Node};
use casemate_model::expr::Tri;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// More states than this are not looked at.
const MAX_STATES: usize = 160;
/// Repetitions with an upper bound are written out this often at most; more copies change nothing about ambiguity.
const MAX_COPIES: u32 = 4;
/// Steps of one search.
const FUEL: u32 = 400_000;

/// Ways from one state to another: 1, or 2 for more.
type Ways = u8;
type Weighted = BTreeMap<usize, Ways>;

/// The automaton of one branch.
pub(super) struct Automaton {
    states: Vec<Chars>,
    follow: Vec<Weighted>,
    /// States after which the branch may be done.
    last: BTreeSet<usize>,
    at_end: bool,
    /// State → the states of its strongly connected component, if it is on a cycle.
    cycle: Vec<Option<usize>>,
}

/// A part while it is built.
struct Part {
    first: Weighted,
    last: Weighted,
    /// Ways to match nothing.
    empty: Ways,
}

impl Automaton {
    /// Nothing if the branch is too large.
    pub(super) fn of(branch: &Branch) -> Option<Self> {
        let mut automaton = Self {
            states: Vec::new(),
            follow: Vec::new(),
            last: BTreeSet::new(),
            at_end: branch.at_end,
            cycle: Vec::new(),
        };
        let whole = automaton.part(&branch.node)?;
        automaton.last = whole.last.keys().copied().collect();
        if !branch.at_start {
            // The search begins anew at each character: a loop in front that takes anything.
            let prefix = automaton.state(Chars::all())?;
            automaton.connect(&one(prefix), &one(prefix));
            automaton.connect(&one(prefix), &whole.first);
            if whole.empty > 0 {
                automaton.last.insert(prefix);
            }
        }
        automaton.find_cycles();
        Some(automaton)
    }

    fn state(&mut self, chars: Chars) -> Option<usize> {
        if self.states.len() >= MAX_STATES {
            return None;
        }
        self.states.push(chars);
        self.follow.push(Weighted::new());
        Some(self.states.len() - 1)
    }

    fn connect(&mut self, from: &Weighted, to: &Weighted) {
        for (from, a) in from {
            if let Some(follow) = self.follow.get_mut(*from) {
                for (to, b) in to {
                    let ways = follow.entry(*to).or_insert(0);
                    *ways = (*ways + times(*a, *b)).min(2);
                }
            }
        }
    }

    fn part(&mut self, node: &Node) -> Option<Part> {
        match node {
            Node::Empty => Some(Part {
                first: Weighted::new(),
                last: Weighted::new(),
                empty: 1,
            }),
            Node::One(chars) => {
                let state = self.state(chars.clone())?;
                Some(Part {
                    first: one(state),
                    last: one(state),
                    empty: 0,
                })
            }
            Node::Sequence(nodes) => {
                let mut all = Part {
                    first: Weighted::new(),
                    last: Weighted::new(),
                    empty: 1,
                };
                for node in nodes {
                    let next = self.part(node)?;
                    all = self.then(all, next);
                }
                Some(all)
            }
            Node::Any(nodes) => {
                let mut any = Part {
                    first: Weighted::new(),
                    last: Weighted::new(),
                    empty: 0,
                };
                for node in nodes {
                    let part = self.part(node)?;
                    add(&mut any.first, &part.first, 1);
                    add(&mut any.last, &part.last, 1);
                    any.empty = (any.empty + part.empty).min(2);
                }
                Some(any)
            }
            Node::Repeat(node, min, max) => self.repeat(
                node,
                (*min).min(MAX_COPIES),
                max.map(|max| max.min(MAX_COPIES)),
            ),
        }
    }

    fn then(&mut self, before: Part, after: Part) -> Part {
        self.connect(&before.last, &after.first);
        let mut first = before.first;
        add(&mut first, &after.first, before.empty);
        let mut last = after.last;
        add(&mut last, &before.last, after.empty);
        Part {
            first,
            last,
            empty: times(before.empty, after.empty),
        }
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>) -> Option<Part> {
        let mut all = Part {
            first: Weighted::new(),
            last: Weighted::new(),
            empty: 1,
        };
        // The last copy that must be there takes the loop, if there is one.
        let must = if max.is_none() {
            min.saturating_sub(1)
        } else {
            min
        };
        for _ in 0..must {
            let next = self.part(node)?;
            all = self.then(all, next);
        }
        match max {
            None => {
                let mut looped = self.part(node)?;
                let (last, first) = (looped.last.clone(), looped.first.clone());
                self.connect(&last, &first);
                // A round that matches nothing is refused, so there is one way to match nothing.
                looped.empty = if min == 0 { 1 } else { looped.empty.min(1) };
                all = self.then(all, looped);
            }
            Some(max) => {
                // `x{0,3}` is `(x(x(x)?)?)?`: from the inside out, so that fewer rounds are one way only.
                let mut inner = Part {
                    first: Weighted::new(),
                    last: Weighted::new(),
                    empty: 1,
                };
                for _ in must..max {
                    let next = self.part(node)?;
                    inner = self.then(next, inner);
                    inner.empty = 1;
                }
                all = self.then(all, inner);
            }
        }
        Some(all)
    }

    fn edges(&self, state: usize) -> impl Iterator<Item = (usize, Ways)> + '_ {
        self.follow
            .get(state)
            .into_iter()
            .flatten()
            .map(|(to, ways)| (*to, *ways))
    }

    fn reachable(&self, from: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = self.edges(from).map(|(to, _)| to).collect();
        while let Some(state) = open.pop() {
            if seen.insert(state) {
                open.extend(self.edges(state).map(|(to, _)| to));
            }
        }
        seen
    }

    fn find_cycles(&mut self) {
        let reach: Vec<BTreeSet<usize>> = (0..self.states.len())
            .map(|state| self.reachable(state))
            .collect();
        let has = |from: usize, to: usize| reach.get(from).is_some_and(|set| set.contains(&to));
        let name =
            |state: usize| (0..=state).find(|other| has(state, *other) && has(*other, state));
        self.cycle = (0..reach.len())
            .map(|state| name(state).filter(|_| has(state, state)))
            .collect();
    }

    fn cycle_of(&self, state: usize) -> Option<usize> {
        self.cycle.get(state).copied().flatten()
    }

    fn meets(&self, a: usize, b: usize) -> bool {
        self.states
            .get(a)
            .zip(self.states.get(b))
            .is_some_and(|(a, b)| a.meets(b))
    }

    fn meet(&self, a: usize, b: usize, c: usize) -> bool {
        match (self.states.get(a), self.states.get(b), self.states.get(c)) {
            (Some(a), Some(b), Some(c)) => a.meets(b) && b.meets(c) && a.meets(c) && a.meet(b, c),
            _ => false,
        }
    }

    /// Whether a text can go on after this cycle so that the match fails, and all ways are tried.
    fn can_fail(&self, cycle: usize) -> bool {
        let states: Vec<usize> = (0..self.states.len())
            .filter(|state| self.cycle_of(*state) == Some(cycle))
            .collect();
        let done = states.iter().any(|state| self.last.contains(state));
        if !self.at_end {
            return !done;
        }
        let next = states
            .iter()
            .flat_map(|state| self.edges(*state))
            .filter_map(|(to, _)| self.states.get(to));
        !done
            || !next
                .fold(Chars::default(), |all, chars| all.union(chars))
                .is_all()
    }

    /// Whether one text leads from a state back to it in two ways.
    pub(super) fn exponential(&self) -> Tri {
        let mut fuel = FUEL;
        for start in 0..self.states.len() {
            let Some(cycle) = self.cycle_of(start).filter(|cycle| self.can_fail(*cycle)) else {
                continue;
            };
            // A pair of ways, and whether they have parted; back at the start and parted: two ways.
            let mut seen = BTreeSet::new();
            let mut open = VecDeque::from([(start, start, false)]);
            while let Some((a, b, parted)) = open.pop_front() {
                for (a_next, a_ways) in self.edges(a) {
                    for (b_next, _) in self.edges(b) {
                        fuel = fuel.saturating_sub(1);
                        if fuel == 0 {
                            return Tri::Unknown;
                        }
                        let inside = self.cycle_of(a_next) == Some(cycle)
                            && self.cycle_of(b_next) == Some(cycle);
                        if !inside || !self.meets(a_next, b_next) {
                            continue;
                        }
                        let parted = parted || a_next != b_next || (a == b && a_ways > 1);
                        if parted && a_next == start && b_next == start {
                            return Tri::Yes;
                        }
                        // The two ways are alike: each pair is looked at in one order only.
                        let next = (a_next.min(b_next), a_next.max(b_next), parted);
                        if seen.insert(next) {
                            open.push_back(next);
                        }
                    }
                }
            }
        }
        Tri::No
    }

    /// Whether one text loops at a state, leads from it to another, and loops there as well.
    pub(super) fn polynomial(&self) -> Tri {
        let mut fuel = FUEL;
        for p in 0..self.states.len() {
            let Some(first) = self.cycle_of(p) else {
                continue;
            };
            for q in self.reachable(p) {
                let Some(second) = self
                    .cycle_of(q)
                    .filter(|second| *second != first && self.can_fail(*second))
                else {
                    continue;
                };
                match self.share(p, q, [first, second], &mut fuel) {
                    Tri::No => {}
                    answer => return answer,
                }
            }
        }
        Tri::No
    }

    /// From (p, p, q) to (p, q, q) by one text.
    fn share(&self, p: usize, q: usize, [first, second]: [usize; 2], fuel: &mut u32) -> Tri {
        let mut seen = BTreeSet::new();
        let mut open = VecDeque::from([(p, p, q)]);
        while let Some((a, b, c)) = open.pop_front() {
            for (a_next, _) in self
                .edges(a)
                .filter(|(to, _)| self.cycle_of(*to) == Some(first))
            {
                for (c_next, _) in self
                    .edges(c)
                    .filter(|(to, _)| self.cycle_of(*to) == Some(second))
                {
                    for (b_next, _) in self.edges(b) {
                        *fuel = fuel.saturating_sub(1);
                        if *fuel == 0 {
                            return Tri::Unknown;
                        }
                        if !self.meet(a_next, b_next, c_next) {
                            continue;
                        }
                        if (a_next, b_next, c_next) == (p, q, q) {
                            return Tri::Yes;
                        }
                        if seen.insert((a_next, b_next, c_next)) {
                            open.push_back((a_next, b_next, c_next));
                        }
                    }
                }
            }
        }
        Tri::No
    }
}

fn one(state: usize) -> Weighted {
    Weighted::from([(state, 1)])
}

const fn times(a: Ways, b: Ways) -> Ways {
    let product = a.saturating_mul(b);
    if product > 2 { 2 } else { product }
}

fn add(into: &mut Weighted, from: &Weighted, ways: Ways) {
    for (state, own) in from {
        let more = times(*own, ways);
        if more > 0 {
            let sum = into.entry(*state).or_insert(0);
            *sum = (*sum + more).min(2);
        }
    }
}
