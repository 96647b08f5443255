//! Projects made to stop an analyser: whatever they hold, the run ends soon, says what it left out, and finds the flaw beside it.

use crate::common::{FLAWED, Run, command, run, tree, write};
use std::time::{Duration, Instant};

/// No run may take longer; a debug build on a busy machine takes a fraction of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A piece many times, in lines short enough that the file is not taken for a minified one.
fn repeat(piece: &str, count: usize) -> String {
    let a_line = (60 / piece.len()).max(1);
    let mut out = String::with_capacity((piece.len() + 1) * count);
    for n in 0..count {
        out.push_str(piece);
        if n % a_line == a_line - 1 {
            out.push('\n');
        }
    }
    out
}

/// `make` for each number, a line each.
fn lines(count: usize, make: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| make(n) + "\n").collect()
}

/// Assesses the flawed project with these files added, and holds the run to what every run owes.
fn beside<P: AsRef<str>>(files: &[(P, String)]) -> Run {
    let dir = tree(FLAWED);
    for (path, text) in files {
        write(dir.path(), path.as_ref(), text.as_bytes());
    }
    let begun = Instant::now();
    let run = run(dir.path(), &["assess"]);
    let name = files.first().map(|f| f.0.as_ref());
    assert!(begun.elapsed() < PATIENCE, "{name:?} took too long");
    assert_eq!(run.code, 1, "{name:?}: {run:?}");
    assert!(run.stdout.contains("sql-injection@"), "{name:?}");
    assert!(!run.stderr.contains("panicked"), "{name:?}: {}", run.stderr);
    run
}

#[test]
fn nesting() {
    const DEEP: usize = 200_000;
    let around = |open: &str, inner: &str, close: &str, count: usize| {
        let close = if close.is_empty() {
            String::new()
        } else {
            repeat(close, count)
        };
        format!("x = {}{inner}{close}", repeat(open, count))
    };
    let texts = [
        around("(", "1", ")", DEEP),
        around("{a:", "1", "}", DEEP),
        around("f(", "1", ")", DEEP),
        around("`${", "1", "}`", DEEP),
        around("!", "1", "", DEEP),
        around("() =>", "1", "", DEEP),
        around("a ? b : ", "1", "", DEEP),
        around("a && ", "1", "", DEEP),
        around("(a && !(b || ", "1", "))", 20_000),
        around("(function () {", "", "})()", 20_000),
        repeat("{", DEEP) + &repeat("}", DEEP),
        repeat("if (a) ", DEEP) + ";",
        repeat("if (a) { b() } else ", 20_000) + "{ c() }",
        repeat("try {", 2_000) + "f()" + &repeat("} finally { g() }", 2_000),
        format!("const {}a{} = x", repeat("[", 50_000), repeat("]", 50_000)),
        repeat("for (;;) {", 3_000) + &repeat("}", 3_000),
        lines(3_000, |n| format!("function f{n}(a{n}) {{ x(a{n});")) + &repeat("}", 3_000),
    ];
    let files = texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| (format!("src/n{n}.js"), text));
    beside(&files.collect::<Vec<_>>());
}

#[test]
fn long_chains_and_large_tables() {
    let cases = lines(5_000, |n| format!("case 'c{n}': x = x + '{n}'"));
    let variables = lines(1_500, |n| {
        format!(
            "let v{n} = req.query.a{n}; if (v{n}) {{ v{} = v{n} + v{} }}",
            n / 3,
            n / 2
        )
    });
    beside(&[
        ("src/calls.js", "x = f".to_owned() + &repeat("(1)", 100_000)),
        (
            "src/then.js",
            "x = f".to_owned() + &repeat(".then(x => x + 1)", 20_000),
        ),
        (
            "src/array.js",
            format!(
                "module.exports = [{}]",
                lines(100_000, |n| format!("'a{n}',"))
            ),
        ),
        (
            "src/made.js",
            format!(
                "const f = require('f')\nexports.a = [{}]",
                lines(20_000, |n| format!("f({n}),"))
            ),
        ),
        (
            "src/table.js",
            format!(
                "module.exports = {{{}}}",
                lines(10_000, |n| format!("k{n}: (q) => q.x{n},"))
            ),
        ),
        (
            "src/switch.js",
            format!(
                "module.exports = (req, res) => {{ let x = req.query.a; switch (x) {{\n{cases}}} res.send(x) }}"
            ),
        ),
        (
            "src/many.js",
            format!("module.exports = (req, res) => {{\n{variables}res.send(v1) }}"),
        ),
        (
            "src/parameters.js",
            format!(
                "function f({}b) {{ return a1 }}\nf({}1)",
                lines(10_000, |n| format!("a{n},")),
                repeat("1,", 10_000)
            ),
        ),
    ]);
}

#[test]
fn strings_that_double() {
    let doubling = |first: &str| {
        let steps = lines(600, |n| format!("const a{} = a{n} + a{n}", n + 1));
        format!("module.exports = (req) => {{ const a0 = {first}\n{steps}return a600 }}")
    };
    let appended = repeat("q = q + req.query.a + 'x';", 5_000);
    let run = beside(&[
        ("src/constant.js", doubling("'x'")),
        ("src/holes.js", doubling("`x${req.query.a}`")),
        (
            "src/appended.js",
            format!("module.exports = (req, res) => {{ let q = ''\n{appended}res.send(q) }}"),
        ),
        (
            "src/long.js",
            format!(
                "exports.a = (req) => eval({}'b')",
                repeat("'a' + req.query.x + ", 20_000)
            ),
        ),
    ]);
    assert!(
        run.stdout.contains("length of a constant string"),
        "{}",
        run.stdout
    );
}

#[test]
fn cycles() {
    let callbacks = lines(200, |n| {
        let (next, other) = ((n + 1) % 200, (n + 7) % 200);
        format!("function f{n}(cb, x) {{ return f{next}((y) => cb(y + x), cb) + f{other}(cb, x) }}")
    });
    let own = [
        (
            "classes",
            "class A extends A { m(x) { return super.m(x) } }\nclass B extends C {}\nclass C extends D {}\n\
            class D extends B { constructor() { super(); this.m(this) } }\nnew D().q.r(1)\n\
            const mix = (B) => class extends B { f() { return super.f() } }\nclass E extends mix(E) {}\nnew E().f()\n",
        ),
        (
            "prototypes",
            "const a = {}, b = {}\na.__proto__ = b\nb.__proto__ = a\nObject.setPrototypeOf(a, b)\nfunction F() {}\n\
            function G() {}\nF.prototype = Object.create(G.prototype)\nG.prototype = Object.create(F.prototype)\nnew F().x()\n\
            a.a = a\na.b = b\nb.a = a\nconst o = { get a() { return this.a }, set a(v) { this.a = v } }\no.a = o.a\n",
        ),
        (
            "self",
            "function f(g) { return g(g) }\nf(f)\nconst y = (f) => ((x) => f(x(x)))((x) => f(x(x)))\nmodule.exports = y(y)\n",
        ),
        (
            "routers",
            "const e = require('express')\nconst r = e.Router()\nr.use(r)\nr.use('/a', r)\nconst app = e()\n\
            app.use(app)\napp.use(r)\nr.use(app)\n",
        ),
        (
            "generators",
            "function* g(x) { yield* g(x); yield x; return g }\nmodule.exports = (req, res) => res.send([...g(req.body)])\n",
        ),
    ];
    let mut files: Vec<(String, String)> = own
        .iter()
        .map(|(name, text)| (format!("src/{name}.js"), (*text).to_owned()))
        .collect();
    files.push((
        "src/callbacks.js".into(),
        callbacks + "module.exports = (req, res) => res.send(f0((x) => x, req.query.a))\n",
    ));
    for n in 0..200 {
        let (next, other) = ((n + 1) % 200, (n * 3 + 1) % 200);
        let text = format!(
            "import * as n from './m{next}.js'\nexport * from './m{next}.js'\nexport * from './m{other}.js'\n\
             export {{ x{n} as y{n} }} from './m{next}.js'\nexport default n.default\nexport const a = {{ ...n.a }}\n"
        );
        files.push((format!("src/cycle/m{n}.js"), text));
    }
    beside(&files);
}

#[test]
fn templates() {
    let mut files: Vec<(String, String)> = Vec::new();
    for n in 0..40 {
        let later = || n + 1..40.min(n + 6);
        let ejs: String = later()
            .map(|m| format!("<%- include('t{m}', {{ x: x + {m} }}) %>\n"))
            .collect();
        files.push((format!("views/t{n}.ejs"), format!("<%- x %>\n{ejs}")));
        let pug: String = later().map(|m| format!("include t{m}\n")).collect();
        files.push((format!("views/t{n}.pug"), format!("!= x\n{pug}")));
    }
    let own = [
        ("a.ejs", "<%- x %><%- include('a', { x }) %><%- include('b', { x }) %><% layout('a') %>".to_owned()),
        ("b.ejs", "<%- x %><%- include('a', { x: x + x }) %><%- include(x) %>".to_owned()),
        ("a.pug", "extends a\ninclude a\nblock c\n  include a\n  != x\nmixin m(a)\n  +m(a)\n+m(x)\n".to_owned()),
        ("a.njk", "{% extends 'a.njk' %}{% include 'a.njk' %}{% macro m(a) %}{{ m(a) }}{% endmacro %}{{ m(x) }}{{ super() }}".to_owned()),
        ("a.hbs", "{{> a x=x}}{{{x}}}{{#> a}}{{> @partial-block}}{{/a}}".to_owned()),
        ("a.dust", "{>\"a\" x=x/}{x|s}{+b}{/b}{<b}{>a/}{/b}".to_owned()),
        ("deep.ejs", repeat("<% if (a) { %>", 20_000) + "<%- x %>" + &repeat("<% } %>", 20_000)),
        ("deep.njk", format!("{{{{ {}x{} }}}}", repeat("(", 200_000), repeat(")", 200_000))),
        ("deep.hbs", repeat("{{#if a}}", 10_000) + "{{{x}}}" + &repeat("{{/if}}", 10_000)),
        ("deep.pug", lines(3_000, |n| " ".repeat(n) + if n % 2 == 0 { "if a" } else { "p" })),
        ("tags.pug", format!("p{}\np{}", ": p".repeat(50_000), "#[b ".repeat(50_000))),
    ];
    files.extend(own.map(|(name, text)| (format!("views/{name}"), text)));
    let pages = "const app = require('express')()\napp.set('view engine', 'ejs')\n\
         app.get('/', (req, res) => res.render('a', { x: req.query.x }))\n\
         app.get('/t', (req, res) => res.render('t0', { x: req.query.x }))\n\
         app.get('/v', (req, res) => res.render(req.query.v, req.query))\n";
    files.push(("src/pages.js".into(), pages.into()));
    beside(&files);
}

#[test]
fn regular_expressions() {
    let branches: String = (0..3_000).map(|n| format!("c{n}|")).collect();
    let patterns = [
        "(".repeat(5_000) + "a+" + &")+".repeat(5_000) + "$",
        "(a*)*".repeat(2_000) + "$",
        "(a{1,1000}){1,1000}{1,1000}$".to_owned(),
        ["(x+x+)+y"; 500].join("|"),
        format!("(a|b|{branches}d)*$"),
        "[a-z]{1000}{1000}x".to_owned(),
    ];
    let tests: String = patterns
        .iter()
        .map(|p| format!("  /{p}/.test(req.query.a)\n"))
        .collect();
    let ordinary =
        "  // a line of ordinary length, so that the file is not taken for a minified one\n"
            .repeat(2_000);
    let built = "(".repeat(100_000);
    let text = format!(
        "const app = require('express')()\napp.get('/re', (req, res) => {{\n{tests}  new RegExp('{built}').test(req.query.b)\n{ordinary}}})\n"
    );
    beside(&[("src/patterns.js", text)]);
}

#[test]
fn manifests() {
    let dependencies = lines(300_000, |n| format!("\"dep{n}\": \"^1\","));
    let aliases = lines(20_000, |n| format!("\"@a{n}/*\": [\"./src/a{n}/*\"],"));
    let odd = "{\"exports\": {\".\": [[[]]]}, \"workspaces\": [\"**/*\", \"../..\", \"/\"], \"main\": \"../../../etc/passwd\", \
         \"imports\": {\"#a\": \"#a\", \"#b*\": \"#b*\"}, \"name\": 5, \"dependencies\": [1, 2]}";
    let ignored = "*a".repeat(5_000)
        + "\n[\n\\\n!\n!!\n/**/**/**/q/\n{a,{a,\n"
        + &lines(5_000, |n| format!("/**/x{n}*y*z*/**"));
    beside(&[
        ("big/package.json", format!("{{\"name\": \"big\", \"dependencies\": {{{dependencies}\"z\": \"1\"}}}}")),
        ("deep/package.json", repeat("{\"a\":", 200_000) + "1" + &repeat("}", 200_000)),
        ("odd/package.json", odd.to_owned()),
        ("odd/a.js", "require('#a'); require('#b/c'); require('..'); require('../../../..'); require(''); require('/etc/passwd')".to_owned()),
        (
            "ts/tsconfig.json",
            format!("{{\"extends\": [\"./b.json\", \"./tsconfig.json\"], \"compilerOptions\": {{\"paths\": {{{aliases}\"*\": [\"*\"]}}}}}}"),
        ),
        ("ts/b.json", "{\"extends\": \"./tsconfig.json\"}".to_owned()),
        ("ts/jsconfig.json", "{\"extends\": \"./jsconfig.json\", \"references\": [{\"path\": \".\"}]}".to_owned()),
        ("ts/a.ts", lines(3_000, |n| format!("import x{n} from '@q{n}/z'"))),
        (".gitignore", ignored),
        ("a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.js", "x = 1".to_owned()),
    ]);
}

#[test]
fn policies_are_refused_with_a_line() {
    let hostile = [
        "a = ".to_owned() + &"[".repeat(200_000),
        format!("a{} = 1", ".a".repeat(100_000)),
        "x = 1\n".repeat(100_000),
        "\u{0}\u{1}".to_owned(),
    ];
    for text in hostile {
        let dir = tree(FLAWED);
        write(dir.path(), "casemate.toml", text.as_bytes());
        let refused = run(dir.path(), &["assess"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        for said in ["`casemate.toml`, line ", "--isolated"] {
            assert!(refused.stderr.contains(said), "{}", refused.stderr);
        }
        let isolated = run(dir.path(), &["assess", "--isolated"]);
        assert_eq!(isolated.code, 1, "{isolated:?}");
    }
}

#[test]
fn twenty_thousand_files() {
    let files: Vec<(String, String)> = (0..20_000)
        .map(|n| {
            let next = (n + 1) % 20_000;
            let text = format!("exports.a{n} = require('../d{}/f{next}')\n", next % 100);
            (format!("lib/d{}/f{n}.js", n % 100), text)
        })
        .collect();
    beside(&files);
}

#[test]
fn files_that_come_and_go() {
    let dir = tree(FLAWED);
    let path = dir.path().to_path_buf();
    let other = std::thread::spawn(move || {
        for _ in 0..20 {
            for n in 0..200 {
                write(&path, &format!("src/gone/f{n}.js"), b"exports.a = 1\n");
            }
            std::fs::remove_dir_all(path.join("src/gone")).unwrap();
        }
    });
    while !other.is_finished() {
        let run = run(dir.path(), &["assess"]);
        assert_eq!(run.code, 1, "{run:?}");
    }
    other.join().unwrap();
}

#[test]
fn paths_that_cannot_be() {
    let dir = tree(FLAWED);
    let missing = run(dir.path(), &["assess", "nowhere"]);
    assert_eq!(missing.code, 2);
    for said in ["nowhere", "help:"] {
        assert!(missing.stderr.contains(said), "{}", missing.stderr);
    }
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(run(empty.path(), &["assess"]).code, 3);
    for output in ["src", "no/such/folder/out.sarif"] {
        let run = run(dir.path(), &["assess", "-f", "sarif", "-o", output]);
        assert_eq!(run.code, 2, "{output}: {run:?}");
        for said in ["cannot be written", "nothing was assessed"] {
            assert!(run.stderr.contains(said), "{}", run.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn unreadable_files_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tree(FLAWED);
    write(dir.path(), "src/locked.js", b"exports.a = 1\n");
    let locked = dir.path().join("src/locked.js");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    // The administrator reads everything.
    if std::fs::read(&locked).is_err() {
        let run = run(dir.path(), &["assess"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stdout.contains("src/locked.js: "), "{}", run.stdout);
    }
}

#[test]
fn a_reader_that_leaves() {
    use std::process::Stdio;
    let dir = tree(FLAWED);
    let mut command = command(dir.path(), &["assess"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some() && !said.contains("panicked"),
        "{said}"
    );
}
