//! What a report says beyond its findings, as data. Computed once; whoever renders it computes nothing.
//!
//! | section of the report | here |
//! |---|---|
//! | Project Context | [`Context`], [`surface::Surface`] |
//! | Executive Summary | [`summary::Summary`] |
//! | Detailed Security Analysis | [`Practice`], [`surface::EndpointRow`], [`diagram::Diagram`], [`protection::Protection`] |
//! | Risk Assessment Matrix | [`risk::Risk`] |
//! | Security Recommendations | [`plan::Plan`], [`means::Means`] |
//! | Implementation Guidance | [`plan::Guide`], the rules' prose |
//! | Security Monitoring Framework | [`monitor::Monitoring`] |
//! | Threat Model | [`threat::Threat`] |
//! | Requirements Ledger | rows of `casemate_ledger` |
//! | Limits, Accepted Risks | the coverage and the policy of the assessment |
//! | Suggestions for a Person to Decide On | [`Dossier::suggestions`], [`Dossier::lacks`] |
//!
//! Sentences are in English, without a final period where they stand alone, and hold a fact of the project each: a file, an
//! endpoint, a count. Back-ticks mark code.

mod consequence;
pub mod context;
pub mod deploy;
pub mod diagram;
pub mod ledger;
pub mod logger;
pub mod means;
pub mod monitor;
pub mod plan;
pub mod protection;
pub mod risk;
pub mod summary;
pub mod surface;
pub mod threat;
pub mod views;
pub mod words;

pub use casemate_ledger::judge::NEEDS;
pub use casemate_ledger::verdict::{Row, Verdict, Worksheet};

use crate::application::{Application, Unresolved};
use crate::assessment::{Coverage, Finding, RuleInfo, UnitInfo};
use casemate_flow::result::Site;
use casemate_ledger::Inventory;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Question, Rule};
use casemate_source::Project;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a report says beyond its findings.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Dossier {
    /// What the project is.
    pub context: context::Context,
    /// What leadership reads.
    pub summary: summary::Summary,
    /// Findings by area of the catalogue.
    pub areas: Vec<Area>,
    /// How often something that may be done wrong is done, and how often it is.
    pub practices: Vec<Practice>,
    /// The endpoints and what guards them.
    pub surface: surface::Surface,
    /// Who talks to whom.
    pub diagram: diagram::Diagram,
    /// What becomes of data that deserves protection.
    pub protection: protection::Protection,
    /// One row a root cause, the worst first.
    pub risks: Vec<risk::Risk>,
    /// What to do, in which order.
    pub plan: plan::Plan,
    /// What to watch.
    pub monitoring: monitor::Monitoring,
    /// What may go wrong, by boundary, and what stands against it.
    pub threats: Vec<threat::Threat>,
    /// Requirements and verdicts.
    pub ledger: Vec<Row>,
    /// What the owner decided, beside what the code shows.
    pub decisions: crate::decision::Told,
    /// The findings in the numbers of other standards.
    pub views: Vec<views::View>,
    /// What the policy enforces.
    pub enforced: crate::enforced::Enforced,
    /// Which standard is followed where two ask for opposite things.
    pub profile: String,
    /// Where they do, as sentences.
    pub conflicts: Vec<String>,
    /// Registrations of endpoints of which something is not known.
    pub unresolved: Vec<Unresolved>,
    /// What a person may want to decide; never work for a program.
    pub suggestions: Vec<String>,
    /// What Casemate itself lacked here.
    pub lacks: Vec<String>,
}

/// Findings of one area.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Area {
    /// `injection`, `session` …
    pub name: String,
    /// Findings by level, least first.
    pub levels: [usize; 5],
    /// Rules of the area that were applied.
    pub rules: usize,
}

impl Area {
    /// All its findings.
    #[must_use]
    pub fn total(&self) -> usize {
        self.levels.iter().sum()
    }
}

/// What one rule asked, and what it found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Practice {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The area.
    pub area: String,
    /// Places that the rule asks about.
    pub places: usize,
    /// Of these, findings.
    pub found: usize,
    /// Of these, not decided.
    pub unknown: usize,
    /// What holds of the others, as a sentence that a count begins; empty where the rule does not say it.
    pub kept: String,
}

impl Practice {
    /// Places that are neither findings nor open.
    #[must_use]
    pub fn good(&self) -> usize {
        self.places.saturating_sub(self.found + self.unknown)
    }

    /// Places that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.places.saturating_sub(self.found).min(self.unknown)
    }
}

/// All that a dossier is made from.
pub(crate) struct Material<'a> {
    pub project: &'a Project,
    pub catalogue: &'a Catalogue,
    pub units: &'a [UnitInfo],
    pub findings: &'a [Finding],
    pub rules: &'a [RuleInfo],
    pub coverage: &'a Coverage,
    pub application: &'a Application,
    pub inventory: &'a Inventory,
    pub undecided: &'a BTreeMap<String, u64>,
    /// By rule that says which facts it is about: how many these are.
    pub about: &'a BTreeMap<String, usize>,
    pub applied: &'a BTreeSet<String>,
    pub ledger: Vec<Row>,
    /// Columns that classes, schemas and tables declare.
    pub columns: &'a [casemate_app::Column],
    pub stated: context::Stated,
    pub today: Option<&'a str>,
    pub decisions: crate::decision::Told,
    pub profile: String,
    pub enforced: crate::enforced::Enforced,
    pub place: &'a dyn Fn(Site) -> String,
}

impl Material<'_> {
    /// The requirements that are asked for: those of level 1, and of more where the policy says so.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &Row> {
        let level = self.enforced.asvs;
        self.ledger.iter().filter(move |row| row.level <= level)
    }

    /// `file:line` without the line.
    pub(crate) fn file(&self, site: Site) -> String {
        let place = (self.place)(site);
        place
            .rsplit_once(':')
            .map_or_else(|| place.clone(), |(file, _)| file.to_owned())
    }
}

/// Computes it.
pub(crate) fn make(material: Material<'_>) -> Dossier {
    let m = &material;
    let surface = surface::of(m);
    let risks = risk::of(m);
    let practices = practices(m);
    let areas = areas(m);
    let context = context::of(m, &surface);
    let diagram = diagram::of(m, &surface);
    let plan = plan::of(m, &risks);
    let summary = summary::of(m, &surface, &risks, &practices, &context, &plan);
    let monitoring = monitor::of(m, &surface);
    let threats = threat::of(m, &surface, &diagram);
    let suggestions = summary::suggestions(m, &surface, &context);
    let lacks = summary::lacks(m);
    let views = views::of(m);
    let protection = protection::of(m);
    let conflicts = views::conflicts(&m.profile, &context.regimes);
    let unresolved = m.application.unresolved.clone();
    Dossier {
        context,
        summary,
        areas,
        practices,
        surface,
        diagram,
        protection,
        risks,
        plan,
        monitoring,
        threats,
        ledger: material.ledger,
        decisions: material.decisions,
        views,
        conflicts,
        profile: material.profile,
        enforced: material.enforced,
        unresolved,
        suggestions,
        lacks,
    }
}

fn areas(m: &Material<'_>) -> Vec<Area> {
    let named = casemate_rules::rule::Area::NAMED.iter();
    named
        .map(|(name, area)| {
            let rules = m.catalogue.rules().filter(|r| r.area == *area);
            let rules: Vec<&Rule> = rules.filter(|r| m.applied.contains(&r.id)).collect();
            let mut levels = [0; 5];
            for finding in m.findings {
                if rules.iter().any(|r| r.id == finding.rule)
                    && let Some(n) = levels.get_mut(finding.severity.level as usize)
                {
                    *n += 1;
                }
            }
            Area {
                name: (*name).to_owned(),
                levels,
                rules: rules.len(),
            }
        })
        .collect()
}

fn practices(m: &Material<'_>) -> Vec<Practice> {
    let mut out: Vec<Practice> = m
        .catalogue
        .rules()
        .filter(|rule| m.applied.contains(&rule.id))
        .map(|rule| {
            let found = m.findings.iter().filter(|f| f.rule == rule.id).count();
            let unknown = m.undecided.get(&rule.id);
            let unknown = unknown.map_or(0, |n| usize::try_from(*n).unwrap_or(usize::MAX));
            Practice {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                area: rule.area.name().to_owned(),
                // One place may be told of more than once, and what was answered or left open was asked: at least so many.
                places: asked(rule, m).max(found.saturating_add(unknown)),
                found,
                unknown,
                kept: rule.kept.clone().unwrap_or_default(),
            }
        })
        .filter(|p| p.places > 0 || p.found > 0)
        .collect();
    out.sort_by(|a, b| (&a.area, &a.rule).cmp(&(&b.area, &b.rule)));
    out
}

fn asked(rule: &Rule, m: &Material<'_>) -> usize {
    fn names(of: &[String]) -> Vec<&str> {
        of.iter().map(String::as_str).collect()
    }
    if let Some(about) = m.about.get(&rule.id) {
        return *about;
    }
    match &rule.question {
        Question::Flow(question) => m.inventory.places(&names(&question.to)).len(),
        Question::Site(question) => m.inventory.settings(&names(&question.at)).len(),
        Question::Model(question) if question.subject == "endpoint" => {
            let all = m.application.endpoints.iter();
            all.filter(|e| !crate::application::is_task(&e.method))
                .count()
        }
        Question::Model(question) => m.inventory.settings(&[question.subject.as_str()]).len(),
        Question::Schema(_) | Question::Decision(_) => 0,
    }
}
