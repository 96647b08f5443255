//! Inputs made to break a front end: none may crash, hang or be lost without a word.

use casemate_ir::FileFacts;
use casemate_lang_js::{LowerOptions, lower};
use std::time::{Duration, Instant};

/// Lowers on the stack that callers give, within a time that says "linear".
fn survive(path: &'static str, text: String) -> FileFacts {
    let worker = std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(move || {
            let begin = Instant::now();
            let facts = lower(&text, path, &LowerOptions::default());
            (facts, begin.elapsed())
        });
    let (facts, time) = worker.expect("a thread").join().expect("no panic");
    assert!(time < Duration::from_secs(20), "{time:?}");
    // Checking definedness of hundreds of thousands of temporaries is the validator's matter, not ours.
    if facts.stats.instrs < 100_000 {
        let violations = casemate_ir::validate(&facts);
        assert!(violations.is_empty(), "{:?}", violations.first());
    }
    facts
}

fn told(facts: &FileFacts) -> bool {
    !facts.notes.is_empty()
}

#[test]
fn nested_brackets() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("(a,", ")"),
        ("f(", ")"),
        ("[a.b[", "]]"),
        ("`${", "}`"),
        ("x={a:", "}"),
    ] {
        for n in [1_000, 200_000] {
            let facts = survive(
                "a.js",
                format!("{}{}{}", open.repeat(n), "a", close.repeat(n)),
            );
            assert!(n == 1_000 || told(&facts), "{open}");
            survive("a.ts", open.repeat(n));
        }
    }
}

#[test]
fn long_chains() {
    for piece in [
        "+a", ".b", "&&a", "||a", "??a", ",a", "-a", "*a", ".b()", "()", "[0]", "|a", "+'a'",
        "+`a${b}`", "!", "?.b", " in a", "==a",
    ] {
        survive("a.js", format!("x = a{}", piece.repeat(300_000)));
        survive("a.js", format!("if (a{}) b()", piece.repeat(300_000)));
    }
}

#[test]
fn nesting_without_brackets() {
    for piece in [
        "!",
        "-",
        "~",
        "typeof ",
        "await ",
        "new ",
        "void ",
        "a=",
        "a=>",
        "a?b:",
        "a**",
        "if(a)",
        "else ",
        "a:",
        "for(;;)",
        "while(a)",
        "do ",
        "<a>",
        "async a=>",
        "yield ",
        "delete ",
        "++",
        "with(a)",
        "label: ",
        "a?",
        "if(a){}else ",
        "export default ",
        "class A extends ",
        "@a ",
        "<T>",
        "...",
        "x as ",
        "a!",
        "-a**-",
        "try{}finally{",
        "function f(){",
        "class A{m(){",
        "()=>{",
        "type A=B<",
    ] {
        for path in ["a.js", "a.ts", "a.tsx"] {
            for n in [1_500, 15_000, 150_000] {
                survive(path, format!("{}a", piece.repeat(n)));
            }
        }
    }
}

#[test]
fn wide_literals() {
    let facts = survive("a.js", format!("x = [{}]", "1,".repeat(300_000)));
    assert!(told(&facts));
    assert!(facts.stats.instrs < 100);
    survive(
        "a.js",
        format!(
            "x = {{{}}}",
            (0..100_000)
                .map(|i| format!("a{i}: f({i}),"))
                .collect::<String>()
        ),
    );
    survive(
        "a.js",
        (0..100_000)
            .map(|i| format!("function f{i}() {{ return f{i}; }}\n"))
            .collect(),
    );
    survive(
        "a.js",
        format!("switch (a) {{ {} }}", "case 1: b(); break;".repeat(50_000)),
    );
    survive("a.js", format!("function f({}) {{}}", "a,".repeat(50_000)));
    survive("a.js", format!("f({})", "a,".repeat(100_000)));
    survive("a.js", format!("var {{{}}} = a", "b,".repeat(50_000)));
}

#[test]
fn finally_bodies_do_not_multiply() {
    let mut text = String::new();
    for _ in 0..12 {
        text.push_str("try { if (a) return 1; if (b) return 2; } finally { ");
    }
    text.push_str("g(() => 1);");
    text.push_str(&" }".repeat(12));
    let facts = survive("a.js", format!("function f() {{ {text} }}"));
    assert!(facts.stats.instrs < 20_000, "{}", facts.stats.instrs);
}

#[test]
fn minified_bundles() {
    let unit = "!function(e,t){var n=e.a(t);return n?n.b:t&&t.c}(a,b);";
    let facts = survive("a.js", unit.repeat((4 << 20) / unit.len()));
    assert!(told(&facts));
    let facts = survive("a.js", "a".repeat(6 << 20));
    assert!(told(&facts) && facts.functions.len() == 1);
}

#[test]
fn broken_text() {
    for text in [
        "",
        "\u{feff}",
        "#!/usr/bin/env node",
        "#!",
        "\0",
        "\"\\ud800\" + '\\udfff' + `\\ud800`",
        "x = \"\u{2028}\"",
        "'",
        "`",
        "/",
        "/*",
        "<!--",
        "@",
        "#",
        "import",
        "export",
        "export default",
        "class",
        "a ? b",
        "a.",
        "a?.",
        "({",
        "}",
        ")",
        "]]]]",
        "=> =>",
        "\\",
        "\\u{110000}",
        "0x",
        "1n.a",
        "let let = let",
        "await await",
        "for (",
        "switch (a) {",
        "case 1:",
        "break",
        "continue a",
        "a: continue a",
        "return",
        "super()",
        "super.a",
        "new.target",
        "import.meta",
        "#a in b",
        "this",
        "arguments",
        "yield",
        "delete a",
        "enum A {",
        "namespace A.B.C { export const x = 1 }",
        "<a",
        "<a>",
        "<a></b>",
        "function f(a, a) { 'use strict' }",
        "class A { constructor() { super() } constructor() {} }",
        "var a; let a; const a",
        "export { x }",
        "export { x as default, x as default }",
        "import a from 'a'; import a from 'b'",
        "(a, b) = c",
        "[a] += b",
        "a++ ++",
        "with (a) b",
        "\u{1F600}",
        "a\u{200b}b",
        "{{{{",
        "%*(&^",
        "\r\r\n\n",
        "if",
        "else",
        "try {",
        "catch {}",
        "finally {}",
    ] {
        for path in ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx", "a.d.ts", "a", ""] {
            survive(path, text.to_owned());
        }
    }
}

/// Every prefix, and every text with one piece taken out, of a file with a bit of everything.
#[test]
fn mutations() {
    let text = include_str!("lowering/everything.ts");
    let worker = std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(move || {
            let options = LowerOptions::default();
            let ends: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            for (n, &end) in ends.iter().enumerate() {
                let cut = ends.get(n + 1 + n % 7).copied().unwrap_or(text.len());
                let without = format!("{}{}", &text[..end], &text[cut..]);
                for (mutant, path) in [
                    (&text[..end], "a.ts"),
                    (without.as_str(), "a.ts"),
                    (without.as_str(), "a.js"),
                ] {
                    let facts = lower(mutant, path, &options);
                    let violations = casemate_ir::validate(&facts);
                    assert!(
                        violations.is_empty(),
                        "{:?} in\n{mutant}",
                        violations.first()
                    );
                }
            }
        });
    worker.expect("a thread").join().expect("no panic");
}
