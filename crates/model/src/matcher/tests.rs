use super::*;
use crate::expr::{Literal, Value3};
use crate::load::load_str;
use crate::version::within;

const EXPRESS: &str = r#"
[library]
name = "express"
packages = ["npm:express"]
source = "https://expressjs.com"
[types]
app = ["npm:express()", "npm:express.Router()", "@app.route()"]
req = []
res = []
[[row]]
at = "@app.{get,post,use}"
role = "entry"
path = "arg(0)"
handlers = "arg(1..).**"
params = ["@req", "@res", "next"]
[[row]]
at = "@req.{query,body,params}"
role = "source"
kind = "http.name"
shape = "structured"
[[row]]
at = "@res.send"
role = "sink"
kind = "html.text"
in = "arg(0)"
[[row]]
at = "@res.status()"
role = "type"
is = "@res"
[[row]]
at = "npm:express.json"
role = "config"
fact = "body.json"
default = true
"#;

const OTHERS: &str = r#"
[library]
name = "others"
packages = ["npm:mysql2", "npm:socket.io"]
source = "https://example.org"
[types]
connection = ["npm:{mysql2,mysql2/promise}.createConnection()"]
[[row]]
at = "@connection.query"
role = "sink"
kind = "sql"
in = "arg(0)"
[[row]]
at = "npm:wrap.arg(1..).param(1)"
role = "type"
is = "@express/res"
[[row]]
at = "npm:kw.arg(0/'sql').x"
role = "neutral"
[[row]]
at = "npm:any.*.run"
role = "noreturn"
[[row]]
at = ["js:Array.prototype.map", "js:Set.prototype.map"]
role = "flow"
from = "this"
[[row]]
at = "js:Map.prototype.map"
role = "neutral"
[[row]]
at = "npm:guard.authenticate()"
role = "guard"
kind = "authentication"
[[row]]
at = "npm:guard.authenticate()"
role = "config"
fact = "session"
read = { secret = "arg(0)" }
"#;

fn kinds() -> Kinds {
    Kinds::parse(include_str!("../../../../models/kinds.toml")).unwrap()
}

fn models() -> Models {
    let kinds = kinds();
    let files = vec![
        load_str("express.toml", EXPRESS, &kinds).unwrap(),
        load_str("others.toml", OTHERS, &kinds).unwrap(),
    ];
    Models::compile(files, kinds).unwrap()
}

fn member(name: &str) -> Step {
    Step::Member(name.into())
}

fn arg(i: u32) -> Step {
    Step::Arg(ArgIndex::At(i))
}

fn walk(models: &Models, start: States, steps: &[Step]) -> States {
    steps
        .iter()
        .fold(start, |states, step| models.step(&states, step))
}

/// The `at` and role of all rows at the states.
fn found(models: &Models, states: &States) -> Vec<String> {
    let mut rows: Vec<String> = states
        .iter()
        .flat_map(|state| models.rows_at(*state))
        .filter_map(|id| models.row(*id))
        .map(|row| row.at.clone())
        .collect();
    rows.sort();
    rows
}

fn at(root: &str, steps: &[Step]) -> Vec<String> {
    let models = models();
    let start = if root.starts_with('@') {
        models.named_type(root)
    } else {
        models.root(root)
    };
    found(&models, &walk(&models, start, steps))
}

#[test]
fn paths_reach_their_rows() {
    let get = ["@app.{get,post,use}"];
    assert_eq!(at("npm:express", &[Step::Call, member("get")]), get);
    assert_eq!(
        at(
            "npm:express",
            &[member("Router"), Step::Call, member("post")]
        ),
        get
    );
    assert_eq!(
        at(
            "npm:express",
            &[Step::Call, member("route"), Step::Call, member("get")]
        ),
        get
    );
    let twice = [
        Step::Call,
        member("route"),
        Step::Call,
        member("route"),
        Step::Call,
        member("use"),
    ];
    assert_eq!(at("npm:express", &twice), get);
    assert_eq!(at("npm:express", &[member("json")]), ["npm:express.json"]);
    assert_eq!(
        at(
            "npm:mysql2",
            &[member("createConnection"), Step::Call, member("query")]
        ),
        ["@connection.query"]
    );
    assert_eq!(
        at(
            "npm:mysql2/promise",
            &[member("createConnection"), Step::Call, member("query")]
        ),
        ["@connection.query"]
    );
    assert_eq!(
        at("@express/req", &[member("query")]),
        ["@req.{query,body,params}"]
    );
    assert_eq!(
        at(
            "@express/res",
            &[member("status"), Step::Call, member("send")]
        ),
        ["@res.send"]
    );
    assert!(at("npm:express", &[Step::Call, member("gets")]).is_empty());
    assert!(at("npm:express", &[member("get")]).is_empty());
    assert!(at("npm:nothing", &[]).is_empty());
}

#[test]
fn a_default_import_is_the_package() {
    let default = member("default");
    assert_eq!(
        at("npm:express", &[default.clone(), Step::Call, member("get")]).len(),
        1
    );
    assert_eq!(
        at("npm:express", &[default.clone(), default, member("json")]).len(),
        1
    );
}

#[test]
fn ranges_keywords_and_any_member() {
    assert_eq!(
        at("npm:wrap", &[arg(3), Step::Param(1), member("send")]),
        ["@res.send"]
    );
    assert!(at("npm:wrap", &[arg(0), Step::Param(1), member("send")]).is_empty());
    assert!(at("npm:wrap", &[arg(3), Step::Param(0), member("send")]).is_empty());
    assert_eq!(at("npm:kw", &[arg(0), member("x")]).len(), 1);
    assert_eq!(
        at(
            "npm:kw",
            &[Step::Arg(ArgIndex::Keyword("sql".into())), member("x")]
        )
        .len(),
        1
    );
    assert!(
        at(
            "npm:kw",
            &[Step::Arg(ArgIndex::Keyword("other".into())), member("x")]
        )
        .is_empty()
    );
    for step in [member("a"), Step::Index(3), Step::AnyMember] {
        assert_eq!(at("npm:any", &[step, member("run")]).len(), 1);
    }
}

#[test]
fn instances_have_what_prototypes_have() {
    assert_eq!(
        at("js:Array", &[member("prototype"), member("map")]).len(),
        1
    );
    assert_eq!(at("js:Array", &[Step::New, member("map")]).len(), 1);
    assert_eq!(
        at("js:Array", &[Step::Sub, Step::New, member("map")]).len(),
        1
    );
    let models = models();
    assert_eq!(found(&models, &models.core_method("js", "map")).len(), 3);
    assert!(models.core_method("js", "nothing").is_empty());
    assert!(models.core_method("py", "map").is_empty());
}

#[test]
fn calls_have_rows_of_both_spellings() {
    let models = models();
    let authenticate = models.step(&models.root("npm:guard"), &member("authenticate"));
    let rows = models.rows_of_call(&authenticate, false);
    assert_eq!(rows.len(), 1);
    assert!(matches!(
        models.row(rows[0]).unwrap().role,
        Role::Config { .. }
    ));
    assert!(models.rows_of_call(&authenticate, true).is_empty());
    let map = models.core_method("js", "map");
    assert_eq!(
        models.rows_of_call(&map, false).len(),
        1,
        "the neutral row gives way"
    );
}

#[test]
fn names_are_resolved_per_path() {
    let models = models();
    let row = models
        .rows()
        .iter()
        .find(|row| matches!(row.role, Role::Source { .. }))
        .unwrap();
    let name = |member: &str| {
        models
            .kinds()
            .source_name(models.source_kind(row, member).unwrap())
            .to_owned()
    };
    assert_eq!(name("params"), "http.path");
    assert_eq!(name("body"), "http.body");
}

#[test]
fn replacing_rows_drive_others_out() {
    let own = r#"
[library]
name = "own"
source = "the project"
[[row]]
at = "@express/res.send"
role = "sink"
kind = "log.line"
in = "arg(0)"
replace = true
"#;
    let file = load_str("own.toml", own, &kinds()).unwrap();
    let models = models().extended(vec![file]).unwrap();
    let send = models.step(&models.named_type("@express/res"), &member("send"));
    assert_eq!(found(&models, &send), ["@express/res.send"]);
    let deep = walk(
        &models,
        models.root("npm:express"),
        &[Step::Call, member("route"), Step::Call, member("get")],
    );
    assert_eq!(found(&models, &deep).len(), 1);
}

#[test]
fn order_and_bytes_do_not_matter() {
    let kinds = kinds();
    let files = || {
        vec![
            load_str("express.toml", EXPRESS, &kinds).unwrap(),
            load_str("others.toml", OTHERS, &kinds).unwrap(),
        ]
    };
    let one = Models::compile(files(), kinds.clone()).unwrap();
    let mut turned = files();
    turned.reverse();
    let two = Models::compile(turned, kinds.clone()).unwrap();
    let bytes = one.to_bytes().unwrap();
    assert_eq!(bytes, two.to_bytes().unwrap());
    assert_eq!(Models::from_bytes(&bytes).unwrap(), one);
    assert!(Models::from_bytes(&bytes[..10]).is_err());
}

#[test]
fn unknown_types_are_refused() {
    let text = OTHERS.replace("@express/res", "@express/rse");
    let kinds = kinds();
    let files = vec![
        load_str("express.toml", EXPRESS, &kinds).unwrap(),
        load_str("others.toml", &text, &kinds).unwrap(),
    ];
    let errors = Models::compile(files, kinds).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "others.toml:16: no file declares the type `@express/rse`; did you mean `@express/res`?"
    );
}

#[test]
fn what_is_known_of_a_unit_decides_rows() {
    let text = r#"
[library]
name = "a"
packages = ["npm:a", "npm:b"]
source = "https://example.org"
[types]
t = ["npm:b()"]
[[row]]
at = "npm:a.old"
role = "neutral"
versions = "<2"
[[row]]
at = "@t.new"
role = "neutral"
versions = ">=2"
[[row]]
at = "npm:a.body"
role = "source"
kind = "http.body"
when = "fact:body.json or fact:body.form.extended"
[[row]]
at = "npm:a.both"
role = "neutral"
when = "fact:body.json and arg(0) == 1"
"#;
    let kinds = kinds();
    let models = Models::compile(vec![load_str("a.toml", text, &kinds).unwrap()], kinds).unwrap();
    let under = |json: Value3, a: &'static str, b: &'static str| {
        let fact = move |fact: &str, _: &str| {
            if fact == "body.json" {
                json.clone()
            } else {
                Value3::Known(Literal::Null)
            }
        };
        let version = move |package: &str, range: &str| {
            Some(within(if package == "npm:a" { a } else { b }, range))
        };
        models.assume(Known {
            fact: Some(&fact),
            version: &version,
        })
    };
    let row = |models: &Models, root: &str, steps: &[Step]| {
        let states = walk(models, models.root(root), steps);
        states
            .iter()
            .flat_map(|state| models.rows_at(*state))
            .filter_map(|id| models.row(*id))
            .next()
            .cloned()
    };
    let yes = under(Value3::Known(Literal::Bool(true)), "1.0.0", "^2.0.0");
    assert_eq!(row(&yes, "npm:a", &[member("old")]).unwrap().versions, None);
    assert_eq!(
        row(&yes, "npm:b", &[Step::Call, member("new")])
            .unwrap()
            .versions,
        None
    );
    assert_eq!(row(&yes, "npm:a", &[member("body")]).unwrap().when, None);
    assert_eq!(
        row(&yes, "npm:a", &[member("both")]).unwrap().when,
        crate::expr::parse("arg(0) == 1").ok()
    );
    let no = under(Value3::Known(Literal::Null), "2.0.0", "1.0.0");
    for (root, steps) in [
        ("npm:a", vec![member("old")]),
        ("npm:b", vec![Step::Call, member("new")]),
        ("npm:a", vec![member("body")]),
    ] {
        assert_eq!(row(&no, root, &steps), None);
    }
    let unknown = under(Value3::Unknown, "latest", "*");
    let body = row(&unknown, "npm:a", &[member("body")]).unwrap();
    assert_eq!((body.when, body.confidence.as_deref()), (None, Some("low")));
    assert_eq!(
        row(&unknown, "npm:a", &[member("old")])
            .unwrap()
            .versions
            .as_deref(),
        Some("<2")
    );
}
