//! The same input gives the same bytes, whatever the thread count and the order in which files are met.
#![expect(clippy::unwrap_used, reason = "tests")]

use casemate_assess::assess;
use casemate_assess::config::Config;
use std::path::Path;

fn assessed(folder: &Path, jobs: usize) -> String {
    let assessment = assess(&Config {
        paths: vec![folder.to_path_buf()],
        jobs: Some(jobs),
        ..Config::default()
    })
    .unwrap();
    serde_json::to_string_pretty(&assessment).unwrap()
}

/// A backend whose files import each other in a circle, with several ways to each sink.
fn generated() -> Vec<(String, String)> {
    const SERVICES: usize = 24;
    let mut files = vec![(
        "package.json".to_owned(),
        r#"{"name":"generated","dependencies":{"express":"4.19.0","pg":"8.11.0"}}"#.to_owned(),
    )];
    let mut routes = String::from("const express = require('express');\nconst app = express();\n");
    for n in 0..SERVICES {
        let (next, far) = ((n + 1) % SERVICES, (n * 7 + 3) % SERVICES);
        files.push((
            format!("src/service{n}.js"),
            format!(
                "const {{ exec }} = require('child_process');\n\
                 const {{ Pool }} = require('pg');\n\
                 const next = require('./service{next}');\n\
                 const far = require('./service{far}');\n\
                 const pool = new Pool();\n\
                 const seen = {{}};\n\
                 exports.run{n} = function (input, depth, done) {{\n\
                 \x20 seen.last = input.name;\n\
                 \x20 if (depth > {n}) return far.query{far}(input.id, done);\n\
                 \x20 done(input.file);\n\
                 \x20 return next.run{next}({{ ...input, id: input.id + seen.last }}, depth + 1, done);\n\
                 }};\n\
                 exports.query{n} = function (id, done) {{\n\
                 \x20 exec('ls ' + seen.last);\n\
                 \x20 return pool.query(`SELECT * FROM t{n} WHERE id = ${{id}}`, done);\n\
                 }};\n"
            ),
        ));
        routes.push_str(&format!(
            "const s{n} = require('./service{n}');\n\
             app.get('/{n}/:id', (req, res) => s{n}.run{n}({{ id: req.params.id, name: req.query.name, file: req.query.file }}, 0, (f) => res.sendFile(f)));\n\
             app.post('/{n}', (req, res) => s{n}.query{n}(req.body.id, (e, rows) => res.json(rows)));\n"
        ));
    }
    routes.push_str("app.listen(3000);\n");
    files.push(("src/app.js".to_owned(), routes));
    files
}

/// A backend with so many endpoints that threads share them otherwise when there are more of them; all read by one function.
fn many_endpoints() -> (String, String) {
    const ENDPOINTS: usize = 150;
    let mut text = "from flask import Flask, abort, jsonify, request\n\
         from flask_login import current_user, login_required\n\
         from flask_sqlalchemy import SQLAlchemy\n\
         app = Flask(__name__)\n\
         db = SQLAlchemy(app)\n\
         class Order(db.Model):\n\
         \x20   user_id = db.Column(db.Integer)\n\
         def by_id(key):\n\
         \x20   return Order.query.filter(Order.id == key).one()\n\
         @app.route('/mine')\n\
         @login_required\n\
         def mine():\n\
         \x20   return jsonify(Order.query.filter(Order.user_id == current_user.id).all())\n"
        .to_owned();
    for n in 0..ENDPOINTS {
        text.push_str(&format!(
            "@app.route('/orders{n}/<order{n}>')\n\
             @login_required\n\
             def order{n}(order{n}):\n"
        ));
        if n % 3 > 0 {
            text.push_str(&format!(
                "\x20   if order{n} not in current_user.orders:\n\x20       abort(403)\n"
            ));
        }
        text.push_str(&format!("\x20   return jsonify(by_id(order{n}))\n"));
    }
    ("app.py".to_owned(), text)
}

/// Writes the files in the order given; their folder has the same name each time.
fn written(files: &[(String, String)]) -> (tempfile::TempDir, std::path::PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("generated");
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (parent, folder)
}

#[test]
fn threads_change_nothing_in_the_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/orders-api");
    let one = assessed(&example, 1);
    assert!(one.contains("\"findings\": [\n"), "nothing was found");
    assert!(one == assessed(&example, 4));
    assert!(one == assessed(&example, 4), "the second run differs");
}

#[test]
fn threads_and_file_order_change_nothing_in_a_large_project() {
    let mut files = generated();
    let (_keep, folder) = written(&files);
    let one = assessed(&folder, 1);
    assert!(one.contains("sql-injection"), "nothing was found");
    assert!(one == assessed(&folder, 2));
    assert!(one == assessed(&folder, 4));
    files.reverse();
    let (_keep_too, reversed) = written(&files);
    let text = |folder: &Path| folder.parent().unwrap().display().to_string();
    let other = assessed(&reversed, 4).replace(&text(&reversed), &text(&folder));
    assert!(one == other);
}

#[test]
fn threads_change_nothing_where_they_share_endpoints() {
    let (_keep, folder) = written(&[many_endpoints()]);
    let one = assessed(&folder, 1);
    assert!(one.contains("missing-ownership-check"), "nothing was found");
    assert!(one == assessed(&folder, 2));
    assert!(one == assessed(&folder, 4));
}
