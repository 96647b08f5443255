// Fails while server-side-request-forgery@f597e37c (src/app.js:52) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/server-side-request-forgery-f597e37c.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_VALUE (optional): an honest value, where the usual one is refused

import assert from 'node:assert/strict';
import { it } from 'vitest';
import { createServer } from 'node:net';
import request from 'supertest';
import program from "../../src/app.js";

const user = JSON.parse(process.env.TEST_USER || '{}');

async function send(value, headers = user) {
  const answer = await request(program)
    .get(`/fetch?url=${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("GET /fetch asks nothing inside the network", async () => {
  let asked = 0;
  let refused = false;
  const inside = createServer((socket) => { asked += 1; socket.on('error', () => {}); socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'); });
  await new Promise((resolve) => inside.listen(0, '127.0.0.1', resolve));
  const { port } = inside.address();
  try {
    for (const value of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `127.0.0.1:${port}`, `http://[::ffff:127.0.0.1]:${port}/`]) {
      const answer = await send(value);
      assert.equal(asked, 0, `${value} was asked`);
      assert.notEqual(answer.status, 401, 'inconclusive: it wants a login');
      refused = [400, 422].includes(answer.status);
    }
    if (refused) {
      assert.ok(process.env.TEST_VALUE, 'inconclusive: is it the address that is refused? Let TEST_VALUE be one that may be asked');
      reached(await send(process.env.TEST_VALUE), 400, 422);
    }
  } finally {
    inside.close();
  }
}, 60_000);
