//! The report to keep.

mod common;

#[test]
fn a_document() {
    insta::assert_snapshot!(casemate_report::markdown::render(&common::sample()));
}
