// Fails while reading-without-login@d215c291 (src/app.js:38) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/reading-without-login-d215c291.test.js

import assert from 'node:assert/strict';
import { it } from 'vitest';
import request from 'supertest';
import program from "../../src/app.js";


async function send(headers = {}) {
  const answer = await request(program)
    .get(`/users`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

it("GET /users refuses whoever has no login", async () => {
  const answer = await send();
  const toLogin = answer.status >= 300 && answer.status < 400 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok([401, 403].includes(answer.status) || toLogin, `answered with ${answer.status} although nobody is signed in`);
}, 60_000);
