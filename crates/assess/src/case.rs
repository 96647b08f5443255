//! The examples of rules and models, run as the small projects that they are.

use crate::assessment::Assessment;
use crate::chosen::Chosen;
use crate::config::Config;
use crate::error::Error;
use crate::knowledge::Knowledge;
use crate::pipeline;
use crate::pool;
use casemate_model::load::{Example, ModelFile};
use casemate_rules::example::{self, Case, CaseFile, Complete, Expectation, Found, Variant};
use casemate_rules::marker;
use casemate_rules::rule::Rule;
use casemate_source::Project;

/// What came of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseResult {
    /// The rule, or the library of a model's example.
    pub of: String,
    /// The file that the case stands in.
    pub file: String,
    /// The case's name.
    pub case: String,
    /// `vulnerable`, `safe`, `fixed`.
    pub variant: &'static str,
    /// Where it and its findings differ, as sentences.
    pub mismatches: Vec<String>,
    /// Marks of the case that say what is not yet right: known misses and known false alarms.
    pub known: usize,
}

/// Runs the cases of all rules, or of the named one, in the order of rules and cases.
///
/// # Errors
/// The system gives no threads.
pub fn of_rules(knowledge: &Knowledge, only: Option<&Rule>) -> Result<Vec<CaseResult>, Error> {
    let rules = knowledge
        .catalogue
        .rules()
        .filter(|rule| only.is_none_or(|o| o.id == rule.id));
    let cases: Vec<(&Rule, Case)> = rules
        .flat_map(|rule| rule.cases().into_iter().map(move |case| (rule, case)))
        .collect();
    let run = |(rule, case): &(&Rule, Case)| result(&rule.id, &rule.file, case, knowledge);
    pool::run(None, || all(&cases, run)).map_err(Error::from)
}

/// Runs the examples of model files. What a rule finds that an example marks somewhere is marked everywhere in it.
///
/// # Errors
/// The system gives no threads.
pub fn of_models(knowledge: &Knowledge, files: &[ModelFile]) -> Result<Vec<CaseResult>, Error> {
    let cases: Vec<(&ModelFile, Case)> = files
        .iter()
        .flat_map(|file| {
            file.examples
                .iter()
                .map(move |example| (file, case_of(example)))
        })
        .collect();
    pool::run(None, || {
        all(&cases, |(file, case): &(&ModelFile, Case)| {
            result(&file.library, &file.file, case, knowledge)
        })
    })
    .map_err(Error::from)
}

fn all<T: Sync>(cases: &[T], run: impl Fn(&T) -> CaseResult + Sync) -> Vec<CaseResult> {
    let failed = |message: String| CaseResult {
        of: String::new(),
        file: String::new(),
        case: String::new(),
        variant: "",
        mismatches: vec![format!("casemate failed on it: {message}")],
        known: 0,
    };
    pool::map_contained(cases, run)
        .into_iter()
        .map(|r| r.unwrap_or_else(failed))
        .collect()
}

fn case_of(example: &Example) -> Case {
    let mut expectations = Vec::new();
    let files = example.files.iter().map(|file| {
        let (text, markers) = marker::markers(&file.text);
        expectations.extend(markers.into_iter().map(|m| Expectation {
            file: file.path.clone(),
            line: m.line,
            rule: m.rule,
            kind: m.expected,
        }));
        CaseFile {
            path: file.path.clone(),
            text,
            line: file.line,
        }
    });
    Case {
        name: format!("line {}", example.line),
        variant: Variant::Vulnerable,
        complete: Complete::MarkedRules,
        files: files.collect(),
        expectations,
    }
}

fn result(of: &str, file: &str, case: &Case, knowledge: &Knowledge) -> CaseResult {
    let mismatches = match findings(case, knowledge) {
        Ok(found) => example::compare(of, case, &found)
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(error) => vec![error.to_string()],
    };
    CaseResult {
        of: of.to_owned(),
        file: file.to_owned(),
        case: case.name.clone(),
        variant: match case.variant {
            Variant::Vulnerable => "vulnerable",
            Variant::Safe => "safe",
            Variant::Fixed => "fixed",
        },
        mismatches,
        known: case
            .expectations
            .iter()
            .filter(|e| e.kind != marker::Expected::Finding)
            .count(),
    }
}

fn findings(case: &Case, knowledge: &Knowledge) -> Result<Vec<Found>, Error> {
    let found = assessed(case, knowledge)?.findings.into_iter();
    Ok(found
        .map(|f| Found {
            file: f.place.file,
            line: f.place.line,
            rule: f.rule,
        })
        .collect())
}

/// Runs within the pool that the caller made; rules in preview run too, for their examples are tests like all others.
pub(crate) fn assessed(case: &Case, knowledge: &Knowledge) -> Result<Assessment, Error> {
    let config = Config {
        preview: true,
        ..Config::default()
    };
    let files: Vec<(String, String)> = case
        .files
        .iter()
        .map(|f| (f.path.clone(), f.text.clone()))
        .collect();
    let policy = crate::policy_of(&files, knowledge)?;
    let project = Project::from_memory("example", &files);
    let chosen = Chosen::new(&config, &knowledge.catalogue)?;
    Ok(pipeline::run(
        &project,
        &config,
        &chosen,
        &policy,
        knowledge,
        crate::stage::NOBODY,
    ))
}
