//! What is done at a place, where the rule speaks of more, or of something else.

use casemate_app::Application;
use casemate_flow::result::{Fact, FactValue};
use casemate_rules::matching::{Evidence, Match};
use casemate_rules::rule::{Question, Rule};
use casemate_rules::severity::{Factors, Impact};
use casemate_say::mark;
use std::collections::BTreeSet;

/// What is done, with the sentence that says it.
pub(crate) enum Deed {
    /// Records are changed, and none is read.
    Changes(&'static str),
    /// Records are read, and none is changed.
    Reads(&'static str),
}

impl Deed {
    /// A query that no owner is asked at may read nothing, and an endpoint change nothing. Absent: what the rule says holds.
    pub(crate) fn of(application: &Application, found: &Match, rule: &Rule) -> Option<Self> {
        match (&found.evidence, &rule.question) {
            (Evidence::Fact(fact), _) if fact.fact == "endpoint" => {
                Self::of_endpoint(application, fact)
            }
            (_, Question::Model(question)) if question.subject == "access" => {
                Self::of_query(application, found)
            }
            _ => None,
        }
    }

    fn of_endpoint(application: &Application, fact: &Fact) -> Option<Self> {
        let value = |name: &str| fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let asks = matches!(value("method"), Some(FactValue::Str(method)) if matches!(method.as_str(), "get" | "head"));
        let mut here = application.endpoints.iter().filter(|e| e.site == fact.site);
        let keeps = matches!(value("writes"), Some(FactValue::Bool(false)))
            && !here.any(|e| e.objects.writes || e.objects.deletes);
        (asks && keeps).then_some(Self::Reads(mark!(
            "the endpoint reads, and no change was seen there"
        )))
    }

    fn of_query(application: &Application, found: &Match) -> Option<Self> {
        let chosen = application.endpoints.iter();
        let chosen = chosen.flat_map(|e| &e.objects.chosen);
        let here = chosen.filter(|a| a.site == found.place || a.via == Some(found.place));
        let ops: BTreeSet<&str> = here.map(|a| a.op.as_str()).collect();
        let told = [
            ("delete", mark!("the query there deletes records")),
            ("write", mark!("the query there changes records")),
        ];
        let mut told = told.into_iter().filter(|_| !ops.contains("read"));
        told.find(|(op, _)| ops.contains(op))
            .map(|(_, told)| Self::Changes(told))
    }

    /// Its sentence.
    pub(crate) const fn says(&self) -> &'static str {
        match self {
            Self::Changes(says) | Self::Reads(says) => says,
        }
    }

    /// What is lost, of what the rule states.
    pub(crate) fn loss(&self, stated: &Factors) -> Factors {
        match self {
            Self::Changes(_) => Factors {
                confidentiality: stated.integrity,
                integrity: stated.confidentiality,
                ..stated.clone()
            },
            Self::Reads(_) => Factors {
                integrity: Impact::None,
                ..stated.clone()
            },
        }
    }
}
