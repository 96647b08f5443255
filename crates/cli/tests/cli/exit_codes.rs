//! Exit codes and what is said about them: the same in every format.

use crate::common::{CLEAN, FLAWED, run, tree, write};

#[test]
fn findings_decide_by_level() {
    let flawed = tree(FLAWED);
    for format in ["text", "json", "markdown", "html", "sarif"] {
        assert_eq!(
            run(flawed.path(), &["assess", ".", "-f", format]).code,
            1,
            "{format}"
        );
        assert_eq!(
            run(
                flawed.path(),
                &["assess", ".", "-f", format, "--fail-on", "never"]
            )
            .code,
            0,
            "{format}"
        );
    }
    let ignored = run(flawed.path(), &["assess", "--ignore", "sql-injection"]);
    assert_eq!(ignored.code, 0, "{}", ignored.stdout);
    let other = run(flawed.path(), &["assess", "--select", "command-injection"]);
    assert_eq!(other.code, 0, "{}", other.stdout);
    assert_eq!(run(tree(CLEAN).path(), &["assess"]).code, 0);
}

#[test]
fn wrong_use_is_2_and_says_what_to_do() {
    let dir = tree(FLAWED);
    for (args, said) in [
        (&["assess", "nope"][..], "`nope` does not exist"),
        (
            &["assess", "--select", "sql-injektion"],
            "did you mean `sql-injection`?",
        ),
        (&["assess", "-f", "text,json"], "stdout takes one format"),
        (
            &["assess", "-o", "missing/out.sarif"],
            "`missing/out.sarif` cannot be written: its folder does not exist",
        ),
        (&["assess", "-o", "src"], "`src` cannot be written"),
        (&["explain", "sql"], "unknown rule `sql`"),
    ] {
        let run = run(dir.path(), args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
        assert!(
            run.stderr.contains("\nhelp: "),
            "{args:?} does not say what to do: {}",
            run.stderr
        );
        assert_eq!(run.stdout, "", "{args:?}");
    }
    assert_eq!(run(dir.path(), &["assess", "--no-such-flag"]).code, 2);
    assert_eq!(run(dir.path(), &["assess", "--jobs", "0"]).code, 2);
    assert_eq!(run(dir.path(), &[]).code, 2);
    assert_eq!(run(dir.path(), &["--help"]).code, 0);
    assert_eq!(run(dir.path(), &["--version"]).code, 0);
}

#[test]
fn nothing_to_assess_is_3() {
    let empty = tempfile::tempdir().unwrap();
    let nothing = run(empty.path(), &["assess"]);
    assert_eq!(nothing.code, 3);
    assert!(
        nothing.stdout.contains("Nothing to assess"),
        "{}",
        nothing.stdout
    );
    assert_eq!(run(empty.path(), &["assess", "--allow-empty"]).code, 0);
    let foreign = tree(&[
        ("main.go", "package main"),
        ("public/a.js", "$('#a').hide()"),
    ]);
    let run = run(foreign.path(), &["assess"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("1 Go") && run.stdout.contains("1 browser file"),
        "{}",
        run.stdout
    );
}

#[test]
fn incomplete_is_4_when_asked_for() {
    let dir = tree(CLEAN);
    write(dir.path(), "blob.js", b"\x7fELF\0\0");
    assert_eq!(run(dir.path(), &["assess"]).code, 0);
    let strict = run(dir.path(), &["assess", "--error-on-incomplete"]);
    assert_eq!(strict.code, 4);
    assert!(
        strict.stdout.contains("blob.js: not text"),
        "{}",
        strict.stdout
    );
}

#[test]
fn filters_say_what_they_hide() {
    let dir = tree(FLAWED);
    let run = run(
        dir.path(),
        &["assess", "--min-severity", "critical", "--fail-on", "low"],
    );
    assert!(
        run.stdout
            .contains("--min-severity critical leaves out what is less serious: hides"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_server_without_endpoints_is_told() {
    let manifest = r#"{"name": "shop", "private": true, "dependencies": {"restana-like": "1"}}"#;
    let known = r#"{"name": "shop", "private": true, "dependencies": {"sails": "1"}}"#;
    let server = "const make = require('restana-like');\nconst app = make();\napp.answers('/a', run);\napp.listen(3000);\nfunction run() {}\n";
    let lifted = "require('sails').lift({});\n";
    let dir = tree(&[("package.json", manifest), ("server.js", server)]);
    let listening = run(dir.path(), &["assess", "--error-on-incomplete"]);
    assert_eq!(listening.code, 4, "{}", listening.stdout);
    for told in [
        "no endpoint of `shop` was found, though it listens at server.js:4",
        "; no endpoint of shop was found, so missing controls were not judged",
    ] {
        let said: Vec<&str> = listening.stdout.split_whitespace().collect();
        assert!(said.join(" ").contains(told), "{}", listening.stdout);
    }
    let dir = tree(&[("package.json", known), ("app.js", lifted)]);
    let named = run(dir.path(), &["assess", "--error-on-incomplete"]);
    assert_eq!(named.code, 4);
    let said: Vec<&str> = named.stdout.split_whitespace().collect();
    let told = "though package.json names sails, and it listens at app.js:1";
    assert!(said.join(" ").contains(told), "{}", named.stdout);
    // What waits for something else than requests is no server, and neither is what has endpoints.
    for (manifest, code) in [
        (
            manifest,
            "const bus = require('restana-like');\nbus.listen('news', () => {});\n",
        ),
        (
            r#"{"name": "shop", "private": true, "dependencies": {"express": "4"}}"#,
            "const app = require('express')();\napp.get('/a', (req, res) => res.json({}));\napp.listen(3000);\n",
        ),
    ] {
        let dir = tree(&[("package.json", manifest), ("index.js", code)]);
        let silent = run(dir.path(), &["assess", "--error-on-incomplete"]);
        assert!(!silent.stdout.contains("no endpoint"), "{}", silent.stdout);
        assert_ne!(silent.code, 4);
    }
}
