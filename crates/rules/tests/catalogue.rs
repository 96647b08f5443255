//! The rules that ship: every file is read without a mistake, and has the examples that the format asks for.

use casemate_model::kind::Kinds;
use casemate_rules::catalogue::{Catalogue, Via};
use casemate_rules::rule::{Fill, Heading, Question};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn load() -> (Catalogue, Vec<String>) {
    let kinds = std::fs::read_to_string(root().join("models/kinds.toml")).unwrap();
    let (catalogue, errors) =
        Catalogue::load_folder(&root().join("rules"), &Kinds::parse(&kinds).unwrap());
    (catalogue, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn every_rule_is_read() {
    let (catalogue, errors) = load();
    assert_eq!(errors, Vec::<String>::new());
    assert!(catalogue.rules().len() > 0);
    assert_eq!(catalogue.asvs().len(), 345);
}

#[test]
fn every_rule_has_its_examples() {
    let (catalogue, _) = load();
    let gaps = catalogue.rules().flat_map(|rule| {
        Catalogue::gaps(rule)
            .into_iter()
            .map(|gap| format!("{}: {gap}", rule.file))
    });
    assert_eq!(gaps.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn every_rule_reads_well_without_its_placeholders() {
    let (catalogue, _) = load();
    for rule in catalogue.rules() {
        let message = rule.message(&Fill::default());
        assert!(
            message.len() < 300 && !message.contains('\n') && !message.ends_with('.'),
            "{}: {message}",
            rule.file
        );
        assert!(
            message.starts_with(char::is_uppercase),
            "{}: {message}",
            rule.file
        );
        for section in &rule.sections {
            assert!(
                !section.text.contains("{sink}'") && section.heading.title() != "",
                "{}",
                rule.file
            );
        }
        let flow = matches!(rule.question, Question::Flow(_));
        let what = rule.section(Heading::What).unwrap_or_default();
        assert!(
            !flow || what.contains("{source}"),
            "{}: *What* of a flow rule names its source",
            rule.file
        );
    }
}

#[test]
fn the_blob_is_small_and_the_same_again() {
    let (catalogue, _) = load();
    let bytes = catalogue.to_bytes().unwrap();
    assert!(bytes.len() < 3 << 20, "{} bytes", bytes.len());
    assert_eq!(Catalogue::from_bytes(&bytes).unwrap(), catalogue);
    assert_eq!(catalogue.to_bytes().unwrap(), bytes);
}

#[test]
fn names_of_other_tools_lead_to_rules() {
    let (catalogue, _) = load();
    let ids = |name: &str| {
        catalogue
            .lookup(name)
            .into_iter()
            .map(|(rule, via)| (rule.id.clone(), via))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("sql-injection"),
        [("sql-injection".to_owned(), Via::Id)]
    );
    assert_eq!(ids("s608"), [("sql-injection".to_owned(), Via::Alias)]);
    assert_eq!(
        catalogue.unknown("sql-injectoin"),
        "unknown rule `sql-injectoin`: did you mean `sql-injection`?"
    );
}
