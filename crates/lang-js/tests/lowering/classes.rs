//! Classes, decorators, enumerations, namespaces.

use super::common::{facts, js, ts};

#[test]
fn constructors_and_fields() {
    js(
        "class A { a = 1; #b = this.a; static c = f() }",
        &[
            "class c0 A owner f0 constructor f1",
            "field a",
            "field \"#b\"",
            "field c static",
            "class c0",
            "free f",
            "store %0.c",
        ],
    );
    js(
        "class A { a = 1; #b = this.a }",
        &[
            "fn f1 constructor",
            "store %0.a = 1",
            "load %0.a",
            "store %0.\"#b\" =",
        ],
    );
    js(
        "class A extends B { a = 1 }",
        &[
            "extends",
            "fn f1 constructor constructor (...%0 args)",
            "call super undefined this %1 (...%0)",
            "store %1.a = 1",
        ],
    );
    js(
        "class A extends B { a = 1; constructor(x) { f(); super(x); g() } }",
        &["free f", "call super undefined this", "store", "free g"],
    );
    ts(
        "class A { constructor(private readonly a: B, public c = 1, d) { this.e = a } }",
        &[
            "strict_eq (%1, undefined)",
            "store %4.a = %0",
            "store %4.c = %1",
            "store %4.e = %0",
        ],
    );
}

#[test]
fn members() {
    js(
        "class A { static s() {} get v() {} set v(x) {} async *g() {} #p() {} [k]() {} 'q r'() {} }",
        &[
            "method s = f1 static",
            "getter v = f2",
            "setter v = f3",
            "method g = f4",
            "method \"#p\" = f5",
            "method \"[k]\" = f6",
            "method \"q r\" = f7",
        ],
    );
    js(
        "class A { [k]() {} }",
        &["%0 = free k", "prototype", "closure f1", "[%0] ="],
    );
    js(
        "class A { m() { return super.m(this.#x) } }",
        &["__super__", ".m", ".\"#x\"", "this %"],
    );
    js(
        "class A { static { this.x = f() } static y = this.x }",
        &["%0 = class c0", "store %0.x =", "load %0.x", "store %0.y ="],
    );
    js(
        "const A = class B { m() { return B } }",
        &["global g0 B const", "class c0 B", "set global g0"],
    );
}

#[test]
fn decorators() {
    ts(
        "@Controller('x') class A { @Inject() b: B; @Get('y') m(@Param('z') c: string) {} }",
        &[
            "class c0 A owner f0 constructor f2 decorated (%1)",
            "field b : B decorated (%3)",
            "method m = f1 decorated (%5)",
            "%1 = call %0 (\"x\")",
            "%3 = call %2 ()",
            "%5 = call %4 (\"y\")",
            "%7 = call %6 (\"z\")",
            "class c0",
            "fn f1 method m (%0 c : is string decorated (%7))",
        ],
    );
    ts(
        "class A { constructor(@Inject(T) private a: B) {} }",
        &["call %0 (%1)", "constructor (%0 a : B decorated (%2))"],
    );
}

#[test]
fn module_variables_used_by_fields_are_global() {
    js(
        "const k = 1; class A { x = k; static y = k }",
        &["global g0 k const"],
    );
}

#[test]
fn enumerations() {
    ts(
        "enum A { B, C = 5, D, E = 'x', F = g() }",
        &["object {B: 0, C: 5, D: 6, E: \"x\", F: %1}"],
    );
    ts("export enum A { B }", &["export A = global g0"]);
}

#[test]
fn namespaces() {
    ts(
        "namespace A { export const b = 1; const c = 2; export function d() { return c } }",
        &["object {}", "closure f1", ".b = ", ".d = "],
    );
    ts(
        "class A {} namespace A { export const b = 1 }",
        &["class c0", ".b ="],
    );
    ts(
        "namespace A.B { export const d = 1 } A.B.d",
        &["object {}", "object {}", ".d =", ".B =", ".B", ".d"],
    );
    let facts = facts(
        "declare namespace A { const b: number } declare module 'x' {} declare global { interface Y {} } namespace T { export type U = 1 }",
        "a.ts",
    );
    assert_eq!(facts.stats.instrs, 0);
}

#[test]
fn class_expressions_as_values() {
    js(
        "module.exports = class extends require('x').Y { z() {} }",
        &[
            "import i0",
            "load %1.Y",
            "class c0 extends %2",
            "store %0.exports = %3",
        ],
    );
}
