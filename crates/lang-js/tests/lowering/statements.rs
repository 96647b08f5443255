//! Statements: branches, loops, jumps, exceptions.

use super::common::{facts, has, js};

#[test]
fn conditions_branch_on_their_atoms() {
    js(
        "if (!a || b(x)) c()",
        &[
            "if %0 then b3 else b2",
            "b2:",
            "free c",
            "b3:",
            "%3 = call",
            "if %3 then b2 else b1",
        ],
    );
    js(
        "if (a && !(b || c)) d(); else e()",
        &[
            "if %0 then b4 else b3",
            "b4:",
            "then b3 else b5",
            "b5:",
            "then b3 else b2",
        ],
    );
    js(
        "while (a && b) c()",
        &["b1:", "if %0 then b4 else b3", "b4:", "then b2 else b3"],
    );
    js(
        "if (a ? b : c) d()",
        &[
            "if %0 then b3 else b4",
            "b3:",
            "then b2 else b1",
            "b4:",
            "then b2 else b1",
        ],
    );
    js(
        "if ((a, b)) c()",
        &["%0 = free a", "%1 = free b", "if %1 then"],
    );
}

#[test]
fn else_if_chains_are_flat() {
    js(
        "if (a) b(); else if (c) d(); else e();",
        &["if %0 then b2 else b3", "b3:", "then b4 else b5"],
    );
    let long = format!("if (a) b(); {}", "else if (c) d();".repeat(5_000));
    assert_eq!(facts(&long, "a.js").stats.opaque, 0);
}

#[test]
fn loops() {
    js(
        "for (let i = 0; i < n; i++) f(i)",
        &[
            "%0 = copy 0",
            "goto b1",
            "b1:",
            "less (%0, %1)",
            "then b2 else b4",
            "b2:",
            "goto b3",
            "b3:",
            "arithmetic (%0)",
            "goto b1",
        ],
    );
    js(
        "do f(); while (a)",
        &["goto b1", "b1:", "goto b2", "b2:", "then b1 else b3"],
    );
    js(
        "for (const [k, v] of m) f(k)",
        &[
            "%1 = select (true, false)",
            "if %1 then b2 else b3",
            "%2 = next %0",
            "load %2[0]",
        ],
    );
    js(
        "for (x.y in o) f()",
        &["%2 = next_key %0", "store %3.y = %2"],
    );
    js(
        "for (;;) { if (a) break; continue }",
        &[
            "b1:",
            "goto b2",
            "b2:",
            "if %0 then b6 else b5",
            "b5:",
            "goto b3",
            "b6:",
            "goto b4",
        ],
    );
}

#[test]
fn labels() {
    js(
        "a: for (;;) { for (;;) { if (x) break a; continue a } }",
        &[
            "if %0 then b10 else b9",
            "b9:",
            "goto b3",
            "b10:",
            "goto b4",
        ],
    );
    js(
        "a: { if (x) break a; f() } g()",
        &[
            "if %0 then b3 else b2",
            "b1:",
            "free g",
            "b2:",
            "free f",
            "b3:",
            "goto b1",
        ],
    );
    js("a: if (x) break a; g()", &["if %0 then", "b1:", "free g"]);
}

#[test]
fn switches() {
    js(
        "switch (a) { case 1: case 'b': f(); break; default: g(); case c: h() }",
        &[
            "strict_eq (%0, 1)",
            "then b2 else b6",
            "b2:",
            "goto b3",
            "b3:",
            "free f",
            "goto b1",
            "b4:",
            "free g",
            "goto b5",
            "b5:",
            "free h",
            "goto b1",
            "b6:",
            "strict_eq (%0, \"b\")",
            "then b3 else b7",
            "b7:",
            "then b5 else b8",
            "b8:",
            "goto b4",
        ],
    );
}

#[test]
fn exceptions() {
    js(
        "try { a() } catch (e) { b(e) } c()",
        &[
            "goto b3",
            "b1:",
            "free c",
            "b2:",
            "catch",
            "goto b1",
            "b3: unwind b2",
            "free a",
        ],
    );
    js(
        "try { a() } finally { b() } c()",
        &[
            "b1:",
            "free b",
            "free c",
            "b2:",
            "%2 = catch",
            "free b",
            "throw %2",
            "b3: unwind b2",
        ],
    );
    js(
        "try { a() } catch { b() } finally { c() }",
        &[
            "b2:",
            "throw",
            "b3: unwind b2",
            "catch",
            "free b",
            "b4: unwind b3",
            "free a",
        ],
    );
    js(
        "function f() { throw new E('a') }",
        &["%1 = new %0 (\"a\")", "throw %1"],
    );
}

#[test]
fn jumps_run_finally_bodies() {
    let facts = facts(
        "function f(x) { try { if (x) return x; g() } finally { h(() => x) } i() }",
        "a.js",
    );
    // The value is kept before the body, which may change the variable.
    has(&facts, &["copy %0", "free h", "return %"]);
    let program = casemate_ir::text::print_without_spans(&facts);
    assert_eq!(program.matches("free h").count(), 3, "{program}");
    assert_eq!(program.matches("closure f2").count(), 3, "{program}");
    assert_eq!(facts.functions.len(), 3);
}

#[test]
fn unreachable_code_keeps_its_functions() {
    let facts = facts(
        "function f() { return g; function g() {} const h = () => {}; }",
        "a.js",
    );
    assert_eq!(facts.functions.len(), 4);
}
