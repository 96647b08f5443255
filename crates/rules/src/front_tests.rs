//! Mistakes in front matter, by line and with near names.

use super::*;

const FRONT: &str = r#"+++
title = "SQL text built from untrusted data"
since = "0.1.0"
status = "stable"
cwe = [89]
asvs = ["v5.0.0-1.2.4"]
owasp = ["A05:2025"]
aliases = ["S608"]
precision = "high"
[severity]
confidentiality = "high"
integrity = "high"
availability = "low"
effort = "low"
grade = { "url.path" = "low" }
[match]
flow.from = ["http", "store:low"]
flow.to = ["sql"]
flow.unless = "fact.escaped"
[fix]
kind = "edit"
name = "bind-parameter"
safe = true
+++
"#;

const BODY: &str = "## What\nA.\n## Why it matters\nB.\n## Attack\nC.\n## Fix\nD.\n## Alternatives\nE.\n## Examples\n```ts case=a\nx() //~ sql-injection\n```\n";

fn read(file: &str, front: &str) -> Result<Rule, Vec<String>> {
    let kinds = Kinds::parse(include_str!("../../../models/kinds.toml")).unwrap();
    let asvs = ["v5.0.0-1.2.4".to_owned(), "v5.0.0-1.2.5".to_owned()];
    parse(
        file,
        &format!("{front}{BODY}"),
        Names {
            kinds: &kinds,
            asvs: &asvs,
        },
    )
    .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn errors(from: &str, to: &str) -> Vec<String> {
    assert!(FRONT.contains(from), "{from}");
    read("injection/sql-injection.md", &FRONT.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_rule_is_read_as_typed_data() {
    let rule = read("injection/sql-injection.md", FRONT).unwrap();
    assert_eq!(
        (rule.id.as_str(), rule.area, rule.cwe.as_slice()),
        ("sql-injection", Area::Injection, [89].as_slice())
    );
    let Question::Flow(flow) = &rule.question else {
        panic!("a flow")
    };
    assert_eq!(
        flow.from
            .iter()
            .map(|o| (o.kind.as_str(), o.cap))
            .collect::<Vec<_>>(),
        [("http", None), ("store", Some(Confidence::Low)),]
    );
    assert_eq!(
        flow.unless.as_ref().map(|c| c.text.as_str()),
        Some("fact.escaped")
    );
    assert_eq!(rule.severity.grade, [("url.path".to_owned(), Grade::Low)]);
    assert_eq!(rule.fix.name.as_deref(), Some("bind-parameter"));
    assert_eq!((rule.cases().len(), rule.langs()), (1, vec!["javascript"]));
}

#[test]
fn a_rule_survives_the_blob() {
    let rule = read("injection/sql-injection.md", FRONT).unwrap();
    let catalogue = crate::catalogue::Catalogue::of([rule]);
    let bytes = catalogue.to_bytes().unwrap();
    assert_eq!(
        crate::catalogue::Catalogue::from_bytes(&bytes).unwrap(),
        catalogue
    );
    assert!(crate::catalogue::Catalogue::from_bytes(b"junk").is_err());
}

#[test]
fn names_that_nobody_knows_are_errors_with_near_names() {
    let file = "injection/sql-injection.md";
    let cases = [
        (
            "title =",
            "titel =",
            vec![
                ":2: `title` is missing",
                ":2: unknown key `titel`: did you mean `title`?",
            ],
        ),
        (
            "\"stable\"",
            "\"stabel\"",
            vec![":4: unknown value of `status` `stabel`: did you mean `stable`?"],
        ),
        (
            "[89]",
            "[0, 730]",
            vec![
                ":5: CWE-730 is a category, not a weakness; name the weakness itself",
                ":5: no CWE has the number 0",
            ],
        ),
        (
            "[89]",
            "[1, 2, 3, 4]",
            vec![
                ":5: CWE-2 is a category, not a weakness; name the weakness itself",
                ":5: `cwe` has one to three numbers, the primary one first",
            ],
        ),
        (
            "v5.0.0-1.2.4",
            "v5.0.0-1.2.44",
            vec![":6: unknown ASVS requirement `v5.0.0-1.2.44`: did you mean `v5.0.0-1.2.4`?"],
        ),
        (
            "A05:2025",
            "A5:2025",
            vec![":7: unknown OWASP id `A5:2025`: did you mean `A05:2025`?"],
        ),
        (
            "effort = \"low\"",
            "effort = 3",
            vec![":14: `effort` is a whole number, expected a string"],
        ),
        (
            "url.path\" =",
            "url.paht\" =",
            vec![":15: unknown sink kind `url.paht`; did you mean `url.path`?"],
        ),
        (
            "\"http\"",
            "\"htpp\"",
            vec![":17: unknown source kind `htpp`"],
        ),
        (
            "store:low",
            "store:lo",
            vec![":17: unknown confidence `lo`: did you mean `low`?"],
        ),
        (
            "[\"sql\"]",
            "[\"sqll\"]",
            vec![":18: unknown sink kind `sqll`; did you mean `sql`?"],
        ),
        (
            "flow.unless",
            "flow.unles",
            vec![":19: unknown key of `flow` `unles`: did you mean `unless`?"],
        ),
        (
            "kind = \"edit\"",
            "kind = \"guide\"",
            vec![":22: a guide names no fixer"],
        ),
        (
            "safe = true",
            "safe = \"yes\"",
            vec![":23: `safe` is a string, expected true or false"],
        ),
    ];
    for (from, to, expected) in cases {
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{file}{line}"))
            .collect();
        let found = errors(from, to);
        assert!(
            found
                .iter()
                .zip(&expected)
                .all(|(found, expected)| found.starts_with(expected.as_str()))
                && found.len() == expected.len(),
            "{to}: {found:#?}"
        );
    }
}

#[test]
fn conditions_name_fields_and_functions_of_their_facts() {
    let site = |condition: &str| {
        let from = "flow.from = [\"http\", \"store:low\"]\nflow.to = [\"sql\"]\nflow.unless = \"fact.escaped\"";
        errors(
            from,
            &format!("site = {{ at = \"hash\", where = \"{condition}\" }}"),
        )
    };
    let at = "injection/sql-injection.md:17: `where`: ";
    assert_eq!(
        site("fact.algoritm == 'md5'"),
        [format!(
            "{at}unknown field `algoritm`: did you mean `algorithm`?"
        )]
    );
    assert_eq!(
        site("lowr(fact.algorithm) == 'md5'"),
        [format!(
            "{at}unknown function `lowr`: did you mean `lower`?"
        )]
    );
    assert_eq!(
        site("fact.algorithm ~ '('"),
        [format!("{at}`(` is not a regular expression")]
    );
    assert_eq!(
        site("calle == 'x'"),
        [format!("{at}unknown name `calle`: did you mean `callee`?")]
    );
    assert_eq!(site("fact.algorithm ==").len(), 1);
    let flow = errors("fact.escaped", "fact.escapd");
    assert_eq!(
        flow,
        [
            "injection/sql-injection.md:19: `unless`: unknown field `escapd`: did you mean `escaped`?"
        ]
    );
    let none = errors(
        "flow.from = [\"http\", \"store:low\"]\nflow.to = [\"sql\"]\nflow.unless = \"fact.escaped\"",
        "",
    );
    assert_eq!(
        none,
        [
            "injection/sql-injection.md:16: `[match]` has exactly one of `flow`, `site`, `model`, `schema`, `decision`"
        ]
    );
}

#[test]
fn files_have_a_place_and_fences() {
    let place = |file: &str| read(file, FRONT).expect_err(file);
    assert_eq!(
        place("injektion/sql-injection.md"),
        ["injektion/sql-injection.md:1: unknown area `injektion`: did you mean `injection`?",]
    );
    assert!(
        place("injection/SQL.md")
            .first()
            .is_some_and(|error| error.contains("is not a rule's file name"))
    );
    assert_eq!(
        read("injection/x.md", "---\n").expect_err("fence"),
        ["injection/x.md:1: a rule begins with a line `+++`"]
    );
    assert_eq!(
        read("injection/x.md", "+++\na = 1\n").expect_err("fence"),
        ["injection/x.md:1: the front matter is not closed by a line `+++`",]
    );
    let broken = read("injection/x.md", "+++\na = \n+++\n").expect_err("TOML");
    assert!(
        broken
            .first()
            .is_some_and(|error| error.starts_with("injection/x.md:2: not TOML: ")),
        "{broken:?}"
    );
}

#[test]
fn no_text_makes_the_reader_panic() {
    let whole = format!("{FRONT}{BODY}");
    let kinds = Kinds::default();
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let _ = parse(
            "injection/x.md",
            whole.get(..end).unwrap_or_default(),
            Names {
                kinds: &kinds,
                asvs: &[],
            },
        );
    }
}
