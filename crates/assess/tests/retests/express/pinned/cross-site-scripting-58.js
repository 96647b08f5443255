// Fails while cross-site-scripting@6e59cc79 (src/app.js:58) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/cross-site-scripting-6e59cc79.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_VALUE (optional): an honest value, where the usual one is refused

import assert from 'node:assert/strict';
import { it } from 'vitest';
import request from 'supertest';
import program from "../../src/app.js";

const user = JSON.parse(process.env.TEST_USER || '{}');

async function send(value, headers = user) {
  const answer = await request(program)
    .get(`/hello?name=${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("GET /hello escapes markup", async () => {
  const value = '"><i id=retest>';
  const answer = await send(value);
  const page = !/json|text\/plain/.test(answer.headers['content-type'] ?? '');
  assert.ok(!(page && answer.text.includes('<i id=retest>')), 'markup of the request is markup of the page');
  const honest = process.env.TEST_VALUE || 'retest';
  const plain = await send(honest);
  reached(plain, 400, 422);
  assert.ok([400, 422].includes(answer.status) || !page || plain.text.includes(honest), 'inconclusive: the page does not show the value');
}, 60_000);
