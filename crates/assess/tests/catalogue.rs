//! The examples of all rules and models are their tests.

use casemate_assess::case::{self, CaseResult};
use casemate_assess::knowledge::Knowledge;

fn differing(results: &[CaseResult]) -> String {
    let wrong = results.iter().filter(|r| !r.mismatches.is_empty());
    wrong
        .map(|r| {
            format!(
                "{} · {} ({})\n  {}\n",
                r.of,
                r.case,
                r.variant,
                r.mismatches.join("\n  ")
            )
        })
        .collect()
}

#[test]
fn every_example_of_a_rule_is_as_marked() {
    let knowledge = Knowledge::built_in().unwrap();
    let results = case::of_rules(knowledge, None).unwrap();
    let wrong = differing(&results);
    assert!(
        results.len() > 100 && wrong.is_empty(),
        "{} cases, these differ:\n{wrong}",
        results.len()
    );
}

#[test]
fn every_example_of_a_model_is_as_marked() {
    let knowledge = Knowledge::built_in().unwrap();
    let results = case::of_models(knowledge, &Knowledge::model_files().unwrap()).unwrap();
    let wrong = differing(&results);
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
}
