//! Imports, exports, types, templates.

use super::common::{has, js, template, ts};

#[test]
fn es_imports() {
    js(
        "import a, { b as c, default as d } from 'x'; import * as e from 'y'; import 'z'; c()",
        &[
            "file javascript module",
            "import i0 \"x\"",
            "import i1 \"y\"",
            "import i2 \"z\"",
            "global g0 a const",
            "global g1 c const",
            "%0 = import i0.default",
            "set global g0 = %0",
            "import i0.b",
            "import i0.default",
            "%3 = import i1",
            "global g1",
            "call",
        ],
    );
    ts(
        "import type { A } from 'x'; import { type B, c } from 'y'; import d = require('z'); import e = d.f.g",
        &[
            "import i0 \"x\" type",
            "import i1 \"y\"",
            "import i2 \"z\" require",
            "import i2",
            "load %4.f",
            "load %5.g",
        ],
    );
}

#[test]
fn commonjs() {
    js(
        "const { a } = require('x'); exports.b = a; module.exports = { c: require(`./y`).d }; require(z); import('w'); import(v)",
        &[
            "import i0 \"x\" require",
            "import i1 \"./y\" require",
            "import i2 \"w\"",
            "import i3 dynamic",
            "import i0",
            "load %0.a",
            "free exports",
            ".b =",
            "free module",
            "import i1",
            ".exports =",
            "free require",
            "call",
            "import i2",
            "free import",
            "call",
        ],
    );
    js(
        "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('x')",
        &["import i1 \"x\" require"],
    );
}

#[test]
fn exports() {
    js(
        "const a = 1; export { a as b }; export const c = 2, { d, e: [f] } = g; export function h() {} export class I {}
         export default a; export * from 'x'; export * as y from 'y'; export { z, default as w } from 'z'",
        &[
            "export b = global g0", "export c = global", "export d = global", "export f = global", "export h = global", "export I = global",
            "export default = global g0", "= all i0", "export y = i1.*", "export z = i2.z", "export w = i2.default",
        ],
    );
    js(
        "export default { a: 1 }",
        &[
            "global g0 default const",
            "export default = global g0",
            "set global g0 = %0",
        ],
    );
    js("export default async () => 1", &["async arrow default"]);
    js(
        "export default function () {}",
        &["export default = global g0", "set global g0 = %0"],
    );
    js(
        "export default function f() {}",
        &["global g0 f const", "export default = global g0"],
    );
    js(
        "export default class A {}",
        &["global g0 A const", "export default = global g0"],
    );
    ts("class A {} export = A", &["free module", ".exports ="]);
    ts(
        "export interface A {} export type B = A; export abstract class C {}",
        &["export C = global g0"],
    );
}

#[test]
fn types() {
    ts(
        "import { Request } from 'express'; import * as o from 'orm'; class U {}
         function f(a: Request, b: o.Repo<U>, c: Promise<U[]>, d: number | null, e: 'x' | 'y', g: Date, h: Partial<U>, i: unknown): Promise<void> {}",
        &["f (%0 a : global g0 as Request, %1 b : global g1 as o.Repo, %2 c : global g2 as U in Promise, %3 d : is number, %4 e : is string, %5 g : Date is Date, %6 h : global g2 as U in Partial, %7 i) : in Promise is void"],
    );
    ts(
        "class A { a: B; constructor(private b: C.D) {} }",
        &["field a : B", "constructor (%0 b : C.D)"],
    );
    ts(
        "export let a: A; function f() { let b: B; return b }",
        &["global g0 a const : A", "named b : B"],
    );
}

#[test]
fn templates() {
    let page = template(
        "__raw(user.name); for (const i of items) { __esc(i.title, 'html.attr'); __out(`a${i}`) } g(() => __raw(y)); z = JSON.stringify(__locals)",
    );
    has(
        &page,
        &[
            "fn f0 template (%0)",
            "load %0.user",
            "output raw %2",
            "load %0.items",
            "output escaped %7 in html.attr",
            "output %8",
            "free JSON",
            "call %13 this %12 (%0)",
            "store %0.z",
            "fn f1 arrow",
            "capture k0 = %0",
            ".y",
            "output raw",
        ],
    );
    assert_eq!((page.globals.len(), page.stats.syntax_errors), (0, 0));
    let helper = template("const a = 1; function f() { return a + b } __out(f())");
    has(
        &helper,
        &["named a captured", "fn f1 function f", "capture k0"],
    );
    assert!(helper.globals.is_empty());
}
