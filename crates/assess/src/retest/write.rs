//! Fills the templates of test files.

use super::harness::{Harness, Node, Python, join};
use super::literal::{percent, quoted, remark};
use super::request::{Piece, Request};
use super::runner::{Runner, VM_MODULES};
use crate::assessment::{Endpoint, Finding, Need, RegressionTest};
use crate::fields::{self, Body};
use crate::trigger::Spoken;
use casemate_rules::rule::Retest;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};

/// What a test is about.
pub(super) struct Subject<'a> {
    pub retest: Retest,
    pub finding: &'a Finding,
    pub endpoint: &'a Endpoint,
    pub request: &'a Request,
    /// What else of a body comes to the same place: all of it is attacked at once.
    pub beside: &'a [String],
    /// The body, as its handler reads it.
    pub body: Option<&'a Body>,
    /// Where the program answers, as its code says it.
    pub port: Option<u16>,
    pub harness: &'a Harness,
    /// The folder of the package, and the one of the test.
    pub folder: (String, String),
}

/// A language that tests are written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Node,
    Python,
}

const FRAMES: [(&str, &str); 4] = [
    ("node", include_str!("templates/node.j2")),
    ("node-checks", include_str!("templates/node-checks.j2")),
    ("python", include_str!("templates/python.j2")),
    ("python-checks", include_str!("templates/python-checks.j2")),
];

/// The templates.
pub(super) struct Frames {
    environment: Environment<'static>,
}

impl Frames {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        for (name, text) in FRAMES {
            // A template with a mistake is absent, and the tests of this module find it so.
            let added = environment.add_template(name, text);
            debug_assert!(added.is_ok(), "{name}: {added:?}");
        }
        Self { environment }
    }

    /// The test of a finding.
    pub(super) fn fill(&self, subject: &Subject<'_>) -> Option<RegressionTest> {
        let (root, folder) = &subject.folder;
        let id = subject.finding.id.replace('@', "-");
        let language = match subject.harness {
            Harness::Node(_) => Language::Node,
            Harness::Python(_) => Language::Python,
        };
        let (name, fence) = match subject.harness {
            Harness::Node(node) => {
                let fence = if node.typescript { "ts" } else { "js" };
                (format!("{id}.{}.{fence}", node.ending), fence)
            }
            Harness::Python(_) => (format!("test_{}.py", id.replace('-', "_")), "py"),
        };
        let file = join(folder, &name);
        let below = file.strip_prefix(root.as_str()).unwrap_or(&file);
        let run = run(subject.harness, below.trim_start_matches('/'));
        let needs = needs(subject);
        let required: Vec<Value> = needs
            .iter()
            .filter(|n| n.required)
            .map(|n| Value::from(n.name.as_str()))
            .collect();
        let whole = context! {
            retest => subject.retest.name(),
            id => remark(&subject.finding.id),
            place => remark(&format!("{}:{}", subject.finding.place.file, subject.finding.place.line)),
            title => quoted(&title(subject)),
            run => remark(&run),
            needs => needs.iter().map(|n| context! { name => n.name.as_str(), says => n.says.as_str(), required => n.required }).collect::<Vec<_>>(),
            missing => required,
            user => needs.iter().any(|n| n.name == "TEST_USER"),
            ..request(subject, language)
        };
        let whole = context! { ..whole, ..harness(subject, folder) };
        let render = |name: &str, values: &Value| {
            let template = self.environment.get_template(name).ok()?;
            let rendered = template.render(values);
            debug_assert!(rendered.is_ok(), "{name}: {rendered:?}");
            rendered.ok()
        };
        let (frame, checks) = match language {
            Language::Node => ("node", "node-checks"),
            Language::Python => ("python", "python-checks"),
        };
        let check = render(checks, &whole)?;
        let text = render(frame, &context! { check => check.trim_end(), ..whole })?;
        Some(RegressionTest {
            file,
            language: fence.to_owned(),
            run,
            needs,
            text: format!("{}\n", text.trim_end()),
        })
    }
}

/// What the test is called.
fn title(subject: &Subject<'_>) -> String {
    let at = subject.endpoint.title();
    let says = match subject.retest {
        Retest::Login => "refuses whoever has no login",
        Retest::Role => "refuses an ordinary account",
        Retest::Owner => "refuses whoever the record does not belong to",
        Retest::CrossSite => "refuses what another site sends",
        Retest::Limit => "refuses one of many requests",
        Retest::Field => "does not store what is not for clients",
        Retest::Get => "changes nothing by GET",
        Retest::Origin => "lets no other site read its answer",
        Retest::Sql => "takes SQL for text",
        Retest::Nosql => "takes operators for values that it refuses",
        Retest::Xpath => "takes XPath for text",
        Retest::Ldap => "takes wildcards of LDAP for text",
        Retest::Regex => "takes patterns for text",
        Retest::Command => "runs no command",
        Retest::Code => "runs no code",
        Retest::Template => "computes no expression",
        Retest::Markup => "escapes markup",
        Retest::Path => "keeps to its folder",
        Retest::Redirect => "leads to no other host",
        Retest::ServerRequest => "asks nothing inside the network",
        Retest::Xml => "reads no file for a document",
    };
    format!("{at} {says}")
}

/// How a test is run, from the folder of its package: this file alone, whatever files are tests by the settings, and to an end, whatever
/// the program keeps open.
fn run(harness: &Harness, file: &str) -> String {
    let node = match harness {
        Harness::Python(_) => return format!("python -m pytest {file}"),
        Harness::Node(node) => node,
    };
    let options: String = node.options.iter().map(|o| format!(" {o}")).collect();
    match node.runner {
        Runner::Vitest => format!("npx vitest run{options} {file}"),
        Runner::Jest => {
            let lead = if node.vm_modules {
                format!("NODE_OPTIONS={VM_MODULES} ")
            } else {
                String::new()
            };
            let root = if node.elsewhere { " --rootDir ." } else { "" };
            format!("{lead}npx jest{options}{root} --forceExit --runTestsByPath {file}")
        }
        Runner::Mocha => format!("npx mocha{options} --exit {file}"),
        Runner::Node { tsx } => {
            let load = if tsx { " --import tsx" } else { "" };
            format!("node{load} --test-force-exit --test {file}")
        }
    }
}

/// Whether the program is asked over the network.
fn remote(harness: &Harness) -> bool {
    match harness {
        Harness::Node(node) => node.application.is_none(),
        Harness::Python(python) => *python == Python::Remote,
    }
}

/// Whether somebody only begins to be known there, so that a refusal is an honest answer.
fn begins(subject: &Subject<'_>) -> bool {
    let path = subject.endpoint.path.as_deref().unwrap_or_default();
    let path = path.to_ascii_lowercase().replace(['-', '_'], "");
    let words = ["login", "signin", "session", "auth", "token"];
    subject.endpoint.authentication != "yes" && words.iter().any(|word| path.contains(word))
}

/// What only the owner knows.
fn needs(subject: &Subject<'_>) -> Vec<Need> {
    let mut out = Vec::new();
    let mut need = |name: &str, required: bool, says: &str| {
        out.push(Need {
            name: name.to_owned(),
            says: says.to_owned(),
            required,
        });
    };
    if remote(subject.harness) {
        let usual = match subject.harness {
            Harness::Node(_) => 3000,
            Harness::Python(_) => 8000,
        };
        let port = subject.port.unwrap_or(usual);
        need(
            "BASE_URL",
            true,
            &format!("where the program answers: http://127.0.0.1:{port}"),
        );
    }
    let login = subject.endpoint.authentication.as_str();
    let who = "headers of a signed-in account as JSON: {\"cookie\": \"sid=…\"} or {\"authorization\": \"Bearer …\"}";
    match subject.retest {
        Retest::Login => {}
        Retest::Role => need(
            "TEST_USER",
            true,
            "headers of an ordinary account, without the role, as JSON: {\"cookie\": \"sid=…\"} or {\"authorization\": \"Bearer …\"}",
        ),
        Retest::Owner => {
            need(
                "TEST_USER",
                true,
                "headers of the account that the record belongs to, as JSON: {\"cookie\": \"sid=…\"} or {\"authorization\": \"Bearer …\"}",
            );
            need(
                "TEST_OTHER_USER",
                true,
                "headers of another account, in the same form",
            );
        }
        Retest::CrossSite => need(
            "TEST_USER",
            true,
            "the cookie of a signed-in account as JSON: {\"cookie\": \"sid=…\"}",
        ),
        _ if begins(subject) => {}
        _ => need("TEST_USER", login == "yes", who),
    }
    let of_owner = subject.retest == Retest::Owner;
    // A record that is not there is refused to everybody.
    let there = of_owner
        || matches!(
            subject.retest,
            Retest::Role | Retest::Get | Retest::CrossSite
        );
    for parameter in subject.request.parameters() {
        let says = match subject.retest {
            Retest::Owner => "what stands there in the path, for a record of the first account",
            Retest::Role | Retest::Get | Retest::CrossSite => {
                "what stands there in the path, for a record that is there"
            }
            Retest::Login => "what stands there in the path (0, which is nobody's)",
            _ => "what stands there in the path (1)",
        };
        need(parameter, there, says);
    }
    if of_owner && subject.request.parameters().is_empty() && !subject.request.has_body() {
        need(
            "TEST_QUERY",
            true,
            "the query that names a record of the first account: id=7",
        );
    }
    if asks_fields(subject) {
        let names_record = of_owner && subject.request.parameters().is_empty();
        need(
            "TEST_FIELDS",
            names_record,
            if names_record {
                "the fields of the body as JSON, with the one that names a record of the first account"
            } else if default_fields(subject).is_empty() {
                "the other fields that the body needs, as JSON"
            } else {
                "the other fields that the body needs, as JSON, where those that the handler reads are not enough"
            },
        );
    }
    if subject.retest == Retest::Field {
        need(
            "TEST_PROTECTED",
            true,
            "a field that clients must not set, with a value, as JSON: {\"role\": \"admin\"}",
        );
        need(
            "TEST_READ",
            false,
            "the path that shows the record afterwards, where the answer itself does not",
        );
    }
    if matches!(
        subject.retest,
        Retest::Sql
            | Retest::Nosql
            | Retest::Xpath
            | Retest::Ldap
            | Retest::Regex
            | Retest::Template
            | Retest::Markup
            | Retest::Path
            | Retest::Redirect
            | Retest::ServerRequest
    ) {
        need(
            "TEST_VALUE",
            false,
            "an honest value, where the usual one is refused",
        );
    }
    if subject.retest == Retest::Role {
        need(
            "TEST_OWN",
            false,
            "a path that the account may see, where whoever lacks the role is led to the login",
        );
    }
    if subject.retest == Retest::Limit {
        need(
            "TEST_ATTEMPTS",
            false,
            "how many requests have to be too many (120)",
        );
    }
    out
}

/// Whether the body has more fields than the one that is attacked.
fn asks_fields(subject: &Subject<'_>) -> bool {
    let whole = matches!(subject.request.spoken, Some(Spoken::Json(None)));
    let document = subject.retest == Retest::Xml && whole;
    let needless = matches!(subject.retest, Retest::Login | Retest::Get);
    subject.request.has_body() && !document && !needless
}

/// The fields that the handler reads besides the value, each with an honest one.
fn default_fields<'s>(subject: &'s Subject<'_>) -> Vec<(&'s str, &'static str)> {
    // What names a record of an account is its owner's to say; what is stored has to be whole.
    if matches!(subject.retest, Retest::Owner | Retest::Field) {
        return Vec::new();
    }
    let own = match &subject.request.spoken {
        Some(Spoken::Form(name) | Spoken::Json(Some(name))) => Some(name),
        _ => None,
    };
    let names = subject.body.into_iter().flat_map(|body| &body.names);
    names
        .filter(|name| Some(*name) != own && !subject.beside.contains(name))
        .map(|name| (name.as_str(), fields::honest(name)))
        .collect()
}

/// The same, as an object of JSON inside of a text in single quotes.
fn given(subject: &Subject<'_>) -> String {
    let fields: Vec<String> = default_fields(subject)
        .into_iter()
        .map(|(name, value)| format!("\"{name}\": \"{value}\""))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// The request, as code.
fn request(subject: &Subject<'_>, language: Language) -> Value {
    let request = subject.request;
    let mut path = String::new();
    for piece in &request.path {
        match piece {
            Piece::Text(text) => path.push_str(&inside(text, language)),
            Piece::Parameter(name) => {
                let name = variable(name);
                match language {
                    Language::Node => path.push_str(&format!("${{encodeURIComponent({name})}}")),
                    Language::Python => path.push_str(&format!("{{quote({name}, safe='')}}")),
                }
            }
            Piece::Value => match language {
                Language::Node => path.push_str("${encodeURIComponent(value)}"),
                Language::Python => path.push_str("{quote(value, safe='')}"),
            },
        }
    }
    let (spoken, name) = match &request.spoken {
        None => ("", None),
        Some(Spoken::Query(name)) => ("query", name.clone()),
        Some(Spoken::Path(_)) => ("path", None),
        Some(Spoken::Form(name)) => ("form", Some(name.clone())),
        Some(Spoken::Json(name)) => ("json", name.clone()),
        Some(Spoken::Header(name)) => ("header", Some(name.clone())),
        Some(Spoken::Cookie(name)) => ("cookie", Some(name.clone())),
    };
    let parameters: Vec<Value> = request
        .parameters()
        .iter()
        .map(|name| context! { name => *name, variable => variable(name) })
        .collect();
    // Another site sends forms; where no value is sent, it is as the handler reads it.
    let read =
        spoken.is_empty() && asks_fields(subject) && subject.body.is_some_and(|body| body.form);
    let form = spoken == "form" || subject.retest == Retest::CrossSite || read;
    context! {
        method => request.method.as_str(),
        path => path,
        spoken => spoken,
        name => name.as_deref().map(quoted),
        encoded => name.as_deref().map(|n| inside(&percent(n), language)),
        parameters => parameters,
        beside => subject.beside.iter().map(|name| quoted(name)).collect::<Vec<_>>(),
        body => request.has_body(),
        fields => given(subject),
        form => form,
        changes => request.changes(),
        query => subject.retest == Retest::Owner && request.parameters().is_empty() && !request.has_body(),
        open => begins(subject),
        login => subject.retest == Retest::Login,
    }
}

/// How the program is asked, as code.
fn harness(subject: &Subject<'_>, folder: &str) -> Value {
    match subject.harness {
        Harness::Node(node) => self::node(node, folder),
        Harness::Python(python) => self::python(python, folder),
    }
}

fn node(node: &Node, folder: &str) -> Value {
    let entry = node.application.as_ref();
    let (test, ends) = match node.runner {
        Runner::Vitest => ("vitest", "}, 60_000);"),
        Runner::Jest => ("jest", "}, 60_000);"),
        Runner::Mocha => ("mocha", "}).timeout(60_000);"),
        Runner::Node { .. } => ("node", "});"),
    };
    context! {
        runner => test,
        ends => ends,
        supertest => node.supertest,
        modules => node.modules,
        typescript => node.typescript,
        framework => entry.map_or("", |e| e.framework.as_str()),
        import => entry.map(|e| quoted(&from(folder, &e.file, node.typescript))),
        imported => entry.and_then(|e| e.name.clone()),
        called => entry.is_some_and(|e| e.called),
    }
}

fn python(python: &Python, folder: &str) -> Value {
    let up = |root: &str| {
        let depth = if folder.is_empty() {
            0
        } else {
            folder.split('/').count()
        };
        let shared = folder
            .split('/')
            .zip(root.split('/'))
            .take_while(|(a, b)| a == b)
            .count();
        let shared = if root.is_empty() { 0 } else { shared };
        let rest: Vec<&str> = root
            .split('/')
            .skip(shared)
            .filter(|p| !p.is_empty())
            .collect();
        context! { levels => depth - shared, rest => rest.iter().map(|p| quoted(p)).collect::<Vec<_>>() }
    };
    match python {
        Python::Application {
            root,
            module,
            entry,
        } => context! {
            client => if entry.framework == "Flask" { "flask" } else { "fastapi" },
            root => up(root),
            module => module.as_str(),
            object => entry.name.as_deref(),
            called => entry.called,
            settings => "",
            plugin => false,
        },
        Python::Django {
            root,
            settings,
            plugin,
        } => context! {
            client => "django",
            root => up(root),
            module => "",
            object => "",
            called => false,
            settings => settings.as_str(),
            plugin => plugin,
        },
        Python::Remote => context! {
            client => "remote",
            root => Value::UNDEFINED,
            module => "",
            object => "",
            called => false,
            settings => "",
            plugin => false,
        },
    }
}

/// How a file of a folder names another file of the project.
fn from(folder: &str, file: &str, typescript: bool) -> String {
    let own: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    let other: Vec<&str> = file.split('/').collect();
    let most = other.len().saturating_sub(1);
    let shared = own
        .iter()
        .zip(&other)
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = "../".repeat(own.len() - shared);
    out.push_str(&other.get(shared..).unwrap_or_default().join("/"));
    // All that run TypeScript find it without its ending, and not all with it.
    if let Some(bare) = out.strip_suffix(".ts").filter(|_| typescript) {
        return bare.to_owned();
    }
    out
}

/// The variable of a test that holds an environment variable: `TEST_SHOP_ID` is `shop_id`.
fn variable(name: &str) -> String {
    let name = name
        .strip_prefix("TEST_")
        .unwrap_or(name)
        .to_ascii_lowercase();
    format!("{name}_")
}

/// Text inside of a template literal, or of an f-string.
fn inside(text: &str, language: Language) -> String {
    let quoted = quoted(text);
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    match language {
        Language::Node => inner.replace('`', "\\`").replace("${", "\\${"),
        Language::Python => inner.replace('{', "{{").replace('}', "}}"),
    }
}
