//! Tests of repairs, as they are written for small programs.
//!
//! `scripts/test-retests` runs them: they fail in `before` and pass in `after`. Here some of them are pinned: those that stand in the
//! folder `pinned` of a program. After a change of a template: `UPDATE=1 cargo test -p casemate-assess --test retests`.

use casemate_assess::assessment::{Assessment, RegressionTest};
use casemate_assess::config::Config;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/retests")
        .join(name)
}

fn assess(paths: Vec<PathBuf>) -> Assessment {
    casemate_assess::assess(&Config {
        paths,
        ..Config::default()
    })
    .unwrap()
}

/// The tests of a program by the rule and the line of their finding.
fn tests(a: &Assessment) -> BTreeMap<String, RegressionTest> {
    let with = a.findings.iter().filter_map(|f| {
        let test = f.test.clone()?;
        Some((format!("{}-{}", f.rule, f.place.line), test))
    });
    with.collect()
}

#[test]
fn files_are_as_pinned() {
    let mut wrong = Vec::new();
    for program in [
        "django",
        "express",
        "fastapi",
        "fastify",
        "flask",
        "flask-forms",
        "jest",
        "mocha",
        "nest",
        "python-remote",
        "typescript",
    ] {
        let tests = tests(&assess(vec![folder(&format!("{program}/before"))]));
        let pinned = folder(&format!("{program}/pinned"));
        let mut files: Vec<PathBuf> = std::fs::read_dir(&pinned)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let Some(test) = tests.get(name) else {
                let all: Vec<&String> = tests.keys().collect();
                panic!("no test {name} of {program}, but {all:?}");
            };
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&file, &test.text).unwrap();
            } else if std::fs::read_to_string(&file).unwrap() != test.text {
                wrong.push(file);
            }
        }
    }
    assert!(wrong.is_empty(), "other than pinned: {wrong:?}");
}

/// A program with one endpoint that answers with what a query says, and its manifest.
fn one(manifest: &str, end: &str) -> RegressionTest {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("package.json"), manifest).unwrap();
    let text = format!(
        "const express = require('express');\nconst app = express();\napp.get('/hello', (req, res) => res.send('<p>' + req.query.name));\n{end}\n"
    );
    std::fs::write(dir.path().join("app.js"), text).unwrap();
    let a = assess(vec![dir.path().to_owned()]);
    let found = a.findings.iter().find(|f| f.rule == "cross-site-scripting");
    found.and_then(|f| f.test.clone()).unwrap()
}

#[test]
fn each_package_has_its_own_way() {
    let exported = "module.exports = app;";
    let listens = "app.listen(3000);";
    for (manifest, end, run, says, says_not) in [
        (
            r#"{"name": "x", "scripts": {"start": "node app.js", "test": "vitest"}, "devDependencies": {"vitest": "3", "supertest": "7"}}"#,
            exported,
            "npx vitest run ",
            "from 'vitest'",
            "BASE_URL",
        ),
        (
            r#"{"name": "x", "scripts": {"start": "node app.js"}, "devDependencies": {"jest": "29", "supertest": "7"}}"#,
            exported,
            "npx jest --forceExit --runTestsByPath test/",
            "require('supertest')",
            "BASE_URL",
        ),
        (
            r#"{"name": "x", "scripts": {"test": "NODE_ENV=test node --experimental-vm-modules node_modules/.bin/jest -c unit.json --coverage && eslint -c .eslintrc"}, "devDependencies": {"jest": "29"}}"#,
            exported,
            "NODE_OPTIONS=--experimental-vm-modules npx jest -c unit.json --forceExit --runTestsByPath test/",
            "createHttpServer(program)",
            "BASE_URL",
        ),
        (
            r#"{"name": "x", "scripts": {"test": "mocha --require ./test/setup.js --require=$(rm) 'src/**/*.spec.js'"}, "devDependencies": {"mocha": "10"}}"#,
            exported,
            "npx mocha --require ./test/setup.js --exit test/",
            "createHttpServer(program)",
            "BASE_URL",
        ),
        (
            r#"{"name": "x", "scripts": {"start": "node app.js"}, "devDependencies": {"mocha": "10"}}"#,
            exported,
            "npx mocha --exit test/",
            "createHttpServer(program)",
            "BASE_URL",
        ),
        (
            r#"{"name": "x", "scripts": {"start": "node app.js"}}"#,
            listens,
            "node --test-force-exit --test ",
            "process.env.BASE_URL",
            "require(\"../../app.js\")",
        ),
        (
            r#"{"name": "x", "type": "module", "scripts": {"start": "node app.js"}}"#,
            listens,
            "node --test-force-exit --test ",
            "import { it } from 'node:test'",
            "require(",
        ),
    ] {
        let test = one(manifest, end);
        assert!(test.run.starts_with(run), "{}", test.run);
        assert!(test.text.contains(says), "{}", test.text);
        assert!(!test.text.contains(says_not), "{}", test.text);
        assert_eq!(
            test.needs.iter().any(|n| n.name == "BASE_URL"),
            end == listens
        );
    }
}

#[test]
fn nothing_of_a_project_is_code() {
    let dir = tempfile::tempdir().unwrap();
    let text = "const express = require('express');\nconst app = express();\napp.get('/a`${x}\"/\\u2028\\n*/hello', (req, res) => res.send('<p>' + req.query['a`${x}\"\\n']));\napp.listen(3000);\n";
    std::fs::write(
        dir.path().join("package.json"),
        r#"{"name": "x", "scripts": {"start": "node app.js"}}"#,
    )
    .unwrap();
    std::fs::create_dir(dir.path().join("a\nprocess.exit()")).unwrap();
    std::fs::write(dir.path().join("a\nprocess.exit()/app.js"), text).unwrap();
    for test in tests(&assess(vec![dir.path().to_owned()])).values() {
        assert!(
            !test.text.contains("${x}") || test.text.contains("\\${x}"),
            "{}",
            test.text
        );
        assert!(
            !test
                .text
                .lines()
                .any(|line| line.starts_with("process.exit")),
            "{}",
            test.text
        );
    }
}
