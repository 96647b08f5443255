// Fails while open-redirect@98f86ee4 (src/app.js:49) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/open-redirect-98f86ee4.test.js
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
    .get(`/go?to=${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

it("GET /go leads to no other host", async () => {
  for (const value of ['https://other.example/', '//other.example/', '/\\other.example/', 'https://other.example']) {
    const to = (await send(value)).headers.location;
    if (to !== undefined) {
      assert.notEqual(new URL(to, 'http://own.example').host, 'other.example', `${value} leads to another host`);
    }
  }
  const honest = await send(process.env.TEST_VALUE || '/');
  assert.ok(honest.headers.location !== undefined, `inconclusive: an honest request is answered with ${honest.status} and leads nowhere; let TEST_VALUE be an address that it leads to`);
}, 60_000);
