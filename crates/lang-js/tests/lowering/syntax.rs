//! Dialects, comments, and files that are broken or not made by hand.

use super::common::{facts, has};
use casemate_ir::Span;

#[test]
fn comments() {
    let facts = facts(
        "// casemate: ignore x\nf() /* casemate:off */ // other\n",
        "a.js",
    );
    let texts: Vec<&str> = facts.comments.iter().map(|(_, t)| t.as_str()).collect();
    assert_eq!(texts, ["// casemate: ignore x", "/* casemate:off */"]);
    assert_eq!(facts.comments[0].0, Span::new(0, 21));
}

#[test]
fn what_may_stand_around_a_program() {
    for source in [
        "#!/usr/bin/env node\nf()",
        "\u{feff}f()",
        "f(); return",
        "await f()",
        "with (a) f()",
    ] {
        let facts = facts(source, "a.js");
        assert_eq!(facts.stats.syntax_errors, 0, "{source}");
        let at = source.find("f()").unwrap_or(0);
        assert!(
            facts.functions[0]
                .spans
                .iter()
                .any(|s| s.start as usize == at),
            "{source}"
        );
    }
}

#[test]
fn dialects() {
    for (path, source) in [
        ("a.js", "const a = <b>{c}</b>"),
        (
            "a.js",
            "// @flow\nconst a = (b: any); function f(x: ?string, y?: number = 1): Promise<*> {}\ntype T = {| a: 1 |};",
        ),
        ("a.js", "import type { A } from 'b'; const x: A = 1"),
        ("a.ts", "const a = <b>c; type D = E<F>"),
        ("a.mts", "export const a: number = await b"),
        ("a.cjs", "return require('x')"),
        ("a.cts", "import a = require('b'); export = a"),
        (
            "a.d.ts",
            "export declare function f(): void; export default A; declare const A: 1",
        ),
        ("noext", "f()"),
    ] {
        let facts = facts(source, path);
        assert_eq!(
            facts.stats.syntax_errors, 0,
            "{path} {source} {:?}",
            facts.notes
        );
    }
}

#[test]
fn syntax_errors_cost_only_their_surroundings() {
    let source = "const a = require('x');\nfunction f() { a.one(] }\nfunction g() { a.two() }\nconst = 1;\nfunction h() { a.three()";
    let facts = facts(source, "a.js");
    assert!(facts.stats.syntax_errors >= 3);
    assert!(
        facts
            .notes
            .iter()
            .any(|n| n.message.contains("syntax error"))
    );
    has(&facts, &["import i0 \"x\" require", ".two", ".three"]);
}

#[test]
fn a_forgotten_parenthesis_does_not_swallow_a_class() {
    let source =
        "class A {\n  static s = f(a\n  constructor(b) { this.b = b }\n  m() { return this.b }\n}";
    has(&facts(source, "a.js"), &["method m", "store", "load"]);
}

#[test]
fn hopeless_files_are_told() {
    let facts = facts(&"\u{1}".repeat(100), "a.js");
    assert!(facts.stats.syntax_errors > 0 && !facts.notes.is_empty());
    assert_eq!(facts.functions.len(), 1);
}

#[test]
fn minified_files_keep_their_module_level() {
    let calls = "f(function(x){return x.y(x.z)});".repeat(400);
    let facts = facts(
        &format!("module.exports=function(a,b){{return a(b)}};{calls}"),
        "a.js",
    );
    assert_eq!(facts.stats.skipped_bodies, 401);
    assert!(facts.notes[0].message.contains("minified"));
    has(
        &facts,
        &["store %0.exports = %1", "%2 = opaque (%0, %1)", "return %2"],
    );
}

#[test]
fn long_texts_are_not_minified_code() {
    let source = format!(
        "const logo = 'data:image/png;base64,{}';\nfunction f(a) {{ return g(a) }}",
        "iVBORw0KGgo".repeat(2_000)
    );
    let facts = facts(&source, "a.js");
    assert_eq!((facts.stats.skipped_bodies, facts.notes.len()), (0, 0));
}

#[test]
fn the_same_text_gives_the_same_facts() {
    let source = include_str!("everything.ts");
    assert_eq!(facts(source, "a.ts"), facts(source, "a.ts"));
    assert_eq!(facts(source, "a.ts").stats.syntax_errors, 0);
}
