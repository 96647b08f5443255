// Fails while missing-login-limit@13001118 (src/app.js:13) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/missing-login-limit-13001118.test.js
//
// TEST_FIELDS (optional): the other fields that the body needs, as JSON, where those that the handler reads are not enough
// TEST_ATTEMPTS (optional): how many requests have to be too many (120)

import assert from 'node:assert/strict';
import { it } from 'vitest';
import request from 'supertest';
import program from "../../src/app.js";

const fields = JSON.parse(process.env.TEST_FIELDS || '{"name": "retest", "password": "Correct-horse-7"}');

async function send(headers = {}) {
  const answer = await request(program)
    .post(`/login`)
    .set({ 'content-type': 'application/json', ...headers })
    .send(JSON.stringify(fields));
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

it("POST /login refuses one of many requests", async () => {
  const first = await send();
  const attempts = Number(process.env.TEST_ATTEMPTS || 120);
  let refused = false;
  for (let n = 1; n < attempts && !refused; n += 1) {
    const { status } = await send();
    refused = [423, 429].includes(status) || status === 403 && first.status !== 403;
  }
  assert.ok(refused, `${attempts} requests in a row, and none is refused`);
}, 60_000);
