//! What the report says of small projects, read as its receiver: sentences that hold, and counts that agree.

use casemate_assess::assessment::{Assessment, Finding};
use casemate_assess::config::Config;
use casemate_assess::dossier::surface::EndpointRow;
use casemate_assess::knowledge::Knowledge;

fn assess(files: &[(&str, &str)]) -> Assessment {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let knowledge = Knowledge::built_in().unwrap();
    casemate_assess::assess_files(&files, &Config::default(), knowledge).unwrap()
}

fn of_rule<'a>(assessment: &'a Assessment, rule: &str) -> Vec<&'a Finding> {
    let all = assessment.findings.iter();
    all.filter(|f| f.rule == rule).collect()
}

const FLASK: &str = "import sqlite3\nfrom flask import Flask, request\napp = Flask(__name__)\n";

const FORM: &str = "@app.route('/users', methods=['GET', 'POST'])\n\
    def users():\n    name = request.form.get('name')\n    \
    sqlite3.connect('x').execute(\"select * from users where name = '%s'\" % name)\n    return 'x'\n";

#[test]
fn a_form_is_posted() {
    let assessment = assess(&[("app.py", &format!("{FLASK}{FORM}"))]);
    let found = of_rule(&assessment, "sql-injection");
    let [found] = found.as_slice() else {
        panic!("{} findings", found.len());
    };
    let endpoints: Vec<String> = found.endpoints.iter().map(|e| e.title()).collect();
    assert_eq!(endpoints, ["POST /users"]);
    let request = found.trigger.as_deref().unwrap();
    assert!(request.starts_with("POST /users HTTP/1.1"), "{request}");
    assert!(
        request.contains("x-www-form-urlencoded\n\nname="),
        "{request}"
    );
}

#[test]
fn libraries_are_called_as_the_code_calls_them() {
    let assessment = assess(&[("app.py", &format!("{FLASK}{FORM}"))]);
    let context = &assessment.dossier.context;
    assert_eq!(context.stores.first().unwrap().0, "sqlite3");
    let nodes = &assessment.dossier.diagram.nodes;
    let database = nodes.iter().find(|n| n.id == "database").unwrap();
    assert!(
        database.detail.ends_with(": sqlite3"),
        "{}",
        database.detail
    );
}

const EXPRESS: &str = "const express = require('express'); const app = express()\n";

#[test]
fn endpoints_of_one_name_are_told_apart() {
    let program = |port: u8| {
        format!("{EXPRESS}app.post('/login', (req, res) => res.end())\napp.listen({port})\n")
    };
    let assessment = assess(&[
        ("a/app.js", &program(1)),
        ("b/app.js", &program(2)),
        (
            "c.js",
            &format!("{EXPRESS}app.get('/x', (req, res) => res.end())\n"),
        ),
    ]);
    let rows = &assessment.dossier.surface.endpoints;
    let named: Vec<String> = rows.iter().map(EndpointRow::named).collect();
    assert_eq!(
        named,
        [
            "POST /login at a/app.js:2",
            "POST /login at b/app.js:2",
            "GET /x"
        ]
    );
}

#[test]
fn mutations_change_something_and_tasks_are_no_endpoints() {
    let files = [
        ("requirements.txt", "celery\ngraphene\n"),
        (
            "app.py",
            "import graphene\nfrom celery import shared_task\n\n@shared_task\ndef tidy(n):\n    return n\n\n\
             class Rename(graphene.Mutation):\n    class Arguments:\n        name = graphene.String()\n    def mutate(self, info, name):\n        return None\n\n\
             class Query(graphene.ObjectType):\n    orders = graphene.List(graphene.String)\n    def resolve_orders(self, info):\n        return []\n\n\
             class Mutation(graphene.ObjectType):\n    rename = Rename.Field()\n\nschema = graphene.Schema(query=Query, mutation=Mutation)\n",
        ),
    ];
    let assessment = assess(&files);
    let surface = &assessment.dossier.surface;
    let writes: Vec<&str> = surface
        .endpoints
        .iter()
        .filter(|e| e.writes)
        .map(EndpointRow::shown_path)
        .collect();
    assert_eq!(writes, ["Rename.mutate"]);
    let asked = assessment.dossier.practices.iter();
    let asked: Vec<usize> = asked
        .filter(|p| p.rule == "missing-authentication")
        .map(|p| p.places)
        .collect();
    assert_eq!(asked, [surface.endpoints.len()]);
}

#[test]
fn what_guards_write_tells_of_refusals() {
    let program = format!(
        "{EXPRESS}function signedIn(req, res, next) {{\n  if (!req.session.userId) {{\n    console.log('sent away')\n    return res.status(401).end()\n  }}\n  next()\n}}\n\
         app.post('/orders', signedIn, (req, res) => res.end())\napp.listen(1)\n"
    );
    let script = "#!/usr/bin/env node\nconsole.log('Created the keys')\n";
    let assessment = assess(&[("app.js", &program), ("keys.js", script)]);
    let monitoring = &assessment.dossier.monitoring;
    let query = |event: &str| {
        monitoring
            .queries
            .iter()
            .find(|q| q.event == event)
            .unwrap()
    };
    assert_eq!(query("access refused").entries, ["`app.js:4`: “sent away”"]);
    // Programs that people start by hand change no record of the service.
    assert_eq!(query("record changed or deleted").count, 0);
    let refusal = monitoring
        .events
        .iter()
        .find(|e| e.name == "refusal of access")
        .unwrap();
    assert_eq!(refusal.near, 1);
}

#[test]
fn a_print_in_the_file_of_a_guard_tells_of_no_refusal() {
    let program = format!(
        "{EXPRESS}function signedIn(req, res, next) {{\n  if (!req.session.userId) {{\n    return res.redirect('/login')\n  }}\n  next()\n}}\n\n\n\n\n\n\n\
         function admin(req, res, next) {{\n  console.log('redirecting to login')\n  next()\n}}\n\
         app.post('/login', (req, res) => {{\n  console.log('login with an unknown name')\n  res.end()\n}})\n\
         app.post('/orders', signedIn, (req, res) => res.end())\napp.listen(1)\n"
    );
    let assessment = assess(&[("app.js", &program)]);
    let monitoring = &assessment.dossier.monitoring;
    let event = |name: &str| {
        let mut all = monitoring.events.iter();
        all.find(|e| e.name == name).unwrap()
    };
    assert_eq!(event("refusal of access").near, 0);
    // Who logs in changes no data.
    assert_eq!(event("change of data").endpoints, ["POST /orders"]);
    let mut queries = monitoring.queries.iter();
    let refused = queries.find(|q| q.event == "login refused").unwrap();
    assert_eq!(refused.count, 1, "{:?}", refused.entries);
    assert!(
        refused.lacks.contains("wrong password"),
        "{}",
        refused.lacks
    );
}

#[test]
fn a_login_that_can_be_got_past_is_open() {
    let program = format!(
        "{EXPRESS}const {{ Pool }} = require('pg')\nconst pool = new Pool()\n\
         app.post('/login', async (req, res) => {{\n  const {{ user, password }} = req.body\n\
           const found = await pool.query(`select * from users where name = '${{user}}'`)\n  res.json(found && password)\n}})\napp.listen(1)\n"
    );
    let assessment = assess(&[("app.js", &program)]);
    let found = of_rule(&assessment, "sql-injection");
    let first = found.first().unwrap();
    let mut threats = assessment.dossier.threats.iter();
    let spoofing = threats.find(|t| t.stride == "Spoofing").unwrap();
    assert_eq!(spoofing.state, "open");
    assert!(spoofing.findings.contains(&first.id), "{spoofing:?}");
    assert!(spoofing.says.contains("the way in is `POST /login`"));
    // What else the handler reads is sent as well.
    let request = first.trigger.as_deref().unwrap();
    assert!(request.contains("\"password\": "), "{request}");
}

#[test]
fn one_gate_is_told() {
    let program = format!(
        "{EXPRESS}app.post('/run', (req, res) => res.send(eval(req.body.text)))\napp.listen(1)\n"
    );
    let assessment = assess(&[("app.js", &program)]);
    let dossier = &assessment.dossier;
    let gate = "`casemate assess --baseline casemate-baseline.json --fail-on medium`";
    let (_, what) = dossier.monitoring.schedule.first().unwrap();
    assert!(what.starts_with(gate), "{what}");
    assert!(dossier.plan.practices.iter().any(|p| p.contains(gate)));
}

#[test]
fn a_defence_that_is_not_needed_is_no_merit() {
    let program = format!("{EXPRESS}app.post('/orders', (req, res) => res.end())\napp.listen(1)\n");
    let assessment = assess(&[("app.js", &program)]);
    let dossier = &assessment.dossier;
    let kept = dossier
        .ledger
        .iter()
        .find(|r| r.id.ends_with("-3.5.1"))
        .unwrap();
    assert_eq!(kept.verdict.name(), "PASS", "{}", kept.because);
    let good = dossier.summary.good.join("\n");
    assert!(!good.contains("v5.0.0-3.5.1"), "{good}");
    let forged = dossier
        .threats
        .iter()
        .find(|t| t.says.contains("another site"))
        .unwrap();
    assert_eq!(forged.state, "no path found", "{}", forged.evidence);
}

const PAGES: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name":"x","dependencies":{"express":"4","swig":"1"}}"#,
    ),
    (
        "app.js",
        "const express = require('express'); const swig = require('swig'); const consolidate = require('consolidate')\nconst app = express()\n\
         app.engine('.html', consolidate.swig)\napp.set('view engine', 'html')\nswig.setDefaults({ autoescape: false })\n\
         app.get('/a', (req, res) => res.render('page', { name: req.query.name, mail: req.query.mail }))\napp.listen(1)\n",
    ),
    ("views/page.html", "<p>{{ name }}</p>\n<p>{{ mail }}</p>\n"),
];

#[test]
fn what_one_repair_ends_is_not_edited_place_by_place() {
    let assessment = assess(PAGES);
    let root = of_rule(&assessment, "autoescape-off");
    let [root] = root.as_slice() else {
        panic!("{} switches", root.len());
    };
    assert!(root.root);
    let guides = &assessment.dossier.plan.guides;
    let guide = guides
        .iter()
        .find(|g| g.rule == "cross-site-scripting")
        .unwrap();
    assert_eq!(guide.places, Vec::<(String, String)>::new());
    let ends: Vec<(&str, usize)> = guide
        .elsewhere
        .iter()
        .map(|e| (e.finding.as_str(), e.ends.len()))
        .collect();
    assert_eq!(ends, [(root.id.as_str(), 2)]);
}

#[test]
fn a_guide_is_as_grave_as_what_is_left_to_edit() {
    let mut files = PAGES.to_vec();
    files.push((
        "price.js",
        "const express = require('express'); const needle = require('needle')\nconst router = express.Router()\n\
         router.get('/price', (req, res) => needle.get('https://prices.example/', (error, answer, body) => res.send('<p>' + body)))\nmodule.exports = router\n",
    ));
    let assessment = assess(&files);
    let found = of_rule(&assessment, "cross-site-scripting");
    let guides = &assessment.dossier.plan.guides;
    let guide = guides.iter().find(|g| g.rule == "cross-site-scripting");
    let guide = guide.unwrap();
    let [(_, left)] = guide.places.as_slice() else {
        panic!("{:?}", guide.places);
    };
    let level = |id: &str| found.iter().find(|f| f.id == id).unwrap().severity.level;
    assert!(level(left) < found.iter().map(|f| f.severity.level).max().unwrap());
    assert_eq!(guide.level, level(left));
}

#[test]
fn what_comes_first_is_the_same_in_the_summary_and_in_the_plan() {
    let program = "const express = require('express'); const fs = require('fs')\nconst app = express()\n\
         const page = (name) => '<p>' + name\n\
         app.get('/a', (req, res) => res.send(page(req.query.a)))\napp.get('/b', (req, res) => res.send('<p>' + req.query.b))\n\
         app.get('/c', (req, res) => fs.readFile('files/' + req.query.c, (error, text) => res.json(text)))\n\
         app.get('/d', (req, res) => res.json(eval(req.query.d)))\napp.listen(1)\n";
    let stated = "[context]\nbudget = \"one week\"\n";
    for policy in ["", stated] {
        let assessment = assess(&[
            ("package.json", "{\"name\":\"x\"}"),
            ("app.js", program),
            ("casemate.toml", policy),
        ]);
        let plan = &assessment.dossier.plan;
        let steps = plan.immediate.iter().chain(&plan.short_term);
        let steps: Vec<&Vec<String>> = steps.map(|step| &step.risks).collect();
        let told = assessment.dossier.summary.priorities.iter();
        let told: Vec<&Vec<String>> = told.map(|(risks, _)| risks).collect();
        assert!(told.len() > 2, "{told:?}");
        assert_eq!(told, steps[..told.len()]);
    }
}

#[test]
fn a_secret_that_is_used_twice_is_one_cause() {
    let program = "import jwt\nSECRET = 'hunter22'\ndef make(name):\n    return jwt.encode({'sub': name}, SECRET, algorithm='HS256')\n\n\
                   def read(token):\n    return jwt.decode(token, SECRET, algorithms=['HS256'])\n";
    let assessment = assess(&[("requirements.txt", "pyjwt\n"), ("tokens.py", program)]);
    let found = of_rule(&assessment, "jwt-weak-secret");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].cause, found[1].cause);
}

#[test]
fn a_secret_and_what_it_is_given_to_are_one_cause_and_counted_once() {
    let program = "import jwt\nsecret = 'MYSUPERSECRETKEY'\ndef make(name):\n    return jwt.encode({'sub': name}, secret, algorithm='HS256')\n";
    let assessment = assess(&[("requirements.txt", "pyjwt\n"), ("tokens.py", program)]);
    let written = of_rule(&assessment, "secret-in-code");
    let given = of_rule(&assessment, "jwt-weak-secret");
    assert_eq!((written.len(), given.len()), (1, 1));
    assert_eq!(written[0].cause, given[0].cause);
    let risks = &assessment.dossier.risks;
    let risk = risks.iter().find(|r| r.rule == "jwt-weak-secret").unwrap();
    assert!(risk.findings.contains(&written[0].id));
    assert!(
        risk.business
            .contains("sign tokens in the name of any user"),
        "{}",
        risk.business
    );
    let mut ledger = assessment.dossier.ledger.iter();
    let row = ledger.find(|r| r.id.ends_with("-13.3.1")).unwrap();
    assert!(row.because.starts_with("2 findings"), "{}", row.because);
    assert_eq!(row.evidence.len(), 2);
}

#[test]
fn a_shared_reader_leads_on_from_where_the_way_goes() {
    let app = format!(
        "{FLASK}from flask import jsonify, render_template\n\
         def posts(name):\n    return sqlite3.connect('x').execute('select * from posts where name = ?', (name,)).fetchall()\n\
         @app.route('/api/<name>')\ndef api(name):\n    return jsonify(posts(name))\n\
         @app.route('/page/<name>')\ndef page(name):\n    return render_template('posts.html', posts=posts(name))\n"
    );
    let assessment = assess(&[
        ("app.py", &app),
        (
            "templates/posts.html",
            "{% for post in posts %}{{ post.text | safe }}{% endfor %}\n",
        ),
    ]);
    let found = of_rule(&assessment, "stored-cross-site-scripting");
    let [found] = found.as_slice() else {
        panic!("{} findings", found.len());
    };
    let endpoints: Vec<String> = found.endpoints.iter().map(|e| e.title()).collect();
    assert_eq!(endpoints, ["GET /page/<name>"]);
    // Who leaves stored text as it is, is not praised for what requests bring.
    let good = assessment.dossier.summary.good.join("\n");
    assert!(!good.contains("written into a page"), "{good}");
}

#[test]
fn a_password_comes_with_the_form() {
    let users = "@app.route('/users', methods=['GET', 'POST'])\ndef users():\n    if request.method == 'POST':\n        \
        sqlite3.connect('x').execute('insert into users (name, password) values (?, ?)', (request.form['name'], request.form['password']))\n    return 'x'\n";
    let assessment = assess(&[("app.py", &format!("{FLASK}{users}"))]);
    let found = of_rule(&assessment, "plaintext-password");
    let titles = |f: &&&Finding| f.endpoints.iter().map(|e| e.title()).collect::<Vec<_>>();
    assert_eq!(
        found.iter().map(|f| titles(&f)).collect::<Vec<_>>(),
        [["POST /users"]]
    );
}

#[test]
fn a_file_of_records_is_asked_for_no_credential() {
    let assessment = assess(&[("app.py", &format!("{FLASK}{FORM}"))]);
    let practices = &assessment.dossier.practices;
    let asked = [
        "hard-coded-credential",
        "default-service-credential",
        "database-superuser",
    ];
    for practice in practices
        .iter()
        .filter(|p| asked.contains(&p.rule.as_str()))
    {
        assert_eq!(practice.places, 0, "{}", practice.rule);
    }
    let counted = |rule: &str| {
        let practice = practices.iter().find(|p| p.rule == rule).unwrap();
        (practice.places, practice.found, practice.unknown)
    };
    assert_eq!(counted("sql-injection"), (1, 1, 0));
    assert_eq!(counted("missing-nosniff"), (1, 0, 1));
    assert_eq!(counted("missing-authentication"), (2, 0, 0));
}

#[test]
fn what_stands_for_a_secret_in_a_log_is_none() {
    let program = "const log = require('pino')(); const express = require('express'); const app = express()\n\
        app.get('/a', (req, res) => { const password = req.query.password; log.info({ password: req.query.password ? '***' : undefined }, 'asked'); res.end(password ? 'y' : 'n') })\napp.listen(1)\n";
    let assessment = assess(&[
        (
            "package.json",
            r#"{"name":"x","dependencies":{"express":"4","pino":"9"}}"#,
        ),
        ("app.js", program),
    ]);
    let [_, logged, ..] = answers(&assessment, "password");
    assert!(!logged.starts_with("yes"), "{logged}");
}

#[test]
fn a_chain_of_calls_shows_what_is_called() {
    let program = "const crypto = require('crypto')\nexports.seal = (text) =>\n  crypto\n    .createHash('md5')\n    .update(text + process.env.SECRET)\n    .digest('hex')\n";
    let assessment = assess(&[("package.json", r#"{"name":"x"}"#), ("seal.js", program)]);
    let found = of_rule(&assessment, "weak-hash");
    let snippets: Vec<&str> = found.iter().map(|f| f.place.snippet.trim()).collect();
    assert_eq!(snippets, ["crypto.createHash('md5')"]);
}

#[test]
fn guidelines_are_sentences_where_the_fix_is_code() {
    let program = format!(
        "{EXPRESS}{}app.listen(1)\n",
        "app.get('/a', (req, res) => { res.cookie('sid', req.query.a, { maxAge: 9 }); res.end() })\n"
    );
    let again = |n: u8| program.replace("/a", &format!("/{n}"));
    let assessment = assess(&[
        ("a.js", &again(1)),
        ("b.js", &again(2)),
        ("c.js", &again(3)),
    ]);
    let guidelines = &assessment.dossier.plan.guidelines;
    assert!(!guidelines.is_empty());
    for guideline in guidelines {
        assert!(!guideline.says.contains("```"), "{}", guideline.says);
    }
}

#[test]
fn units_of_writers_are_set_apart() {
    let compose = "services:\n  api:\n    image: api\n";
    let assessment = assess(&[
        ("docker-compose.yml", compose),
        (".devcontainer/docker-compose.yml", compose),
        ("app.js", &format!("{EXPRESS}app.listen(1)\n")),
    ]);
    let units: Vec<(&str, bool)> = assessment
        .dossier
        .context
        .deploys
        .iter()
        .map(|unit| (unit.at.as_str(), unit.tries))
        .collect();
    assert_eq!(
        units,
        [
            ("docker-compose.yml:2", false),
            (".devcontainer/docker-compose.yml:2", true)
        ]
    );
}

#[test]
fn places_of_which_none_was_decided_are_said_so() {
    let program = format!("{EXPRESS}app.use(express.static(process.env.FOLDER))\napp.listen(1)\n");
    let assessment = assess(&[("app.js", &program)]);
    for row in &assessment.dossier.ledger {
        assert!(!row.because.contains("violation in 0"), "{}", row.because);
        assert!(!row.because.contains("the 1 place"), "{}", row.because);
        assert!(!row.because.contains("(an application)"), "{}", row.because);
    }
    let open: Vec<&str> = assessment
        .dossier
        .ledger
        .iter()
        .filter(|r| r.because.starts_with("not decided at the one place"))
        .map(|r| r.id.as_str())
        .collect();
    assert!(!open.is_empty());
}

#[test]
fn findings_for_auditors_are_counted_alike() {
    let program = format!(
        "{EXPRESS}const {{ exec }} = require('child_process')\nexec('ls ' + process.env.FOLDER)\napp.listen(1)\n"
    );
    let assessment = assess(&[("app.js", &program)]);
    let summary = &assessment.dossier.summary;
    let low = casemate_assess::dossier::summary::for_auditors(&assessment.findings).len();
    assert!(low > 0);
    let decisions = summary.decisions.join("\n");
    assert!(
        decisions.contains(&format!("look at the {low} finding")),
        "{decisions}"
    );
}

const LOGGED: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name":"shop","dependencies":{"express":"^4.18.0","pg":"^8.0.0","winston":"^3.0.0"}}"#,
    ),
    (
        "logger.js",
        "const winston = require('winston')\nconst output = winston.createLogger({})\n\
         exports.warn = (label, message, extra) => output.warn(message, { label, ...extra })\n",
    ),
    (
        "app.js",
        "const express = require('express')\nconst logger = require('./logger')\nconst app = express()\napp.use(express.json())\n\
         app.post('/login', (req, res) => {\n  if (!req.body.password) {\n    logger.warn('auth', 'login refused for lack of a password', { ip: req.ip })\n    return res.status(401).end()\n  }\n\
           res.json({ ok: true })\n})\napp.listen(1)\n",
    ),
];

#[test]
fn entries_through_a_logger_of_the_program_are_found() {
    let assessment = assess(LOGGED);
    let monitoring = &assessment.dossier.monitoring;
    assert_eq!(
        monitoring.loggers,
        [("`logger.js`".to_owned(), 1), ("winston".to_owned(), 1)]
    );
    let query = monitoring
        .queries
        .iter()
        .find(|q| q.event == "login refused");
    assert_eq!(
        query.unwrap().entries,
        ["`app.js:7`: “login refused for lack of a password”"]
    );
    let event = monitoring
        .events
        .iter()
        .find(|e| e.name == "login and its refusal");
    assert_eq!(event.unwrap().near, 1);
}

/// Answers of a row: encrypted, logged, returned, sent.
fn answers(assessment: &Assessment, name: &str) -> [String; 4] {
    let rows = &assessment.dossier.protection.rows;
    let row = rows.iter().find(|r| r.name == name).unwrap();
    [&row.encrypted, &row.logged, &row.returned, &row.sent].map(|said| {
        let because = said.because.join(" ");
        format!("{} {because}", said.answer).trim().to_owned()
    })
}

#[test]
fn columns_are_told_with_what_becomes_of_them() {
    let models = "from django.db import models\nfrom django.contrib.auth.models import AbstractUser\n\
        class User(AbstractUser):\n    email = models.EmailField()\n    phone = EncryptedCharField(max_length=9)\n    city = models.CharField()\n";
    let views = "import logging\nfrom django.http import JsonResponse\nfrom django.urls import path\nfrom models import User\n\
        logger = logging.getLogger(__name__)\n\
        def show(request):\n    user = User.objects.get(pk=1)\n    logger.info('asked by %s', user.email)\n    return JsonResponse({'phone': user.phone})\n\
        urlpatterns = [path('me', show)]\n";
    let assessment = assess(&[
        ("requirements.txt", "django\n"),
        ("models.py", models),
        ("views.py", views),
    ]);
    let protection = &assessment.dossier.protection;
    let names: Vec<String> = protection
        .rows
        .iter()
        .map(|r| format!("{} {}.{}", r.class, r.record, r.name))
        .collect();
    assert_eq!(
        names,
        [
            "credentials User.password",
            "personal data User.email",
            "personal data User.phone"
        ]
    );
    assert_eq!(
        answers(&assessment, "email"),
        ["no", "yes views.py:8", "unknown", "no"]
    );
    assert_eq!(
        answers(&assessment, "phone"),
        ["yes EncryptedCharField", "no", "yes views.py:9", "no"]
    );
}

#[test]
fn what_hands_on_whole_records_leaves_it_open() {
    let app = "const express = require('express')\nconst mongoose = require('mongoose')\nconst app = express()\n\
        const User = mongoose.model('User', new mongoose.Schema({ email: String, secret: String }))\n\
        app.get('/u', async (req, res) => res.json(await User.findById(1)))\napp.listen(1)\n";
    let assessment = assess(&[
        (
            "package.json",
            r#"{"name":"x","dependencies":{"express":"4","mongoose":"8"}}"#,
        ),
        ("app.js", app),
    ]);
    let [_, logged, returned, _] = answers(&assessment, "email");
    assert_eq!((logged.as_str(), returned.as_str()), ("no", "unknown"));
    let row = &assessment.dossier.protection.rows[0];
    assert_eq!(
        (row.at.as_str(), row.class.as_str()),
        ("app.js:4", "credentials")
    );
}

#[test]
fn what_is_done_right_is_counted() {
    let more = "@app.route('/bound')\ndef bound():\n    sqlite3.connect('x').execute('select 1 from t where a = ?', (request.args['a'],))\n    return 'x'\n";
    let assessment = assess(&[("app.py", &format!("{FLASK}{FORM}{more}"))]);
    let mut practices = assessment.dossier.practices.iter();
    let sql = practices.find(|p| p.rule == "sql-injection").unwrap();
    assert_eq!((sql.good(), sql.open(), sql.places), (1, 0, 2));
    assert!(sql.kept.starts_with("SQL statements"));
}

#[test]
fn middleware_that_is_named_for_a_guard_is_not_told_as_missing() {
    let program = "const app = require('express')()\nconst { rateLimiter, validateBody } = require('./own')\n\
        app.post('/orders', rateLimiter(), validateBody('order'), (req, res) => res.end())\napp.post('/bare', (req, res) => res.end())\napp.listen(1)\n";
    let own = "exports.rateLimiter = () => (req, res, next) => next()\nexports.validateBody = (s) => (req, res, next) => { req.ok = s; next() }\n";
    let assessment = assess(&[("app.js", program), ("own.js", own)]);
    let rows = &assessment.dossier.surface.endpoints;
    let of = |path: &str, kind: &str| {
        let row = rows.iter().find(|r| r.path == path).unwrap();
        row.has(kind).to_owned()
    };
    assert_ne!(of("/orders", "validation"), "no");
    assert_eq!(of("/bare", "validation"), "no");
    assert_eq!(of("/bare", "rate-limit"), "no");
}

#[test]
fn what_was_counted_is_named() {
    let program = "const nodemailer = require('nodemailer')\nconst mail = nodemailer.createTransport({ host: 'mail' })\nconst express = require('express')\n\
         const app = express()\napp.use(express.json())\n\
         app.post('/contact', async (req, res) => { await mail.sendMail({ to: 'a@b.example', text: String(req.body.text) }); res.json({}) })\n\
         app.post('/plain', (req, res) => res.json({}))\napp.listen(80)\n";
    let assessment = assess(&[("app.js", program)]);
    let found = of_rule(&assessment, "missing-rate-limit");
    let [found] = found.as_slice() else {
        panic!("{} findings", found.len());
    };
    assert!(
        found.message.contains("by the endpoint `POST /contact`,"),
        "{}",
        found.message
    );
}
