//! Expressions: operands, operators, strings, calls, literals, assignments.

use super::common::{facts, has, js, ts};

#[test]
fn members_and_calls() {
    js(
        "a.b.c(d.e, ...f)",
        &[
            "%1 = load %0.b",
            "%2 = load %1.c",
            "%4 = load %3.e",
            "call %2 this %1 (%4, ...%5)",
        ],
    );
    js(
        "a['b'][0][c]",
        &[
            "%1 = load %0.b",
            "%2 = load %1[0]",
            "%3 = free c",
            "load %2[%3]",
        ],
    );
    js(
        "new A.B(c)",
        &["%1 = load %0.B", "%2 = free c", "new %1 (%2)"],
    );
    js("(a.b)()", &["call %1 this %0 ()"]);
    js("(0, a.b)()", &["call %1 ()"]);
    js(
        "a?.b?.(c)?.[d]",
        &[
            "%1 = load %0.b",
            "%3 = call optional %1 this %0 (%2)",
            "load %3[%4]",
        ],
    );
    ts(
        "(a as B)!.c<D>()",
        &["%1 = load %0.c", "call %1 this %0 ()"],
    );
    js(
        "t.x`a${b}c`",
        &[
            "%1 = load %0.x",
            "%2 = array [\"a\", \"c\"]",
            "%3 = free b",
            "call tagged %1 this %0 (%2, %3)",
        ],
    );
}

#[test]
fn spans() {
    let source = "x(a.b(c), `q${d}`)";
    let facts = facts(source, "a.js");
    let texts: Vec<&str> = facts.functions[0]
        .spans
        .iter()
        .map(|s| &source[s.start as usize..s.end as usize])
        .collect();
    assert_eq!(
        texts,
        ["x", "a", "a.b", "c", "a.b(c)", "d", "`q${d}`", source]
    );
}

#[test]
fn strings() {
    js("a + 'b' + c", &["template (%0, \"b\", %1)"]);
    js(
        "a + (b + 'c') + `d${e}`",
        &["template (%0, %1, \"c\", \"d\", %2)"],
    );
    js("a + b", &["add (%0, %1)"]);
    js(
        "a * b + 'c'",
        &["%2 = arithmetic (%0, %1)", "template (%2, \"c\")"],
    );
    js(
        "a + 'b' - c + d",
        &[
            "%1 = template (%0, \"b\")",
            "%3 = arithmetic (%1, %2)",
            "add (%3, %4)",
        ],
    );
    js(
        "x += 'a' + b",
        &["%2 = template (%0, \"a\", %1)", "set free x = %2"],
    );
    js("x += b", &["%2 = add (%0, %1)", "set free x = %2"]);
    js(
        "f(`plain`, 'a' + 'b')",
        &["%1 = template (\"a\", \"b\")", "call %0 (\"plain\", %1)"],
    );
    js(
        "`a${`b${c}` + d}e`",
        &["template (\"a\", \"b\", %0, %1, \"e\")"],
    );
}

#[test]
fn operators() {
    js(
        "a === b; a != b; a < b; a >= b",
        &[
            "strict_eq (%0, %1)",
            "ne (%3, %4)",
            "less (%6, %7)",
            "greater_eq (%9, %10)",
        ],
    );
    js(
        "x = 24 * 60 * 60 * 1000; y = 1 + 2 - 0.5; z = 5 * a * 2",
        &["x = 86400000", "y = 2.5", "arithmetic (5, %0)"],
    );
    js(
        "a in b; a instanceof b; typeof a; !a; -a",
        &["in (%0, %1)", "instance_of (%3, %4)", "type_of (%6)"],
    );
    js(
        "x = !a; y = -a; z = void a",
        &["not (%0)", "arithmetic (%2)", "void (%4)"],
    );
    js(
        "x = -1; y = void 0; z = undefined",
        &["x = -1", "y = undefined", "z = undefined"],
    );
    js(
        "delete a.b; delete a?.b[c]",
        &["delete %0.b", "delete %2[%3]"],
    );
    js(
        "class A { #x; has(o) { return #x in o } }",
        &["in (\"#x\", %0)"],
    );
}

#[test]
fn short_circuits_as_values() {
    js(
        "x = a || b",
        &[
            "%0 = copy %1",
            "if %1 then b1 else b2",
            "set free x = %0",
            "%0 = copy %2",
        ],
    );
    js("x = a && b", &["%0 = copy %1", "if %1 then b2 else b1"]);
    js(
        "x = a ?? b",
        &["%2 = eq (%1, null)", "if %2 then b2 else b1"],
    );
    js(
        "x = a ? b : c ? d : e",
        &[
            "if %1 then b2 else b3",
            "set free x = %0",
            "%0 = copy %2",
            "if %3 then b4 else b5",
        ],
    );
}

#[test]
fn short_circuits_as_statements() {
    js("a && b()", &["if %0 then b1 else b2", "b1:", "call %1 ()"]);
    js("a || b()", &["if %0 then b2 else b1"]);
    js(
        "a ? b() : c()",
        &[
            "if %0 then b1 else b2",
            "call %1 ()",
            "goto b3",
            "call %3 ()",
        ],
    );
}

#[test]
fn assignments() {
    js(
        "a.b = c; a[d] = e",
        &["%1 = free c", "store %0.b = %1", "store %2[%3] = %4"],
    );
    js(
        "a.b += 1",
        &["%1 = load %0.b", "%2 = add (%1, 1)", "store %0.b = %2"],
    );
    js("a ||= b", &["if %1 then b2 else b1", "set free a = %2"]);
    js(
        "a.b ??= c",
        &[
            "%2 = load %0.b",
            "%3 = eq (%2, null)",
            "if %3 then b1 else b2",
            "store %0.b = %4",
        ],
    );
    js(
        "let i = 0; i++; --i",
        &[
            "%0 = copy 0",
            "%1 = arithmetic (%0)",
            "%0 = copy %1",
            "%0 = copy %2",
        ],
    );
}

#[test]
fn assignments_to_patterns() {
    js(
        "[a, , b.c = 1, ...d] = e",
        &[
            "load %0[0]",
            "set free a",
            "load %0[2]",
            "select (%2, 1)",
            "store %4.c = %3",
            "rest (%0, 0, 1, 2)",
            "set free d",
        ],
    );
    js(
        "({ a, b: c.d, e = f(), ...g } = h)",
        &[
            "load %0.a",
            "set free a",
            "load %0.b",
            "store %3.d = %2",
            "strict_eq (%4, undefined)",
            "rest (%0, \"a\", \"b\", \"e\")",
        ],
    );
}

#[test]
fn declarations_with_patterns() {
    js(
        "function f(x) { const { a, ['b' + x]: [c = g()], 'd': { e } } = x; return a }",
        &[
            "load %0.a",
            "%3 = template (\"b\", %0)",
            "%4 = load %0[%3]",
            "load %4[0]",
            "strict_eq (%5, undefined)",
            "load %0.d",
        ],
    );
    js(
        "var { length } = 'a', [x] = y, z",
        &["load \"a\".length", "free y", "[0]"],
    );
    js(
        "function f() { for (;;) { let x; g(x); x = 1 } }",
        &["%0 = copy undefined", "%0 = copy 1"],
    );
}

#[test]
fn literals() {
    js(
        "x = { a: 1, 'b-c': d, [e]: 2, ...f, g() {}, get h() {}, set h(v) {}, 5: 6 }",
        &["object {a: 1, \"b-c\": %0, [%1]: 2, ...%2, g: %3, get h: %4, set h: %5, \"5\": 6}"],
    );
    js(
        "x = [1, , ...a, null, true, /a\\/b/gi, 10n]",
        &["array [1, undefined, ...%0, null, true, /a\\/b/gi, other \"10\"]"],
    );
    let facts = facts(
        "x = { g() {}, get h() {}, async *i() {}, j: async () => {} }",
        "a.js",
    );
    has(
        &facts,
        &[
            "fn f1 method g",
            "fn f2 getter h",
            "fn f3 async generator method i",
            "fn f4 async arrow j",
        ],
    );
}

#[test]
fn wide_literals_keep_their_functions() {
    let members: String = (0..5_000)
        .map(|i| {
            format!(
                "a{i}: {},\n",
                if i == 4_999 { "() => secret()" } else { "1" }
            )
        })
        .collect();
    let facts = facts(&format!("x = {{ {members} }}"), "a.js");
    assert_eq!(
        (facts.functions.len(), facts.stats.opaque, facts.notes.len()),
        (2, 1, 1)
    );
    assert_eq!(facts.functions[0].parts.len(), 4_097);
}

#[test]
fn functions_and_classes_are_named_by_where_they_are_put() {
    let facts = facts(
        "const a = () => {}; exports.b = function () {}; c = class { d = () => {} }; e.f = g || (() => {});
         const { h = () => {} } = i; module.exports = function () {}; function j(k = () => {}) {} const l = function m() {};",
        "a.js",
    );
    let names: Vec<&str> = facts
        .functions
        .iter()
        .skip(1)
        .map(|f| f.name.map_or("", |n| facts.str(n)))
        .collect();
    assert_eq!(
        names,
        ["j", "k", "a", "b", "constructor", "d", "f", "h", "", "m"]
    );
    assert_eq!(facts.classes[0].name.map(|n| facts.str(n)), Some("c"));
}

#[test]
fn asynchronous() {
    js(
        "async function* f(a) { const b = await a; yield b; yield* g(); for await (const c of a) h(c) }",
        &[
            "async generator function f",
            "%1 = await %0",
            "yield %2",
            "yield* %5",
            "%8 = next %0",
            "%9 = await %8",
        ],
    );
}

#[test]
fn jsx() {
    js(
        "x = <A.B c={d} {...e} f>text {g(() => h)} <br/></A.B>",
        &[
            "load %0.B",
            "closure f1",
            "free jsx",
            "call",
            "array [\"text\"",
            "object {c: %2, ...%3, f: true, children:",
            "free jsx",
        ],
    );
    js(
        "x = <><p class=\"a\">{y}</p></>",
        &[
            "array [%0]",
            "object {class: \"a\", children: %1}",
            "(\"p\", %2)",
            "(\"\", %6)",
        ],
    );
}
