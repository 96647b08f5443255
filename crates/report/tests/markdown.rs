//! The report to keep.

mod common;

#[test]
fn a_document() {
    insta::assert_snapshot!(casemate_report::render(
        &common::sample(),
        casemate_report::Format::Markdown
    ));
}
