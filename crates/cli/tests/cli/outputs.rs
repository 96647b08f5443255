//! Where reports go, and that they are the same whatever runs them.

use crate::common::{CLEAN, FLAWED, command, run, tree};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::Stdio;

#[test]
fn several_formats_at_once() {
    let dir = tree(FLAWED);
    let run = run(
        dir.path(),
        &[
            "assess",
            "-f",
            "text,sarif,json",
            "-o",
            "sarif=out.sarif",
            "--output",
            "json=out.json",
        ],
    );
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("SQL") && run.stderr.contains("wrote out.sarif"),
        "{run:?}"
    );
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(dir.path().join(name)).unwrap()).unwrap()
    };
    let (json, sarif) = (read("out.json"), read("out.sarif"));
    let finding = &json["findings"][0];
    assert_eq!(finding["rule"], "sql-injection");
    assert_eq!(
        (
            finding["place"]["file"].as_str(),
            finding["place"]["line"].as_u64()
        ),
        (Some("src/orders.js"), Some(3))
    );
    assert_eq!(
        finding["paths"][0]["steps"][0]["place"]["file"],
        "src/app.js"
    );
    assert_eq!(
        json["findings"].as_array().unwrap().len(),
        1,
        "the look-alike is safe"
    );
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "src/orders.js");
    let left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .filter(|n| n.to_string_lossy().contains(".casemate-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let dir = tree(FLAWED);
    for format in ["text", "json", "markdown", "html", "sarif"] {
        let one = run(dir.path(), &["assess", "-f", format, "-j", "1"]).stdout;
        for jobs in ["2", "7"] {
            assert_eq!(
                run(dir.path(), &["assess", "-f", format, "-j", jobs]).stdout,
                one,
                "{format}"
            );
        }
    }
}

#[test]
fn an_output_file_is_complete_or_as_it_was() {
    let dir = tree(FLAWED);
    fs::write(dir.path().join("out.json"), "before").unwrap();
    assert_eq!(
        run(
            dir.path(),
            &["assess", "nope", "-f", "json", "-o", "out.json"]
        )
        .code,
        2
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("out.json")).unwrap(),
        "before"
    );
    assert_eq!(
        run(
            dir.path(),
            &["assess", "-f", "json", "-o", "out.json", "-q"]
        )
        .stderr,
        ""
    );
    assert!(
        fs::read_to_string(dir.path().join("out.json"))
            .unwrap()
            .ends_with("}\n")
    );
}

#[cfg(unix)]
#[test]
fn a_device_is_written_and_not_replaced() {
    let dir = tree(FLAWED);
    assert_eq!(
        run(dir.path(), &["assess", "-f", "json", "-o", "/dev/null"]).code,
        1
    );
    use std::os::unix::fs::FileTypeExt;
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let dir = tree(FLAWED);
    let mut child = command(dir.path(), &["assess", "-f", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), stderr.as_str()),
        (Some(1), "")
    );
}

#[test]
fn colours_as_asked() {
    let dir = tree(FLAWED);
    let escape = '\u{1b}';
    assert!(
        !run(dir.path(), &["assess"]).stdout.contains(escape),
        "no terminal"
    );
    assert!(
        run(dir.path(), &["assess", "--color", "always"])
            .stdout
            .contains(escape)
    );
    let forced = command(dir.path(), &["assess"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(String::from_utf8(forced.stdout).unwrap().contains(escape));
    let refused = command(dir.path(), &["assess"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!String::from_utf8(refused.stdout).unwrap().contains(escape));
}

#[test]
fn one_file_brings_its_project() {
    let dir = tree(FLAWED);
    for file in ["src/orders.js", "src/app.js"] {
        let run = run(dir.path(), &["assess", file, "-f", "json"]);
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(
            json["findings"][0]["rule"], "sql-injection",
            "{file}: the flaw begins in one and ends in the other"
        );
    }
}

#[test]
fn facts_are_printed_by_name() {
    let dir = tree(FLAWED);
    let run_facts = |args: &[&str]| run(dir.path(), &[&["debug", "facts", "."], args].concat());
    let found = run_facts(&["--fact", "endpoint"]);
    assert_eq!(found.code, 0, "{found:?}");
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{found:?}");
    assert!(
        lines[0].starts_with("src/app.js:4  endpoint of GET /orders  ")
            && lines[0].contains("  method=\"get\"  ")
            && lines[0].contains("  writes=false  "),
        "{found:?}"
    );
    let nothing = run_facts(&["--fact", "no-such"]);
    assert!(
        nothing.stdout.is_empty() && nothing.stderr.contains("no fact of this name"),
        "{nothing:?}"
    );
}

#[test]
fn languages_that_do_not_exist_are_refused_with_what_to_do() {
    let dir = tree(CLEAN);
    let english = run(dir.path(), &["assess", "-f", "markdown", "--lang", "en"]);
    assert!(english.stdout.contains("## Project Context"), "{english:?}");
    let other = run(dir.path(), &["assess", "--lang", "fr"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(
        other.stderr.contains(".casemate/lang/fr.toml") && other.stderr.contains("casemate lang"),
        "{}",
        other.stderr
    );
}
