//! What a schema lets through: kinds that scalars are clean for, members of objects, elements of lists.

use crate::symbol::Sym;
use casemate_model::kind::KindSet;
use std::sync::Arc;

/// What a checked value is.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) enum Schema {
    /// Nothing is known.
    #[default]
    Unknown,
    /// No object and no list.
    Scalar(Scalar),
    /// A list of these.
    List(Arc<Schema>),
    /// An object.
    Object(Arc<Fields>),
}

/// For what a scalar is clean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Scalar {
    /// What comes out of the check.
    pub out: KindSet,
    /// What was given to it, which may have been converted.
    pub given: KindSet,
}

/// The members of an object.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Fields {
    /// By name, sorted.
    pub list: Vec<(Sym, Schema)>,
    /// All others; absent: as the check says.
    pub unknown: Option<Unknown>,
}

/// What becomes of members that a schema does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unknown {
    /// They are kept as they are.
    Keep,
    /// They do not come out.
    Strip,
    /// The value is not valid.
    Refuse,
}

impl Unknown {
    /// The word of a model row.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "strip" => Self::Strip,
            "refuse" => Self::Refuse,
            _ => Self::Keep,
        }
    }
}

impl Schema {
    /// A scalar that is clean for these kinds, converted or not.
    pub(crate) fn scalar(kinds: KindSet) -> Self {
        Self::Scalar(Scalar {
            out: kinds,
            given: kinds,
        })
    }

    /// An object.
    pub(crate) fn object(mut list: Vec<(Sym, Self)>, unknown: Option<Unknown>) -> Self {
        list.sort_by_key(|f| f.0);
        list.dedup_by_key(|f| f.0);
        Self::Object(Arc::new(Fields { list, unknown }))
    }

    /// Whether anything is known.
    pub(crate) fn is_known(&self) -> bool {
        *self != Self::Unknown
    }

    /// A constant: it carries nothing from outside.
    fn is_constant(&self) -> bool {
        matches!(self, Self::Scalar(s) if s.given.covers(KindSet::ALL))
    }

    /// The member of an object.
    pub(crate) fn member(&self, sym: Sym) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.list.iter().find(|f| f.0 == sym).map(|f| &f.1),
            _ => None,
        }
    }

    /// One of both.
    pub(crate) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (a, b) if a == b || b.is_constant() => a.clone(),
            (a, b) if a.is_constant() => b.clone(),
            (Self::Scalar(a), Self::Scalar(b)) => Self::Scalar(Scalar {
                out: a.out.intersect(b.out),
                given: a.given.intersect(b.given),
            }),
            (Self::List(a), Self::List(b)) => Self::List(Arc::new(a.or(b))),
            (Self::Object(a), Self::Object(b)) => {
                let mut list = Vec::new();
                for (mine, theirs) in [(a, b), (b, a)] {
                    for (sym, schema) in &mine.list {
                        match theirs.list.iter().find(|f| f.0 == *sym) {
                            Some((_, twin)) => list.push((*sym, schema.or(twin))),
                            // The other object has no such member, unless it lets anything through.
                            None if theirs.unknown != Some(Unknown::Keep) => {
                                list.push((*sym, schema.clone()));
                            }
                            None => {}
                        }
                    }
                }
                let unknown = [Unknown::Keep, Unknown::Strip, Unknown::Refuse]
                    .into_iter()
                    .find(|u| a.unknown == Some(*u) || b.unknown == Some(*u));
                Self::object(list, unknown)
            }
            _ => Self::Unknown,
        }
    }

    /// Both at once; where both name a member, the other's counts if `replace`.
    pub(crate) fn and(&self, other: &Self, replace: bool) -> Self {
        match (self, other) {
            (Self::Unknown, known) | (known, Self::Unknown) if !replace => known.clone(),
            (Self::Scalar(a), Self::Scalar(b)) => Self::Scalar(Scalar {
                out: a.out.union(b.out),
                given: a.given.union(b.given),
            }),
            (Self::Object(a), Self::Object(b)) => {
                let mut list = b.list.clone();
                for (sym, schema) in &a.list {
                    match list.iter_mut().find(|f| f.0 == *sym) {
                        Some(_) if replace => {}
                        Some(known) => known.1 = known.1.and(schema, false),
                        None => list.push((*sym, schema.clone())),
                    }
                }
                Self::object(list, b.unknown.or(a.unknown))
            }
            _ => Self::Unknown,
        }
    }

    /// The object with only the members for which this holds.
    pub(crate) fn retain(&self, keep: impl Fn(Sym) -> bool) -> Self {
        match self {
            Self::Object(fields) => Self::object(
                fields.list.iter().filter(|f| keep(f.0)).cloned().collect(),
                fields.unknown,
            ),
            _ => Self::Unknown,
        }
    }

    /// The object with another answer about unknown members.
    pub(crate) fn with_unknown(&self, unknown: Unknown) -> Self {
        match self {
            Self::Object(fields) => Self::object(fields.list.clone(), Some(unknown)),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(list: &[(u32, u128)], unknown: Option<Unknown>) -> Schema {
        let list = list.iter();
        Schema::object(
            list.map(|(sym, kinds)| (Sym(*sym), Schema::scalar(KindSet(*kinds))))
                .collect(),
            unknown,
        )
    }

    #[test]
    fn one_of_two_is_clean_for_what_both_are() {
        let a = Schema::scalar(KindSet(0b110));
        assert_eq!(
            a.or(&Schema::scalar(KindSet(0b011))),
            Schema::scalar(KindSet(0b010))
        );
        assert_eq!(a.or(&Schema::scalar(KindSet::ALL)), a);
        assert_eq!(a.or(&Schema::Unknown), Schema::Unknown);
        assert_eq!(a.or(&object(&[], None)), Schema::Unknown);
        // A member that only one of them has, where the other lets nothing else through.
        let both = object(&[(1, 3)], None).or(&object(&[(1, 1), (2, 4)], None));
        assert_eq!(both, object(&[(1, 1), (2, 4)], None));
        let open = object(&[(1, 3)], Some(Unknown::Keep)).or(&object(&[(2, 4)], None));
        assert_eq!(open, object(&[(1, 3)], Some(Unknown::Keep)));
    }

    #[test]
    fn members_are_added_and_replaced() {
        let base = object(&[(1, 1), (2, 2)], None);
        assert_eq!(
            base.and(&object(&[(2, 4), (3, 8)], None), true),
            object(&[(1, 1), (2, 4), (3, 8)], None)
        );
        assert_eq!(base.and(&Schema::Unknown, true), Schema::Unknown);
        assert_eq!(base.and(&Schema::Unknown, false), base);
        assert_eq!(base.retain(|sym| sym == Sym(2)), object(&[(2, 2)], None));
    }
}
