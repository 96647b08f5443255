//! What an owner decides: drafted, signed, held against the code, and not used where the code is not trusted.

use crate::common::{run, tree, write};
use std::fs;

const APP: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "orderly", "dependencies": {"express": "^4", "express-session": "^1"}}"#,
    ),
    (
        "app.js",
        "const express = require('express')\nconst app = express()\n\
         app.use(require('express-session')({ secret: process.env.COOKIE_SECRET, cookie: { secure: true, maxAge: 86400000 } }))\n\
         app.get('/about', (req, res) => res.send('about'))\napp.listen(80)\n",
    ),
];

#[test]
fn a_draft_is_signed_and_becomes_checks() {
    let dir = tree(APP);
    let path = dir.path().join("casemate.decisions.toml");
    let drafted = run(dir.path(), &["decisions", "init"]);
    assert_eq!(drafted.code, 0, "{}", drafted.stderr);
    let text = fs::read_to_string(&path).unwrap();
    for read in [
        "endpoint = \"GET /about\"   # app.js:4",
        "lifetime = \"1 day\"   # app.js:3",
        "name = \"COOKIE_SECRET\"   # app.js:3",
        "# [[event]]",
    ] {
        assert!(text.contains(read), "{read} is not in\n{text}");
    }
    assert_eq!(
        run(dir.path(), &["decisions", "init"]).code,
        2,
        "nothing is written over"
    );

    let changed = text.replace("lifetime = \"1 day\"", "lifetime = \"15 minutes\"");
    write(dir.path(), "casemate.decisions.toml", changed.as_bytes());
    let unsigned = run(dir.path(), &["assess", "-f", "json"]);
    assert!(
        !unsigned.stdout.contains("lifetime-not-as-decided@"),
        "nobody has signed it"
    );
    assert!(
        unsigned
            .stdout
            .contains("`casemate.decisions.toml` speaks of it, and nobody has signed it"),
        "{}",
        unsigned.stdout
    );

    let signed = changed.replacen("by = \"\"", "by = \"Ada\"", 1).replacen(
        "on = \"\"",
        "on = \"2026-01-02\"",
        1,
    );
    write(dir.path(), "casemate.decisions.toml", signed.as_bytes());
    let assessed = run(dir.path(), &["assess", "--fail-on", "low"]);
    assert_eq!(assessed.code, 1, "{}", assessed.stdout);
    assert!(
        assessed.stdout.contains("sets `lifetime` to 1 day, where")
            && assessed.stdout.contains("says 15 minutes"),
        "{}",
        assessed.stdout
    );
    let isolated = run(dir.path(), &["assess", "--isolated", "-f", "json"]);
    assert!(!isolated.stdout.contains("lifetime-not-as-decided@"));

    let as_it_is = signed
        .replace("lifetime = \"15 minutes\"", "lifetime = \"1 day\"")
        .replace("why = \"\"", "why = \"people work with it all day\"");
    write(dir.path(), "casemate.decisions.toml", as_it_is.as_bytes());
    let kept = run(dir.path(), &["assess", "-f", "json"]);
    assert!(!kept.stdout.contains("lifetime-not-as-decided@"));
    assert!(
        kept.stdout.contains("\"verdict\": \"ATTESTED\"")
            && kept.stdout.contains("Ada signed it on 2026-01-02"),
        "{}",
        kept.stdout
    );
}

#[test]
fn a_key_that_nobody_knows_is_an_error() {
    let dir = tree(APP);
    write(
        dir.path(),
        "casemate.decisions.toml",
        b"[session]\nlifetme = '1 day'\n",
    );
    let wrong = run(dir.path(), &["assess"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("`casemate.decisions.toml`, line 2")
            && wrong.stderr.contains("did you mean `lifetime`?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_a_backend_was_described_by_stands_for_its_decisions() {
    let dir = tree(&[]);
    let description = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/notes/backend.toml"
    );
    let made = run(dir.path(), &["new", description, "notes"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let notes = dir.path().join("notes");
    let assessed = run(&notes, &["assess", "-f", "json"]);
    assert!(
        assessed
            .stdout
            .contains("whoever keeps backend.toml stands for it"),
        "{}",
        assessed.stderr
    );
    assert!(!assessed.stdout.contains("-as-decided@"));

    // The owner lets packages run what they like; the code does not.
    let file = notes.join("casemate.decisions.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("scripts = false"));
    fs::write(&file, text.replace("scripts = false", "scripts = true")).unwrap();
    let differs = run(&notes, &["assess", "-f", "json"]);
    assert!(differs.stdout.contains("installation-not-as-decided@"));

    // Nobody stands for it where the description is gone.
    fs::remove_file(notes.join("backend.toml")).unwrap();
    let orphan = run(&notes, &["assess", "-f", "json"]);
    assert!(!orphan.stdout.contains("installation-not-as-decided@"));
    assert!(orphan.stdout.contains("is not there"), "{}", orphan.stderr);
}
