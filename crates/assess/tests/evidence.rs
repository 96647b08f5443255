//! What a verdict or a sentence of the report rests on, on small projects: places that are about it, and no silence about what
//! nobody looked into.

use casemate_assess::assessment::Assessment;
use casemate_assess::config::Config;
use casemate_assess::dossier::Row;
use casemate_assess::knowledge::Knowledge;

fn assess(files: &[(&str, &str)]) -> Assessment {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let knowledge = Knowledge::built_in().unwrap();
    casemate_assess::assess_files(&files, &Config::default(), knowledge).unwrap()
}

fn row<'a>(assessment: &'a Assessment, id: &str) -> &'a Row {
    let id = format!("v5.0.0-{id}");
    let found = assessment.dossier.ledger.iter().find(|r| r.id == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

/// The verdict and the reason of one requirement.
fn check(files: &[(&str, &str)], id: &str, verdict: &str, because: &str) {
    let assessment = assess(files);
    let row = row(&assessment, id);
    assert_eq!(row.verdict.name(), verdict, "{id}: {}", row.because);
    assert!(row.because.contains(because), "{id}: {}", row.because);
}

const EXPRESS: &str = "const express = require('express'); const app = express()\n";

#[test]
fn where_nothing_was_seen_packages_without_a_model_are_named() {
    let direct = "import requests\nfrom flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    return 'x'\n";
    let wrapped = "from requests_hardened import Manager\nfrom flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    Manager({}).send_request('GET', 'https://example.org')\n    return 'x'\n";
    check(&[("app.py", direct)], "1.3.6", "PASS", "no place");
    check(
        &[("app.py", wrapped)],
        "1.3.6",
        "PARTIAL",
        "`requests_hardened` may be one",
    );
}

#[test]
fn calls_that_say_something_else_are_no_places() {
    let program = format!(
        "{EXPRESS}const {{ execFileSync }} = require('child_process')\n\
         app.set('view engine', 'pug')\napp.get('/', (req, res) => {{ execFileSync('node', ['x.js']); res.end() }})\napp.listen(1)\n"
    );
    let assessment = assess(&[("app.js", &program)]);
    assert_eq!(row(&assessment, "1.2.8").verdict.name(), "N/A");
    let headers = row(&assessment, "4.1.3");
    assert_eq!(
        headers.evidence,
        Vec::<String>::new(),
        "{}",
        headers.because
    );
    let trusting = program.replace("'view engine', 'pug'", "'trust proxy', 1");
    let assessment = assess(&[("app.js", &trusting)]);
    assert_eq!(row(&assessment, "4.1.3").evidence, ["app.js:3"]);
}

#[test]
fn what_is_home_made_is_not_called_absent() {
    let codes = format!(
        "{EXPRESS}const verificationCode = (mail) => store.get(mail)\n\
         app.post('/login', (req, res) => res.json(verificationCode(req.body.mail)))\napp.listen(1)\n"
    );
    let without = codes.replace("verificationCode", "greeting");
    check(
        &[("app.js", &codes)],
        "6.5.1",
        "PARTIAL",
        "`verificationCode`",
    );
    check(&[("app.js", &without)], "6.5.1", "N/A", "is not there");
}

#[test]
fn tasks_of_queues_are_no_endpoints_and_resolvers_are_not_open() {
    let files = [
        ("requirements.txt", "celery\ngraphene\nflask\n"),
        (
            "app.py",
            "import graphene\nfrom celery import shared_task\nfrom flask import Flask\napp = Flask(__name__)\n\n\
             @app.get('/')\ndef home():\n    return 'x'\n\n@shared_task\ndef tidy(n):\n    return n\n\n\
             class Query(graphene.ObjectType):\n    orders = graphene.List(graphene.String)\n    def resolve_orders(self, info):\n        return []\n\n\
             schema = graphene.Schema(query=Query)\n",
        ),
    ];
    let assessment = assess(&files);
    let surface = &assessment.dossier.surface;
    assert_eq!(surface.tasks, 1);
    assert!(surface.endpoints.iter().all(|e| e.method != "TASK"));
    for endpoint in surface.endpoints.iter().filter(|e| e.method == "GRAPHQL") {
        assert_eq!(endpoint.has("authentication"), "unknown");
        assert_eq!(endpoint.named(), "GRAPHQL Query.resolve_orders");
    }
    assert_eq!(surface.logins, [0, 1, surface.endpoints.len() - 1]);
}

#[test]
fn lock_files_are_named_with_what_they_pin() {
    let manifest = r#"{"name":"x","dependencies":{"express":"^4.18.0","pg":"*"}}"#;
    let lock = "# yarn\n\n\"express@npm:^4.18.0\":\n  version: 4.18.2\n";
    let signals = |files: &[(&str, &str)]| assess(files).dossier.context.signals.join("\n");
    let with = signals(&[
        ("package.json", manifest),
        ("yarn.lock", lock),
        ("a.js", ""),
    ]);
    assert!(
        with.contains("`yarn.lock` pins 1 of 2 declared dependencies"),
        "{with}"
    );
    let without = signals(&[("package.json", manifest), ("a.js", "")]);
    assert!(without.contains("no lock file was seen"), "{without}");
}
