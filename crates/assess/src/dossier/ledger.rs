//! The evidence for verdicts, put together from what the pipeline knows.

use super::context::language;
use crate::assessment::{Certainty, Coverage, Finding};
use crate::knowledge::Knowledge;
use casemate_flow::result::Site;
use casemate_ledger::Inventory;
use casemate_ledger::judge::{self, Decided, Evidence, Found, Outcome};
use casemate_ledger::verdict::Row;
use casemate_model::row::Role;
use casemate_rules::matching::Applied;
use casemate_source::Project;
use std::collections::{BTreeMap, BTreeSet};

/// What verdicts are made from.
pub(crate) struct Known<'a> {
    pub project: &'a Project,
    pub knowledge: &'a Knowledge,
    pub applied: &'a Applied,
    /// Before any policy took some out: what is accepted is still there.
    pub findings: &'a [Finding],
    pub inventory: &'a Inventory,
    pub coverage: &'a Coverage,
    pub endpoints: usize,
    pub decided: &'a BTreeMap<String, Decided>,
    pub profile: &'a str,
    pub place: &'a dyn Fn(Site) -> String,
    /// Files in which something is registered or answers.
    pub answering: &'a BTreeSet<String>,
}

/// One row for each requirement.
pub(crate) fn rows(known: &Known<'_>) -> Vec<Row> {
    let mut outcomes: BTreeMap<String, Outcome> = known
        .applied
        .tallies
        .iter()
        .map(|(rule, tally)| {
            let outcome = Outcome {
                found: Vec::new(),
                unknown: tally.unknown.iter().copied().collect(),
                about: tally.about.iter().copied().collect(),
            };
            (rule.clone(), outcome)
        })
        .collect();
    for finding in known.findings {
        if let Some(outcome) = outcomes.get_mut(&finding.rule) {
            outcome.found.push(Found {
                id: finding.id.clone(),
                place: format!("{}:{}", finding.place.file, finding.place.line),
                sure: finding.confidence.level > Certainty::Low,
            });
        }
    }
    // What stands behind a more exact finding breaks its own requirements all the same.
    for (rule, site, told) in &known.applied.behind {
        let place = (known.place)(*site);
        let shown = known.findings.iter().find(|finding| {
            finding.rule == *told
                && place == format!("{}:{}", finding.place.file, finding.place.line)
        });
        if let (Some(outcome), Some(finding)) = (outcomes.get_mut(rule), shown) {
            outcome.found.push(Found {
                id: finding.id.clone(),
                place: format!("{}:{}", finding.place.file, finding.place.line),
                sure: finding.confidence.level > Certainty::Low,
            });
        }
    }
    let told_by_calls: BTreeSet<&str> = known
        .knowledge
        .models
        .rows()
        .iter()
        .filter_map(|row| match &row.role {
            Role::Config { fact, .. } => Some(fact.as_str()),
            _ => None,
        })
        .collect();
    let project = known.project;
    let declared: BTreeSet<String> = project
        .units
        .iter()
        .flat_map(|u| u.dependencies.keys().cloned())
        .collect();
    let languages: BTreeSet<String> = project
        .files
        .iter()
        .map(|f| language(f.file_type))
        .collect();
    let files = &known.coverage.files;
    let templates: BTreeSet<&str> = project
        .files
        .iter()
        .filter(|f| f.file_type.is_template())
        .map(|f| f.path.as_str())
        .collect();
    let partly = |template: bool| {
        files
            .partly
            .iter()
            .filter(|p| template == templates.contains(p.path.as_str()))
            .map(|p| format!("{}:{}", p.path, p.line))
            .collect::<Vec<String>>()
    };
    let mut broken = partly(false);
    broken.extend(files.skipped.iter().map(|s| s.path.clone()));
    let broken_templates = partly(true);
    let calls = &known.coverage.calls;
    let far = |place: &str| known.far(place);
    judge::all(&Evidence {
        catalogue: &known.knowledge.catalogue,
        kinds: known.knowledge.models.kinds(),
        told_by_calls: &told_by_calls,
        outcomes: &outcomes,
        inventory: known.inventory,
        declared: &declared,
        manifests: project.manifests.len(),
        languages: &languages,
        files: files.assessed,
        calls: usize::try_from(calls.resolved + calls.by_name + calls.unmodelled + calls.unknown)
            .unwrap_or(usize::MAX),
        unread: files
            .without_front_end
            .get("SQL")
            .copied()
            .unwrap_or_default(),
        broken: &broken,
        broken_templates: &broken_templates,
        cut: known.coverage.caps.len(),
        endpoints: known.endpoints,
        // A server without endpoints has some that nothing is known of.
        unresolved: known.coverage.registrations.unresolved + known.coverage.unserved.len(),
        decided: known.decided,
        profile: known.profile,
        place: known.place,
        far: &far,
    })
}

/// Folders of what runs once, or in no service.
const ASIDE: [&str; 11] = [
    "benchmarks",
    "examples",
    "fixtures",
    "migrations",
    "scripts",
    "seeders",
    "seeds",
    "test",
    "tests",
    "tools",
    "versions",
];

impl Known<'_> {
    /// How far a place is from what clients ask: 0 in a file that answers, 1 on the way of a finding, 2 in a folder that such a file is
    /// in, 3 anywhere else, 4 in pages, 5 where nothing of the service runs.
    fn far(&self, place: &str) -> u8 {
        let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
        let folders = file.rsplit_once('/').map_or("", |(folders, _)| folders);
        if folders.split('/').any(|part| ASIDE.contains(&part)) {
            return 5;
        }
        if self.answering.contains(file) {
            return 0;
        }
        let of_pages = [".tsx", ".jsx", ".html", ".ejs", ".vue", ".svelte"];
        if of_pages.iter().any(|ending| file.ends_with(ending)) {
            return 4;
        }
        let mut steps = self.findings.iter().flat_map(|f| &f.paths);
        if steps.any(|path| path.steps.iter().any(|step| step.place.file == file)) {
            return 1;
        }
        let top = |file: &str| file.split_once('/').map(|(top, _)| top.to_owned());
        let beside = self.answering.iter().any(|other| top(other) == top(file));
        if beside { 2 } else { 3 }
    }
}
