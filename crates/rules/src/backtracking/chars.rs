//! Sets of characters.

/// The highest code point.
const LAST: u32 = 0x10_FFFF;

/// A set of code points: sorted ranges that do not touch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Chars(Vec<(u32, u32)>);

impl Chars {
    pub(super) fn all() -> Self {
        Self(vec![(0, LAST)])
    }

    pub(super) fn one(c: char) -> Self {
        Self(vec![(u32::from(c), u32::from(c))])
    }

    pub(super) fn range(first: char, last: char) -> Self {
        Self(vec![(u32::from(first), u32::from(last))])
    }

    pub(super) fn of(ranges: &[(char, char)]) -> Self {
        ranges.iter().fold(Self::default(), |set, (first, last)| {
            set.union(&Self::range(*first, *last))
        })
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match out.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last)
                }
                _ => out.push((first, last)),
            }
        }
        Self(out)
    }

    pub(super) fn negated(&self) -> Self {
        let mut out = Vec::new();
        let mut next = 0;
        for (first, last) in &self.0 {
            if *first > next {
                out.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            out.push((next, LAST));
        }
        Self(out)
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0
            .iter()
            .any(|a| other.0.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
    }

    /// Whether three sets share a character.
    pub(super) fn meet(&self, b: &Self, c: &Self) -> bool {
        self.negated().union(&b.negated()).union(&c.negated()) != Self::all()
    }

    pub(super) fn first(&self) -> Option<char> {
        self.0.first().and_then(|(first, _)| char::from_u32(*first))
    }

    pub(super) fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// With the other case of every ASCII letter, which is what expressions about case nearly always mean.
    pub(super) fn any_case(&self) -> Self {
        let letters = |from: char, to: char| self.shifted(u32::from(from), u32::from(to));
        self.union(&letters('A', 'a')).union(&letters('a', 'A'))
    }

    fn shifted(&self, from: u32, to: u32) -> Self {
        let inside = self.0.iter().filter_map(|(first, last)| {
            let (first, last) = ((*first).max(from), (*last).min(from + 25));
            (first <= last).then(|| (first - from + to, last - from + to))
        });
        Self(inside.collect())
    }
}
