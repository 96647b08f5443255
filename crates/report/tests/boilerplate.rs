//! How much of a report could stand in any other: two unrelated projects may share at most 15 % of its sentences.
//!
//! Method is marked and left out: prose of rules, notes about the report itself, headings, heads of rows and columns, and what
//! stands in a cell as one of few answers. `scripts/boilerplate` asks the same of reports of real projects.

use casemate_assess::config::Config;
use casemate_assess::knowledge::Knowledge;
use casemate_report::document::{self, Block, Cell, Depth, Document};
use std::collections::BTreeSet;

const SHOP: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name":"shop","dependencies":{"express":"^4.18.0","pg":"^8.0.0"}}"#,
    ),
    (
        "src/app.js",
        "const express = require('express')\nconst { Pool } = require('pg')\nconst pool = new Pool()\nconst app = express()\n\
         app.use(express.json())\nfunction signedIn(req, res, next) { if (!req.headers.authorization) return res.status(401).end(); next() }\n\
         app.get('/orders', signedIn, (req, res) => pool.query('select * from orders where state = ' + req.query.state).then((r) => res.json(r.rows)))\n\
         app.post('/orders', signedIn, (req, res) => pool.query('insert into orders(email) values ($1)', [req.body.email]).then(() => res.end()))\n\
         app.get('/go', (req, res) => res.redirect(req.query.to))\nconsole.log('ready')\napp.listen(3000)\n",
    ),
];

const CLINIC: &[(&str, &str)] = &[
    ("requirements.txt", "flask==3.0.0\n"),
    (
        "clinic.py",
        "import os\nimport subprocess\nfrom flask import Flask, request, render_template_string\n\napp = Flask(__name__)\n\n\
         @app.route('/patients/<name>')\ndef patient(name):\n    return render_template_string('<h1>' + name + '</h1>')\n\n\
         @app.route('/scan', methods=['POST'])\ndef scan():\n    subprocess.run('scan ' + request.form['diagnosis'], shell=True)\n    return 'ok'\n\n\
         @app.route('/file')\ndef read():\n    return open(os.path.join('/data', request.args['f'])).read()\n",
    ),
];

/// All that is said of a project, each sentence as often as it is printed.
fn sentences(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let knowledge = Knowledge::built_in().unwrap();
    let assessment = casemate_assess::assess_files(&files, &Config::default(), knowledge).unwrap();
    assert!(
        assessment.findings.len() >= 2,
        "{} findings",
        assessment.findings.len()
    );
    let document = document::of(&assessment, Depth::default());
    let mut out = Vec::new();
    collect(&document, &mut out);
    // Projects from memory have one name; real ones have their own.
    out.iter().map(|s| s.replace("example", name)).collect()
}

fn collect(document: &Document<'_>, out: &mut Vec<String>) {
    for section in &document.sections {
        for block in &section.blocks {
            of_block(block, out);
        }
    }
}

fn of_block(block: &Block<'_>, out: &mut Vec<String>) {
    let mut add = |text: &str| {
        for sentence in text.split(". ") {
            if sentence.split_whitespace().count() >= 4 {
                out.push(sentence.trim_end_matches('.').to_owned());
            }
        }
    };
    match block {
        Block::Text(text) | Block::Lead(text) => add(text),
        Block::List(items) => items.iter().for_each(|item| add(item)),
        Block::Table(table) | Block::Grouped(table, _) => {
            table.rows.iter().flatten().for_each(|cell| {
                if let Cell::Text(text) = cell {
                    add(text);
                }
            })
        }
        Block::Entry(entry) => entry.blocks.iter().for_each(|b| of_block(b, out)),
        _ => {}
    }
}

#[test]
fn two_projects_share_few_sentences() {
    let (shop, clinic) = (sentences("shop", SHOP), sentences("clinic", CLINIC));
    let of = |all: &[String]| all.iter().cloned().collect::<BTreeSet<String>>();
    let (one, other) = (of(&shop), of(&clinic));
    assert!(one.len().min(other.len()) > 100, "hardly anything is said");
    let shared: Vec<&String> = one.intersection(&other).collect();
    let printed = |all: &[String]| {
        all.iter().filter(|s| shared.contains(s)).count() as f64 / all.len() as f64
    };
    let share = [
        shared.len() as f64 / one.len().min(other.len()) as f64,
        printed(&shop),
        printed(&clinic),
    ];
    assert!(
        share.iter().all(|share| *share <= 0.15),
        "{share:.2?} of {} and {} sentences:\n{}",
        one.len(),
        other.len(),
        shared
            .iter()
            .map(|s| format!("  {s}\n"))
            .collect::<String>()
    );
}
