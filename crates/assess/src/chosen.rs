//! Which rules run.

use crate::config::Config;
use crate::error::Error;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Rule, Status};
use std::collections::BTreeSet;

/// Which rules run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Chosen {
    select: BTreeSet<String>,
    ignore: BTreeSet<String>,
    preview: bool,
}

impl Chosen {
    /// What the configuration names; a former id or another tool's name stands for its rules.
    pub(crate) fn new(config: &Config, catalogue: &Catalogue) -> Result<Self, Error> {
        Ok(Self {
            select: named(&config.select, catalogue)?,
            ignore: named(&config.ignore, catalogue)?,
            preview: config.preview,
        })
    }

    /// A rule runs when it is stable, or asked for, and not ignored.
    pub(crate) fn wants(&self, rule: &Rule) -> bool {
        let selected = self.select.contains(&rule.id);
        let on = if self.select.is_empty() {
            rule.status == Status::Stable || self.preview
        } else {
            selected
        };
        on && !self.ignore.contains(&rule.id)
    }
}

fn named(names: &[String], catalogue: &Catalogue) -> Result<BTreeSet<String>, Error> {
    let mut ids = BTreeSet::new();
    for name in names {
        let found = catalogue.lookup(name);
        if found.is_empty() {
            return Err(Error::UnknownRule(catalogue.unknown(name)));
        }
        ids.extend(found.into_iter().map(|(rule, _)| rule.id.clone()));
    }
    Ok(ids)
}
