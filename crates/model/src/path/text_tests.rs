use super::*;

fn scope() -> PathScope<'static> {
    PathScope {
        library: "lib",
        packages: &[],
    }
}

fn steps(text: &str) -> Vec<Step> {
    let mut paths = scope().paths(text).unwrap();
    assert_eq!(paths.len(), 1, "{text}");
    paths.remove(0).steps
}

fn member(name: &str) -> Step {
    Step::Member(name.into())
}

#[test]
fn roots_end_where_packages_end() {
    let packages = [
        "npm:socket.io",
        "npm:lodash.merge",
        "npm:lodash",
        "npm:bignumber.js",
    ]
    .map(String::from);
    let scope = PathScope {
        library: "lib",
        packages: &packages,
    };
    let root = |text: &str| scope.paths(text).unwrap().remove(0).root;
    let package = |name: &str| Root::Package(name.into());
    assert_eq!(root("npm:socket.io.Server.new()"), package("npm:socket.io"));
    assert_eq!(root("npm:lodash.merge"), package("npm:lodash.merge"));
    assert_eq!(root("npm:lodash.map"), package("npm:lodash"));
    assert_eq!(root("npm:lodash/fp.map"), package("npm:lodash/fp"));
    assert_eq!(root("npm:bignumber.js()"), package("npm:bignumber.js"));
    assert_eq!(
        root("npm:@nestjs/common.Get()"),
        package("npm:@nestjs/common")
    );
    assert_eq!(
        root("npm:mysql2/promise.createPool()"),
        package("npm:mysql2/promise")
    );
    assert_eq!(root("node:fs"), package("node:fs"));
    assert_eq!(root("js:Array.prototype.map"), package("js:Array"));
    assert_eq!(root("@req.query"), Root::Type("lib/req".into()));
    assert_eq!(root("@express/req"), Root::Type("express/req".into()));
}

#[test]
fn every_step_has_a_spelling() {
    assert_eq!(
        steps("npm:a.b().new()[0][*]['k'].*.param(1).ret.await.this.sub.deco.registered(arg(0))"),
        [
            member("b"),
            Step::Call,
            Step::New,
            Step::Index(0),
            Step::AnyMember,
            member("k"),
            Step::AnyMember,
            Step::Param(1),
            Step::Ret,
            Step::This,
            Step::Sub,
            Step::Deco,
            Step::Registered
        ]
    );
    let arg = |text: &str| steps(&format!("npm:a.arg({text})")).remove(0);
    assert_eq!(arg("0"), Step::Arg(ArgIndex::At(0)));
    assert_eq!(arg("1.."), Step::Arg(ArgIndex::From(1)));
    assert_eq!(arg("-1"), Step::Arg(ArgIndex::FromEnd(1)));
    assert_eq!(arg("..-1"), Step::Arg(ArgIndex::Before(1)));
    assert_eq!(arg("'kw'"), Step::Arg(ArgIndex::Keyword("kw".into())));
    assert_eq!(
        arg("0/'sql'"),
        Step::Arg(ArgIndex::AtOrKeyword(0, "sql".into()))
    );
    assert_eq!(steps("npm:a.new"), [member("new")]);
    assert_eq!(steps("npm:a.param()"), [member("param"), Step::Call]);
    assert_eq!(scope().paths("js:console.error").unwrap().len(), 2);
}

#[test]
fn alternatives_are_written_out() {
    let paths = scope().paths("npm:{a,b}.{c, d}()").unwrap();
    assert_eq!(paths.len(), 4);
    assert!(paths.contains(&ApiPath {
        root: Root::Package("npm:b".into()),
        steps: vec![member("c"), Step::Call]
    }));
    assert_eq!(scope().paths("npm:a.param(1..)").unwrap().len(), 8);
}

#[test]
fn wrong_paths_say_what_is_wrong() {
    let what = |text: &str| scope().paths(text).unwrap_err().to_string();
    assert_eq!(what("nmp:a"), "unknown root `nmp:`; did you mean `npm`?");
    assert!(what("a.b").contains("no root"));
    assert!(what("npm:a.").contains("a name expected"));
    assert!(what("npm:a.{b,c").contains("not closed"));
    assert!(what("npm:a.{b,,c}").contains("alternatives"));
    assert!(what("npm:a.arg(x)").contains("a number expected"));
    assert!(what("npm:a.**").contains("ports"));
    assert!(what("@").contains("not a type"));
    assert!(what("npm:é.ü(").contains("expected"));
}

#[test]
fn ports_parse() {
    let port = |text: &str| scope().port(text).unwrap();
    let plain = |base| Port {
        base,
        steps: vec![],
        deep: false,
    };
    assert_eq!(port("arg(0)"), plain(PortBase::Arg(ArgIndex::At(0))));
    assert_eq!(
        port("arg(1..).**"),
        Port {
            deep: true,
            ..plain(PortBase::Arg(ArgIndex::From(1)))
        }
    );
    assert_eq!(port("ret.await"), plain(PortBase::Ret));
    assert_eq!(port("store"), plain(PortBase::Store));
    assert_eq!(
        port("arg(-1).param(1)['k'][*].x[2].ret").steps,
        [
            PortStep::Param(1),
            PortStep::Member("k".into()),
            PortStep::Any,
            PortStep::Member("x".into()),
            PortStep::Index(2),
            PortStep::Ret
        ]
    );
    assert_eq!(
        port("@req.user"),
        plain(PortBase::Path("@lib/req.user".into()))
    );
    let what = |text: &str| scope().port(text).unwrap_err().to_string();
    assert_eq!(what("argh(0)"), "unknown port `argh`; did you mean `arg`?");
    assert!(what("arg(0).**.x").contains("follow"));
    assert!(what("").contains("unknown port"));
}
