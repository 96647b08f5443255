use super::*;
use crate::expr::Literal;
use crate::kind::{KindSet, Shape};
use crate::path::{PortBase, Step};
use crate::row::{Accept, Role, SchemaRow, SourceKindRef};

fn kinds() -> Kinds {
    Kinds::parse(include_str!("../../../../models/kinds.toml")).unwrap()
}

fn load(rows: &str) -> Result<ModelFile, Vec<LoadError>> {
    let head =
        "[library]\nname = \"lib\"\npackages = [\"npm:lib\"]\nsource = \"https://example.org\"\n";
    load_str("lib.toml", &format!("{head}{rows}"), &kinds())
}

/// The roles of rows whose fields are written in one line each.
fn roles(row: &str) -> Vec<Role> {
    let file = load(&format!("[[row]]\nat = \"npm:lib.x\"\n{row}")).unwrap();
    file.rows.into_iter().map(|(row, _)| row.role).collect()
}

fn errors(rows: &str) -> Vec<String> {
    load(rows)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_role_is_read() {
    assert!(
        matches!(&roles("role = 'source'\nkind = 'cli'")[..], [Role::Source { shape: Shape::String, port, .. }] if port.base == PortBase::Value)
    );
    assert!(matches!(
        &roles("role = 'source'\nkind = ['cli', 'http.name']\nport = 'arg(0).param(1)'")[..],
        [
            _,
            Role::Source {
                kind: SourceKindRef::Named,
                ..
            }
        ]
    ));
    assert_eq!(
        roles("role = 'sink'\nkind = ['sql', 'code']\nin = ['arg(0)', 'arg(1)']").len(),
        4
    );
    assert!(matches!(
        &roles("role = 'flow'\nderive = true")[..],
        [Role::Flow { derive: true, .. }]
    ));
    assert_eq!(
        roles("role = 'flow'\nfrom = ['this', 'arg(0)']\nto = ['ret', 'this']").len(),
        4
    );
    assert!(matches!(
        &roles("role = 'clean'\nkinds = ['*']")[..],
        [Role::Clean {
            kinds: KindSet::ALL,
            ..
        }]
    ));
    assert!(matches!(
        &roles("role = 'test'\nkinds = ['*', '-log']\naccept = '!ret.error'")[..],
        [Role::Test {
            accept: Accept::Member { truthy: false, .. },
            ..
        }]
    ));
    assert!(matches!(
        &roles("role = 'schema'\ntype = 'name'")[..],
        [Role::Schema(SchemaRow::Type { .. })]
    ));
    assert!(matches!(
        &roles("role = 'schema'\nto = 'ret.data'\naccept = 'ret.success'\nunknown = 'strip'")[..],
        [Role::Schema(SchemaRow::Check { .. })]
    ));
    assert!(
        matches!(&roles("role = 'call'\nfn = 'arg(0)'\nargs = ['this.*', '_', 'this']\nresult = 'ret[*]'")[..], [Role::Call { args, .. }] if args.len() == 3 && args[1].is_none())
    );
    assert!(
        matches!(&roles("role = 'entry'\nmethod = 'name'\nhandlers = 'arg(1..).**'\nparams = ['next']")[..], [Role::Entry(entry)] if entry.params == ["next"])
    );
    assert!(matches!(
        &roles("role = 'inject'")[..],
        [Role::Inject { .. }]
    ));
    assert!(
        matches!(&roles("role = 'definition'\nmembers = ['statics']\nfrom = 'arg(1)'")[..], [Role::Definition { members, from: Some(_) }] if members == &["statics"])
    );
    assert!(matches!(
        &roles("role = 'registry'\nname = 'arg(0)'\nvalue = 'arg(1).statics'")[..],
        [Role::Registry { .. }]
    ));
    assert!(matches!(
        &roles("role = 'guard'\nkind = 'csrf'")[..],
        [Role::Guard { .. }]
    ));
    assert!(matches!(
        &roles("role = 'render'\nengine = 'ejs'\ninline = true\nto = 'ret'")[..],
        [Role::Render { inline: true, .. }]
    ));
    let config = roles(
        "role = 'config'\nfact = 'session'\nread = { secure = 'arg(0).cookie.secure' }\ndefault = { secure = false, name = 'sid', maxAge = 3 }",
    );
    let Role::Config { read, default, .. } = &config[0] else {
        panic!("no config row")
    };
    assert_eq!(read[0].0, "secure");
    assert_eq!(default[0], ("maxAge".into(), Literal::Number(3.0)));
    assert!(matches!(
        &roles("role = 'effect'\nop = 'write'\nobject = 'this.name'")[..],
        [Role::Effect { .. }]
    ));
    assert_eq!(roles("role = 'record'"), [Role::Record]);
    assert_eq!(roles("role = 'session'"), [Role::Session]);
    assert_eq!(roles("role = 'neutral'"), [Role::Neutral]);
    assert_eq!(roles("role = 'noreturn'"), [Role::NoReturn]);
}

#[test]
fn types_come_from_the_table_and_from_rows() {
    let file = load(
        "[types]\na = ['npm:lib()', '@a.b']\n[[row]]\nat = '@a.{c,d}'\nrole = 'type'\nis = '@a'",
    )
    .unwrap();
    assert_eq!(file.types.len(), 2);
    assert_eq!(file.types[1].0, "lib/a");
    assert_eq!(file.types[1].1.len(), 2);
    assert_eq!(file.types[0].1[0].steps, [Step::Call]);
}

#[test]
fn a_path_that_ends_in_a_call_speaks_of_the_result() {
    let file = load("[[row]]\nat = 'npm:lib.get()'\nrole = 'source'\nkind = 'env'").unwrap();
    assert!(
        matches!(&file.rows[0].0.role, Role::Source { port, .. } if port.base == PortBase::Ret)
    );
}

#[test]
fn versions_and_conditions_are_kept() {
    let file = load("[[row]]\nat = 'npm:lib.x'\nrole = 'neutral'\nversions = '<2'\nwhen = \"name != 'x' or fact:body.json\"\nconfidence = 'low'").unwrap();
    let row = &file.rows[0].0;
    assert_eq!(
        (row.versions.as_deref(), row.confidence.as_deref()),
        (Some("<2"), Some("low"))
    );
    assert!(row.when.is_some());
}

#[test]
fn errors_name_line_and_near_name() {
    let row = |text: &str| errors(&format!("[[row]]\nat = 'npm:lib.x'\n{text}"));
    assert_eq!(
        row("role = 'sinc'"),
        ["lib.toml:7: unknown role `sinc`; did you mean `sink`?"]
    );
    assert_eq!(
        row("role = 'sink'\nkind = 'sqll'\nin = 'arg(0)'"),
        ["lib.toml:8: unknown sink kind `sqll`; did you mean `sql`?"]
    );
    assert_eq!(
        row("role = 'sink'\nkind = 'sql'"),
        ["lib.toml:5: the row needs `in`"]
    );
    assert_eq!(
        row("role = 'sink'\nkind = 'sql'\nin = 'agr(0)'"),
        ["lib.toml:9: unknown port `agr`; did you mean `arg`?"]
    );
    assert_eq!(
        row("role = 'neutral'\nwehn = 'x'"),
        ["lib.toml:8: unknown key `wehn` in the row; did you mean `when`?"]
    );
    assert_eq!(
        row("role = 'neutral'\nwhen = 'fact:body.jsno'"),
        ["lib.toml:8: `when`: unknown fact `body.jsno`; did you mean `body.json`?"]
    );
    assert_eq!(
        row("role = 'neutral'\nwhen = 'arg(0) ='"),
        ["lib.toml:8: `when`: an operator or the end expected at `=`"]
    );
    assert_eq!(
        row("role = 'config'\nfact = 'sesion'"),
        ["lib.toml:8: unknown fact `sesion`; did you mean `session`?"]
    );
    assert_eq!(
        row("role = 'config'\nfact = 'hash'\nread = { algo = 'arg(0)' }"),
        ["lib.toml:9: unknown field `algo` of the fact `hash`"]
    );
    assert_eq!(
        row("role = 'clean'\nkinds = ['html', 'hmtl']"),
        ["lib.toml:8: unknown sink kind `hmtl`"]
    );
    assert_eq!(
        row("role = 'guard'\nkind = 'auth'"),
        ["lib.toml:8: unknown kind of guard `auth`"]
    );
    assert_eq!(
        errors("[[row]]\nat = 'nmp:x'\nrole = 'neutral'"),
        ["lib.toml:6: unknown root `nmp:`; did you mean `npm`?"]
    );
    assert_eq!(
        errors("[[rows]]\nat = 'npm:x'"),
        ["lib.toml:5: unknown key `rows` in the file; did you mean `row`?"]
    );
    assert_eq!(
        errors("[[row]]\nrole = 'neutral'"),
        ["lib.toml:5: the row needs `at`"]
    );
    assert_eq!(errors("x = = 1").len(), 1);
    assert_eq!(
        load_str("e.toml", "", &kinds()).unwrap_err()[0].what,
        "the file needs a table `[library]`"
    );
}

#[test]
fn examples_are_kept() {
    let file = load(
        "[[example]]\ncode = 'f()'\n[[example]]\ncode = 'g()'\nlang = 'py'\nfile = 'a/b.py'\nfiles = {'c.yml' = 'd: 1'}",
    )
    .unwrap();
    let paths = |at: usize| {
        let files = file.examples[at].files.iter();
        files.map(|f| (f.path.as_str(), f.line)).collect::<Vec<_>>()
    };
    assert_eq!(paths(0), [("app.ts", 6)]);
    assert_eq!(paths(1), [("a/b.py", 8), ("c.yml", 11)]);
    let wrong = load("[[example]]\ncode = 'f()'\nfiles = {'c.yml' = 1}");
    assert!(wrong.is_err());
}

#[test]
fn the_models_of_this_repository_load() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
    let models = crate::matcher::Models::load_folder(folder);
    assert!(
        models.is_ok(),
        "{}",
        models
            .err()
            .into_iter()
            .flatten()
            .map(|error| format!("{error}\n"))
            .collect::<String>()
    );
}
