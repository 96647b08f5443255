//! The requirements that are judged.

use casemate_say::text;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static ASVS: &str = include_str!("../standards/asvs-5.0.0.tsv");
static WORKSHEETS: &str = include_str!("../standards/worksheets.tsv");

/// What the ids of the standard begin with.
pub const PREFIX: &str = "v5.0.0-";

/// One requirement, in our own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// `1.2.4`.
    pub id: &'static str,
    /// 1 to 3.
    pub level: u8,
    /// `V1 Encoding and Sanitization`.
    pub chapter: &'static str,
    /// What it asks.
    pub says: &'static str,
    /// What decides it: `code`, `configuration`, `document`, `person`, `dependencies`, `schema`, `running system`.
    pub by: &'static str,
    /// The feature without which it does not apply; empty: always.
    pub only_with: &'static str,
    /// What a person is asked; empty: whether it holds what it says.
    pub question: &'static str,
    /// Where a person looks, or what breaks and keeps it.
    pub look: &'static str,
}

/// All requirements, in the standard's order, in the language of this process.
pub fn all() -> &'static [Requirement] {
    static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
        let mut all = english();
        for row in &mut all {
            row.chapter = text(row.chapter);
            row.says = text(row.says);
            row.question = text(row.question);
            row.look = text(row.look);
        }
        all
    });
    &ALL
}

/// The same as they are written here.
#[must_use]
pub fn english() -> Vec<Requirement> {
    let lines = ASVS.lines().filter(|line| !line.starts_with('#'));
    let asked: BTreeMap<&str, (&str, &str)> = WORKSHEETS
        .lines()
        .filter_map(|line| {
            let (id, rest) = line.split_once('\t')?;
            Some((id, rest.split_once('\t')?))
        })
        .collect();
    let rows = lines.filter_map(read);
    rows.map(|row| {
        let (question, look) = asked.get(row.id).copied().unwrap_or_default();
        Requirement {
            question,
            look,
            ..row
        }
    })
    .collect()
}

fn read(line: &'static str) -> Option<Requirement> {
    let mut cells = line.split('\t');
    Some(Requirement {
        id: cells.next()?,
        level: cells.next()?.parse().ok()?,
        chapter: cells.next()?,
        says: cells.next()?,
        by: cells.next()?,
        only_with: cells.next().unwrap_or_default(),
        question: "",
        look: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature;

    #[test]
    fn the_table_is_whole() {
        let levels = |n| all().iter().filter(|r| r.level == n).count();
        assert_eq!((levels(1), levels(2), levels(3)), (70, 183, 92));
        let wrong: Vec<_> = all()
            .iter()
            .filter(|r| !r.only_with.is_empty() && feature::named(r.only_with).is_none())
            .collect();
        assert_eq!(wrong, Vec::<&Requirement>::new());
        let without = |r: &&Requirement| r.look.is_empty() || r.level == 1 && r.question.is_empty();
        assert_eq!(all().iter().find(without), None);
        let ids: std::collections::BTreeSet<_> =
            all().iter().map(|r| format!("{PREFIX}{}", r.id)).collect();
        let known = include_str!("../../../rules/asvs-ids.txt");
        let known: std::collections::BTreeSet<_> = casemate_rules::standard::asvs_ids(known)
            .into_iter()
            .collect();
        assert_eq!(ids, known);
    }
}
