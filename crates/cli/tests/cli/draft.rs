//! `casemate new --init` and `casemate new --from`.

use crate::common::{run, tree};
use std::fs;

const TABLES: &str =
    "create table notes (id uuid primary key, title varchar(80) not null, tags text[]);";

#[test]
fn questions_are_answered_by_a_file_by_flags_and_by_defaults() {
    let dir = tree(&[(
        "answers.toml",
        "name = \"shop\"\nthings = \"order\"\n[order]\nfields = \"total: money(EUR)\"\n",
    )]);
    let arguments = [
        "new",
        "--init",
        "--answers",
        "answers.toml",
        "--answer",
        "mfa=yes",
    ];
    let made = run(dir.path(), &arguments);
    assert_eq!(made.code, 0, "{made:?}");
    let text = fs::read_to_string(dir.path().join("backend.toml")).unwrap();
    for line in [
        "name = \"shop\"",
        "mfa = \"totp\"",
        "fields.total = \"money(EUR)\"",
    ] {
        assert!(text.lines().any(|other| other == line), "{text}");
    }
    assert_eq!(run(dir.path(), &["new", "backend.toml", "out"]).code, 0);
}

#[test]
fn what_does_not_fit_writes_nothing() {
    let dir = tree(&[
        ("bad.toml", "name = 5\n"),
        ("schema.sql", TABLES),
        ("schema.txt", TABLES),
        ("broken.yaml", "a: ["),
        ("empty.prisma", ""),
    ]);
    for (arguments, said) in [
        (&["new", "--init"][..], "`things` needs an answer"),
        (
            &["new", "--init", "--answer", "things"],
            "`things` has no `=`",
        ),
        (
            &["new", "--init", "--answer", "things=Order"],
            "the answer to `things` does not fit: `Order` is no name",
        ),
        (
            &[
                "new",
                "--init",
                "--answer",
                "things=order",
                "--answer",
                "colour=red",
            ],
            "nobody has asked for `colour`",
        ),
        (
            &["new", "--init", "--answers", "bad.toml"],
            "bad.toml:1:8: `name` is no text in quotes",
        ),
        (
            &["new", "--init", "--answers", "gone.toml"],
            "`gone.toml` cannot be read",
        ),
        (
            &["new", "--init", "--from", "schema.sql"],
            "cannot be used with",
        ),
        (
            &["new", "--from", "schema.txt"],
            "`schema.txt` is none of the formats",
        ),
        (&["new", "--from", "gone.sql"], "`gone.sql` cannot be read"),
        (&["new", "--from", "broken.yaml"], "this is no YAML"),
        (
            &["new", "--from", "empty.prisma"],
            "nothing in it could become an entity",
        ),
        (
            &["new", "--from", "schema.sql", "--output", "schema.txt"],
            "`schema.txt` is already there",
        ),
        (&["new"], "required"),
    ] {
        let run = run(dir.path(), arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(said), "{arguments:?}: {run:?}");
    }
    assert!(!dir.path().join("backend.toml").exists());
}

#[test]
fn a_draft_says_what_it_has_lost_and_generates() {
    let dir = tree(&[("schema.sql", TABLES)]);
    let made = run(
        dir.path(),
        &["new", "--from", "schema.sql", "--output", "draft.toml"],
    );
    assert_eq!(made.code, 0, "{made:?}");
    assert!(
        made.stdout.contains("`notes`: `tags` is left out: lists"),
        "{made:?}"
    );
    assert_eq!(run(dir.path(), &["new", "draft.toml", "out"]).code, 0);
}
