//! Models under what is known of one unit: its configuration and the versions of its packages.

use super::{Models, RowId};
use crate::expr::{Expr, Literal, Tri, Value3};
use crate::path::{ApiPath, Root};
use crate::row::Row;
use std::collections::{BTreeMap, BTreeSet};

/// The value of a field of a fact.
pub type FactOf = dyn Fn(&str, &str) -> Value3;

/// What is known of a unit.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The value of a field of a fact ([`crate::kind::Kinds::fact`]): `Known(Null)` where no configuration sets it. Absent:
    /// conditions about facts stay as they are.
    pub fact: Option<&'a FactOf>,
    /// Whether the installed version of a package (`npm:lodash`) lies in a range; none for packages that no manifest names.
    /// See [`crate::version::within`].
    pub version: &'a dyn Fn(&str, &str) -> Option<Tri>,
}

impl Models {
    /// The models without the rows that cannot hold in a unit. In the rows that are left no condition speaks of facts, and
    /// `versions` stands only where the answer is unknown; a fact that stays unknown lowers the row's confidence.
    #[must_use]
    pub fn assume(&self, known: Known<'_>) -> Self {
        let mut models = self.clone();
        let mut gone = BTreeSet::new();
        for (index, row) in (0_u32..).zip(&mut models.rows) {
            let packages = self
                .versioned
                .get(&RowId(index))
                .map_or(&[][..], Vec::as_slice);
            if !holds(row, packages, self, known) {
                gone.insert(RowId(index));
            }
        }
        let mut ends = Vec::with_capacity(models.ends.len());
        for node in &mut models.nodes {
            let from = ends.len();
            ends.extend(
                super::slice(&self.ends, node.ends)
                    .iter()
                    .copied()
                    .filter(|row| !gone.contains(row)),
            );
            node.ends = (super::number(from), super::number(ends.len()));
        }
        models.ends = ends;
        models
    }
}

/// Whether a row may hold; what is decided of its conditions is taken away.
fn holds(row: &mut Row, packages: &[String], models: &Models, known: Known<'_>) -> bool {
    if let Some(range) = &row.versions {
        let answers: BTreeSet<u8> = packages
            .iter()
            .filter_map(|package| (known.version)(package, range).map(rank))
            .collect();
        if answers.contains(&rank(Tri::Unknown)) || answers.is_empty() {
            // Said by the row that is left.
        } else if answers.contains(&rank(Tri::Yes)) {
            row.versions = None;
        } else {
            return false;
        }
    }
    let (Some(when), Some(fact_of)) = (&row.when, known.fact) else {
        return true;
    };
    let is_fact = |path: &str| path.starts_with("fact:");
    let value = |path: &str| match models.kinds.fact(path.trim_start_matches("fact:")) {
        Ok((fact, field)) => fact_of(fact, field),
        Err(_) => Value3::Unknown,
    };
    let left = when.assume(&is_fact, &value);
    match left {
        Expr::Literal(Literal::Bool(answer)) => {
            row.when = None;
            answer
        }
        left => {
            let facts = left.paths().into_iter().any(is_fact);
            if facts && left.paths().into_iter().all(is_fact) {
                row.when = None;
                row.confidence = Some("low".into());
            } else {
                row.when = Some(left);
            }
            true
        }
    }
}

fn rank(answer: Tri) -> u8 {
    match answer {
        Tri::No => 0,
        Tri::Unknown => 1,
        Tri::Yes => 2,
    }
}

/// The declared packages that paths start from, through types.
pub(super) fn packages(
    paths: &[ApiPath],
    types: &BTreeMap<String, Vec<ApiPath>>,
    declared: &[String],
) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&ApiPath> = paths.iter().collect();
    while let Some(path) = open.pop() {
        match &path.root {
            Root::Package(root) => {
                let whole = |package: &&String| {
                    root.strip_prefix(package.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                let longest = declared
                    .iter()
                    .filter(whole)
                    .max_by_key(|package| package.len());
                found.insert(longest.unwrap_or(root).clone());
            }
            Root::Type(name) => {
                if seen.insert(name) {
                    open.extend(types.get(name).into_iter().flatten());
                }
            }
        }
    }
    if found.is_empty() {
        declared.to_vec()
    } else {
        found.into_iter().collect()
    }
}
