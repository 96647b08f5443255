//! The report to keep.

mod common;

#[test]
fn a_document() {
    insta::assert_snapshot!(casemate_report::render(
        &common::sample(),
        casemate_report::Format::Markdown
    ));
}

#[test]
fn what_is_in_doubt_is_not_passed_over() {
    use casemate_assess::assessment::Level;
    use casemate_assess::dossier::risk::Risk;
    let mut assessment = common::sample();
    assessment.dossier.summary.priorities.clear();
    assessment.dossier.risks = vec![Risk {
        id: "R1".to_owned(),
        level: Level::Medium,
        confidence: "low".to_owned(),
        place: "app/a.js:3".to_owned(),
        ..Risk::default()
    }];
    let text = casemate_report::render(&assessment, casemate_report::Format::Markdown);
    assert!(
        text.contains("A person looks first at R1 at `app/a.js:3`, of low confidence"),
        "{text}"
    );
    assert!(!text.contains("Nothing above low level waits"));
}
