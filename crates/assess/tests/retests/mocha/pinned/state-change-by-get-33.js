// Fails while state-change-by-get@bf73f72b (src/app.js:33) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx mocha --exit test/security/state-change-by-get-bf73f72b.test.js
//
// TEST_USER: headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_ID: what stands there in the path, for a record that is there

const assert = require('node:assert/strict');
const request = require('supertest');
const program = require("../../src/app.js");

const user = JSON.parse(process.env.TEST_USER || '{}');
const id_ = process.env.TEST_ID || '1';
const missing = ['TEST_USER', 'TEST_ID'].filter((name) => !process.env[name]);
const run = missing.length > 0 ? it.skip : it;
const reason = missing.length > 0 ? ` (skipped: set ${missing.join(', ')})` : '';

async function send(headers = user) {
  const answer = await request(program)
    .get(`/rooms/delete/${encodeURIComponent(id_)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

run("GET /rooms/delete/:id changes nothing by GET" + reason, async () => {
  const answer = await send();
  assert.ok(![401, 403].includes(answer.status), `inconclusive: answered with ${answer.status}; is the login in TEST_USER right?`);
  assert.ok([404, 405].includes(answer.status), `GET is answered with ${answer.status}`);
}).timeout(60_000);
