//! Which kinds of records nearly all endpoints that find them by an id look at together with who asks, those that only read too.

use super::access::beside;
use super::naming::is_capability;
use crate::model::{Answer, Application, Endpoint};
use crate::object::key::PERSONS;
use casemate_flow::origin::Solver;
use std::collections::BTreeMap;

/// So many endpoints look at who asks …
const HABIT: usize = 2;

/// … and at most one in so many does not.
const EXCEPTIONS: usize = 5;

/// By kind of records: how many endpoints look at who asks, and how many do not.
pub(super) struct Looks<'a> {
    of: BTreeMap<&'a str, (usize, usize)>,
}

impl Application {
    /// How endpoints look at records.
    pub(super) fn looks(&self, origins: &Solver<'_, '_>) -> Looks<'_> {
        let mut of: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for endpoint in &self.endpoints {
            for (object, answer) in at_records(endpoint, origins) {
                let (with, without) = of.entry(object).or_default();
                match answer {
                    Answer::Yes => *with += 1,
                    Answer::No => *without += 1,
                    Answer::Unknown => {}
                }
            }
        }
        Looks { of }
    }
}

impl Looks<'_> {
    /// Kinds of records of which nearly all endpoints do.
    pub(super) fn closed(&self) -> Vec<&str> {
        let habit = |(_, counts): &(&&str, &(usize, usize))| is_habit(**counts);
        self.of
            .iter()
            .filter(habit)
            .map(|(object, _)| *object)
            .collect()
    }

    /// Whether nearly all other endpoints do.
    pub(super) fn others(
        &self,
        endpoint: &Endpoint,
        object: &str,
        origins: &Solver<'_, '_>,
    ) -> bool {
        let Some(&(mut with, mut without)) = self.of.get(object) else {
            return false;
        };
        match at_records(endpoint, origins).get(object) {
            Some(Answer::Yes) => with = with.saturating_sub(1),
            Some(Answer::No) => without = without.saturating_sub(1),
            _ => {}
        }
        is_habit((with, without))
    }
}

fn is_habit((with, without): (usize, usize)) -> bool {
    with >= HABIT && without * EXCEPTIONS <= with
}

/// By kind of the records that an endpoint finds by an id: whether it looks at who asks.
fn at_records<'e>(endpoint: &'e Endpoint, origins: &Solver<'_, '_>) -> BTreeMap<&'e str, Answer> {
    let mut seen: BTreeMap<&str, Answer> = BTreeMap::new();
    if super::begins(endpoint, origins) {
        return seen;
    }
    for access in &endpoint.objects.chosen {
        let object = access.object.as_str();
        if object.is_empty() || PERSONS.contains(&object) {
            continue;
        }
        // Of what nobody can guess whoever knows it is told: `/p/<uuid>`.
        let mut key = access.key.iter();
        if !access.key.is_empty() && key.all(|key| is_capability(key) || key == "uuid") {
            continue;
        }
        let answer = match beside(endpoint, access) {
            Answer::Yes if access.names.is_empty() => Answer::Unknown,
            Answer::No if endpoint.guarded("owner") == Answer::Yes => Answer::Yes,
            Answer::No if endpoint.guarded("role") != Answer::No => Answer::Unknown,
            answer => answer,
        };
        // One look at who asks is enough for all that an endpoint does with a record.
        let known = seen.entry(object).or_insert(answer);
        if answer == Answer::Yes || *known == Answer::Unknown {
            *known = answer;
        }
    }
    seen
}
