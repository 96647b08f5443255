import express, { Router as R, type Request } from 'express';
import * as ns from "./x";
import fs = require('fs');
const app = express();
let count = 0;
export const handler = async (req: Request, { a, b: [c = 1, ...d], ...rest }: Opts, ...more: string[]): Promise<User[]> => {
  if (!a || c(d) && rest.x) return null;
  const q = 'select ' + a + (`x${c}` + 1);
  count++;
  await app.db.find(q)?.then(r => r.y, this);
  for (const x of d) { if (x) continue; else break; }
  return a ? b : c ?? d;
};
class A extends ns.Base {
  #p = 1; name: string; static s = new A(app);
  constructor(private repo: Repo, x) { super(x); this.#p = x; }
  @Get('/x') async find(@Query('q') q: string, b = f()) { return super.find(q, () => this.repo, arguments); }
  get v() { return this.#p } set v(x) {}
  [Symbol.iterator]() {}
}
enum E { X, Y = 5, Z, S = 'a' }
namespace N { export const k = 1; export function g() { return k } }
function t(e) {
  try { if (e) return f(e); g(); } catch ({ message }) { log(message) } finally { done(() => e) }
  outer: for (let i = 0; i < 3; i++) { while (e) { if (i) continue outer; break outer; } }
  switch (e) { case 1: f(); case 'b': g(); break; default: h() }
  delete e.x['y']; e.x ??= {}; e.s += `a${e}`; ({ a: e.q, b: [e.r] = [] } = e);
  return tag`a${e}b`, typeof e, void 0;
}
exports.foo = function () { return require('./y').z(new Foo(...t)) };
require('./' + t); import('./' + t);
export { app as other, R };
export * from './z'; export * as zz from './zz'; export { q as r } from './q';
abstract class B<T> implements I { declare x: T; abstract m(): void; static { this.y = 1; } accessor z = 1; @Input() w!: string; static async *gen() { yield* other(); yield 1; } }
const o = { get a() { return 1; }, set a(v) {}, async *b() {}, ['c' + 1]: 2, d, ...e, 'f-g': /x\/[/]y/gi, 1: 1n };
const fact = function fact(n) { return n < 2 ? 1 : n * fact(n - 1); };
async function* all() { for await (const x of xs) yield x; do { x--; } while (x); for (const k in o) continue; for (;;) break; }
function nt() { return new.target; }
const el = import.meta.url ?? (x as any)!.y satisfies unknown;
label: { if (o) break label; throw new Error(`bad ${o}`); }
export default class extends Array { }
