// Fails while code-injection@8692f643 (src/app.js:60) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/code-injection-8692f643.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}

import assert from 'node:assert/strict';
import { it } from 'vitest';
import request from 'supertest';
import program from "../../src/app.js";

const user = JSON.parse(process.env.TEST_USER || '{}');

async function send(value, headers = user) {
  const answer = await request(program)
    .get(`/calc?sum=${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("GET /calc runs no code", async () => {
  reached(await send('1'), 400, 422);
  const code = '(() => { const end = Date.now() + 1500; while (Date.now() < end); return 40123 * 2; })()';
  // As an expression, and out of quotes that may stand around it.
  for (const value of [code, `'+${code}+'`, `"+${code}+"`]) {
    const begun = Date.now();
    const answer = await send(value);
    assert.ok(!answer.text.includes('80246') && Date.now() - begun < 1400, 'what the request says was run');
  }
}, 60_000);
