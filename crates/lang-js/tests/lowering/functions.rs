//! Functions, variables and what nested functions reach.

use super::common::{facts, has, js, ts};

#[test]
fn variables_of_enclosing_functions_are_captured() {
    js(
        "function f(a) { let b = 1; return () => { const c = b; return () => a + c } }",
        &[
            "fn f1 function f (%0 a)",
            "param a captured",
            "named b captured",
            "fn f2 arrow",
            "capture k0 = %1",
            "capture k1 = %0",
            "named c captured",
            "fn f3 arrow",
            "capture k0 = outer k1",
            "capture k1 = %1",
        ],
    );
    js(
        "function f() { let n = 0; return { up() { n++ } } }",
        &[
            "named n captured",
            "%0 = captured k0",
            "%1 = arithmetic (%0)",
            "set captured k0 = %1",
        ],
    );
}

#[test]
fn shared_variables_of_the_module_are_global() {
    js(
        "const a = 1, b = 2; let c = b; function f() { return a + c } c = 3",
        &["global g0 a const", "global g1 c"],
    );
    let facts = facts("const a = 1; { let b = 2; g(() => b) } a;", "a.js");
    assert_eq!(facts.globals.len(), 1);
}

#[test]
fn hoisting() {
    js(
        "f(); function f() { return g() } function g() {}",
        &["closure f1", "call", "fn f1"],
    );
    js(
        "if (a) { f(); function f() {} }",
        &["if %0", "closure f1", "call"],
    );
}

#[test]
fn this_and_arguments() {
    js(
        "function f() { return [this, arguments, () => [this, arguments], function () { return this }] }",
        &[
            "this %0",
            "arguments %1",
            "this captured",
            "arguments captured",
            "fn f2 arrow",
            "capture k0 = %0",
            "capture k1 = %1",
            "fn f3 function",
            "this %0",
        ],
    );
    js("const f = () => this", &["free this"]);
    js(
        "class A { x = () => this.y }",
        &[
            "fn f1 constructor",
            "this captured",
            "fn f2 arrow",
            "capture k0",
        ],
    );
}

#[test]
fn parameters() {
    js(
        "function f({ a }, [b] = g(), c = a, ...d) {}",
        &[
            "fn f1 function f (%0, %1?, %2 c?, ...%3 d)",
            "load %0.a",
            "strict_eq (%1, undefined)",
            "load %1[0]",
            "%2 = copy",
        ],
    );
    ts(
        "function f(this: A, a?: B, ...c: string[]) { return this }",
        &["fn f1 function f (%0 a? : B, ...%1 c : in Array is string)"],
    );
    let source = "async function name(a, b) { return 1 }";
    let facts = facts(source, "a.js");
    let head = facts.functions[1].head;
    assert_eq!(
        &source[head.start as usize..head.end as usize],
        "async function name(a, b) "
    );
}

#[test]
fn named_function_expressions() {
    js(
        "const f = function g(n) { return g(n - 1) }",
        &["global g0 g const", "set global g0"],
    );
    js(
        "function o() { return function g(n) { return g(n - 1) } }",
        &["named g captured", "capture k0"],
    );
    js(
        "class A { f = function g() { return g } }",
        &["fn f1 constructor", "named g captured", "capture k0"],
    );
}

#[test]
fn overloads_and_ambient_declarations_vanish() {
    let facts = facts(
        "function f(a: string): void; function f(a: any) {} declare function g(): void; declare const h: number;
         abstract class A { abstract m(): void; n?(): void }",
        "a.ts",
    );
    assert_eq!(facts.functions.len(), 3);
    has(&facts, &["method m"]);
}

#[test]
fn shadowing() {
    js(
        "let x = 1; { let x = 2; f(x) } f(x)",
        &["%0 = copy 1", "%1 = copy 2", "call %2 (%1)", "call %4 (%0)"],
    );
    js(
        "function f(require) { return require('x') }",
        &["call %0 (\"x\")"],
    );
}

/// What a browser may call is marked like a decorated function.
#[test]
fn server_actions() {
    let marked = |source: &str| {
        let facts = facts(source, "a.ts");
        let named = facts.functions.iter().filter(|f| !f.decorators.is_empty());
        let mut names: Vec<String> = named
            .filter_map(|f| Some(facts.str(f.name?).to_owned()))
            .collect();
        names.sort();
        names
    };
    let code = "async function own() {}
        export async function a(x) { return own(async function b() {}) }
        export const c = async y => y";
    assert_eq!(marked(&format!("'use server'\n{code}")), ["a", "c"]);
    assert!(marked(code).is_empty());
}
