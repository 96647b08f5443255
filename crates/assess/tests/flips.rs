//! What the rules say they decide, their cases show.

use casemate_assess::flip;
use casemate_assess::knowledge::Knowledge;

#[test]
fn what_rules_decide_is_shown_by_cases_and_quoted_by_the_readme() {
    let reach = flip::reach(Knowledge::built_in().unwrap()).unwrap();
    assert_eq!(reach.unproven, Vec::<String>::new());
    let [one, two, three] = &reach.levels;
    assert_eq!((one.of, two.of, three.of), (70, 183, 92));
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
    let all = one.decided + two.decided + three.decided;
    let said = format!(
        "decides {all} of the 345 requirements of ASVS 5.0, {} of the 70 of level 1",
        one.decided
    );
    let readme = readme
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(readme.contains(&said), "the README should say: {said}");
}

#[test]
fn rules_about_decisions_ask_questions_that_are_known() {
    use casemate_assess::decision::question;
    use casemate_rules::rule::Question;
    let catalogue = &Knowledge::built_in().unwrap().catalogue;
    let mut asked: Vec<&str> = Vec::new();
    for rule in catalogue.rules() {
        if let Question::Decision(of) = &rule.question {
            for name in &of.about {
                assert!(
                    question::ALL.contains(&name.as_str()),
                    "{}: {name}",
                    rule.id
                );
                asked.push(name);
            }
        }
    }
    asked.sort_unstable();
    assert_eq!(asked, question::ALL, "each question is asked by one rule");
}
