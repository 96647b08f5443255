//! What a project's owner accepts, and that it is told.

use crate::common::{FLAWED, run, tree, write};

const ORDERS: &str = "const { Pool } = require('pg')\nconst pool = new Pool()\n";

#[test]
fn a_comment_accepts_with_a_reason() {
    let dir = tree(FLAWED);
    let with = |comment: &str| {
        format!(
            "{ORDERS}{comment}\nexports.list = (sort) => pool.query('select * from orders order by ' + sort)\n"
        )
    };
    write(
        dir.path(),
        "src/orders.js",
        with("// casemate: ignore[sql-injection] the column is checked by the gateway").as_bytes(),
    );
    let accepted = run(dir.path(), &["assess"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stdout);
    assert!(
        accepted
            .stdout
            .contains("src/orders.js:3 ignores sql-injection: hides 1 finding"),
        "{}",
        accepted.stdout
    );
    assert_eq!(
        run(dir.path(), &["assess", "--isolated"]).code,
        1,
        "not for code one does not trust"
    );
    for (comment, said) in [
        ("// casemate: ignore", "must name its rules"),
        (
            "// casemate: ignore[sql-injektion] x",
            "did you mean `sql-injection`?",
        ),
        ("// casemate: ignore[sql-injection]", "gives no reason"),
    ] {
        write(dir.path(), "src/orders.js", with(comment).as_bytes());
        let run = run(dir.path(), &["assess"]);
        assert_eq!(run.code, 1, "{comment}");
        assert!(run.stdout.contains(said), "{comment}: {}", run.stdout);
    }
}

#[test]
fn a_policy_file_accepts_and_is_listed() {
    let dir = tree(FLAWED);
    write(
        dir.path(),
        "casemate.toml",
        b"[[ignore]]\nrule = 'sql-injection'\npath = 'src/**'\nreason = 'known'\n",
    );
    let accepted = run(dir.path(), &["assess"]);
    assert_eq!(accepted.code, 0, "{}", accepted.stdout);
    assert!(
        accepted
            .stdout
            .contains("casemate.toml:1 ignores sql-injection in src/**: hides 1 finding (known)"),
        "{}",
        accepted.stdout
    );
    assert_eq!(
        run(dir.path(), &["assess", "src"]).code,
        1,
        "a part without repository has no policy above it"
    );
    assert_eq!(run(dir.path(), &["assess", "--isolated"]).code, 1);
    let sarif = run(dir.path(), &["assess", "-f", "sarif"]);
    assert!(
        sarif.stdout.contains("\"results\": []") && sarif.stdout.contains("hides 1 finding"),
        "{}",
        sarif.stdout
    );

    write(
        dir.path(),
        "casemate.toml",
        b"[paths]\nexclude = ['src/orders.js']\n",
    );
    let excluded = run(dir.path(), &["assess"]);
    assert_eq!(excluded.code, 0);
    assert!(
        excluded
            .stdout
            .contains("casemate.toml:2 src/orders.js leaves 1 file or folder out"),
        "{}",
        excluded.stdout
    );

    write(dir.path(), "casemate.toml", b"[policy]\nexclud = []\n");
    let wrong = run(dir.path(), &["assess"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong
            .stderr
            .contains("`casemate.toml`, line 2: unknown field `exclud`"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn the_policy_says_what_fails_and_gives_levels() {
    let dir = tree(FLAWED);
    let with = |policy: &str, args: &[&str]| {
        write(dir.path(), "casemate.toml", policy.as_bytes());
        let all: Vec<&str> = ["assess"].iter().chain(args).copied().collect();
        run(dir.path(), &all)
    };
    assert_eq!(with("", &[]).code, 1);
    assert_eq!(with("[policy]\nfail_on = 'never'\n", &[]).code, 0);
    let above = with("[policy]\nfail_on = 'never'\n", &["--fail-on", "high"]);
    assert_eq!(above.code, 1, "the command line stands above the policy");
    let given = with("[policy.levels]\nsql-injection = 'low'\n", &[]);
    assert_eq!(given.code, 0, "{}", given.stdout);
    assert!(
        given
            .stdout
            .contains("casemate.toml:2 gives sql-injection the level low: lowers 1 finding"),
        "{}",
        given.stdout
    );
    let inside = with("[context]\nexposure = 'internal'\n", &[]);
    // Lines are broken where the terminal ends.
    let words: Vec<&str> = inside.stdout.split_whitespace().collect();
    assert!(
        words.join(" ").contains(
            "casemate.toml:2 states that only people of the own network reach the service: lowers"
        ),
        "{}",
        inside.stdout
    );
    let wrong = with("[policy]\nfail_on = 'hgih'\n", &[]);
    assert!(
        wrong.stderr.contains("did you mean `high`?"),
        "{}",
        wrong.stderr
    );
}
