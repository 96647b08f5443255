//! Rules and models of a project's own: used, listed with what they do, and not used where the code is not trusted.

use crate::common::{FLAWED, run, tree, write};

const RULE: &str = r#"+++
title = "Server on a port of its own"
since = "1.0.0"
status = "stable"
cwe = [1188]
precision = "high"
[severity]
confidentiality = "low"
integrity = "none"
availability = "none"
effort = "low"
[match]
site = { at = "listen" }
[fix]
kind = "guide"
+++

## What
{sink} opens a port, which our platform does by itself.

## Why it matters
The platform does not know of it.

## Attack
Somebody inside the network uses the port past the gateway.

## Fix
Export the handler.

## Alternatives
None with us.

## Examples
```js case=opens file=app.js
require('http').createServer(() => {}).listen(80) //~ own-port
```
"#;

const MODEL: &str = "[library]\nname = 'acme'\npackages = ['npm:@acme/sort']\nsource = 'ours'\n\n\
[[row]]\nat = 'npm:@acme/sort.column'\nrole = 'clean'\nkinds = ['*']\n\n\
[[example]]\nlang = 'js'\ncode = \"require('@acme/sort').column(x)\"\n";

#[test]
fn own_rules_and_models_count_and_are_listed() {
    let dir = tree(FLAWED);
    write(
        dir.path(),
        "src/orders.js",
        b"const { Pool } = require('pg')\nconst { column } = require('@acme/sort')\nconst pool = new Pool()\n\
          exports.list = (sort) => pool.query('select * from orders order by ' + column(sort))\n\
          exports.one = (id) => pool.query('select * from orders where id = $1', [id])\n",
    );
    write(
        dir.path(),
        ".casemate/rules/config/own-port.md",
        RULE.as_bytes(),
    );
    let with_rule = run(dir.path(), &["assess"]);
    assert!(
        with_rule.stdout.contains("own-port@") && with_rule.stdout.contains("sql-injection@"),
        "{}{}",
        with_rule.stdout,
        with_rule.stderr
    );
    assert!(
        with_rule
            .stdout
            .contains(".casemate/rules/config/own-port.md adds the rule own-port, with 1 finding"),
        "{}",
        with_rule.stdout
    );
    write(dir.path(), ".casemate/models/acme.toml", MODEL.as_bytes());
    let with_model = run(dir.path(), &["assess"]);
    assert!(
        !with_model.stdout.contains("sql-injection@"),
        "{}{}",
        with_model.stdout,
        with_model.stderr
    );
    assert!(
        with_model
            .stdout
            .contains(".casemate/models adds models of acme")
            && with_model.stdout.contains("hides 1 finding"),
        "{}",
        with_model.stdout
    );
    let isolated = run(dir.path(), &["assess", "--isolated"]);
    assert!(isolated.stdout.contains("sql-injection@") && !isolated.stdout.contains("own-port"));
    let selected = run(dir.path(), &["assess", "--select", "own-port"]);
    assert!(selected.stdout.contains("own-port@") && !selected.stdout.contains("sql-injection@"));
}

#[test]
fn mistakes_of_own_files_are_errors_with_a_place() {
    let dir = tree(FLAWED);
    let wrong = RULE.replace("at = \"listen\"", "at = \"lisen\"");
    write(
        dir.path(),
        ".casemate/rules/config/own-port.md",
        wrong.as_bytes(),
    );
    let rule = run(dir.path(), &["assess"]);
    assert_eq!(rule.code, 2);
    assert!(
        rule.stderr
            .contains("`.casemate/rules/config/own-port.md`, line 13")
            && rule.stderr.contains("did you mean `listen`?"),
        "{}",
        rule.stderr
    );
    write(
        dir.path(),
        ".casemate/rules/config/own-port.md",
        RULE.as_bytes(),
    );
    write(
        dir.path(),
        ".casemate/models/acme.toml",
        MODEL.replace("'clean'", "'claen'").as_bytes(),
    );
    let model = run(dir.path(), &["assess"]);
    assert_eq!(model.code, 2);
    assert!(
        model.stderr.contains("`.casemate/models/acme.toml`, line ")
            && model.stderr.contains("did you mean `clean`?"),
        "{}",
        model.stderr
    );
}
