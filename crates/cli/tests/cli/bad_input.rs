//! Input that nobody would write: the rest is still assessed, and what was not is told.

use crate::common::{FLAWED, run, tree, write};

#[test]
fn odd_files_do_not_hide_the_others() {
    let dir = tree(FLAWED);
    write(dir.path(), "src/broken.js", b"const a = {\nfunction (\n");
    write(
        dir.path(),
        "src/latin.js",
        b"// caf\xe9\nmodule.exports = 1 // and some more ordinary text",
    );
    write(dir.path(), "src/binary.js", b"\0\x01\x02");
    write(dir.path(), "src/big.js", &vec![b'/'; 50 * 1024 * 1024]);
    write(
        dir.path(),
        "src/min.js",
        format!("var a={};", "f(1);".repeat(20_000)).as_bytes(),
    );
    write(
        dir.path(),
        "src/deep.js",
        format!("x = {}1{}", "[".repeat(200_000), "]".repeat(200_000)).as_bytes(),
    );
    write(
        dir.path(),
        "src/chain.js",
        format!("x = a{}", ".b".repeat(300_000)).as_bytes(),
    );
    write(
        dir.path(),
        "src/sum.js",
        format!("x = 1{}", " + 1".repeat(300_000)).as_bytes(),
    );
    let run = run(dir.path(), &["assess"]);
    assert_eq!(run.code, 1, "{run:?}");
    for said in [
        "src/binary.js: not text",
        "src/big.js: larger than 10.0 MB: 50.0 MB",
        "src/latin.js: not UTF-8",
        "src/broken.js:",
        "minified file",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    assert!(run.stdout.contains("sql-injection@"));
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let outside = tree(FLAWED);
    let dir = tree(crate::common::CLEAN);
    symlink(outside.path(), dir.path().join("out")).unwrap();
    symlink(dir.path(), dir.path().join("loop")).unwrap();
    symlink("/dev/zero", dir.path().join("zero.js")).unwrap();
    let run = run(dir.path(), &["assess"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.contains("out: a link out of the project")
            && run.stdout.contains("zero.js: a link out of the project"),
        "{}",
        run.stdout
    );
}

#[test]
fn nothing_of_a_project_steers_the_terminal() {
    let dir = tree(&[("a\u{1b}[31m.js", "exports.a = 1\n")]);
    write(dir.path(), "b\u{1b}]0;x\u{7}.js", b"\0");
    let run = run(dir.path(), &["assess"]);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
}

#[test]
fn a_whole_secret_is_never_printed() {
    let secret = "correct-horse-battery-staple";
    let code = format!(
        "const jwt = require('jsonwebtoken')\nexports.sign = (u) => jwt.sign(u, '{secret}')\n"
    );
    let dir = tree(&[("auth.js", &code)]);
    for format in ["text", "json", "markdown", "html", "sarif"] {
        let run = run(dir.path(), &["assess", "-f", format]);
        assert!(!run.stdout.contains(secret), "{format}: {}", run.stdout);
    }
}
