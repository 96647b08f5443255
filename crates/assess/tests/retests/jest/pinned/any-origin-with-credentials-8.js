// Fails while any-origin-with-credentials@56f24a1b (src/app.js:8) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx jest --forceExit --runTestsByPath test/security/any-origin-with-credentials-56f24a1b.spec.js
//
// TEST_USER: headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}

const assert = require('node:assert/strict');
const request = require('supertest');
const program = require("../../src/app.js");

const user = JSON.parse(process.env.TEST_USER || '{}');
const missing = ['TEST_USER'].filter((name) => !process.env[name]);
const run = missing.length > 0 ? it.skip : it;
const reason = missing.length > 0 ? ` (skipped: set ${missing.join(', ')})` : '';

async function send(headers = user) {
  const answer = await request(program)
    .get(`/api/notes`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

run("GET /api/notes lets no other site read its answer" + reason, async () => {
  const origin = 'https://other.example';
  const answer = await send({ ...user, origin });
  const allowed = answer.headers['access-control-allow-origin'];
  const cookies = answer.headers['access-control-allow-credentials'] === 'true';
  assert.ok(allowed !== undefined || answer.status !== 401, 'inconclusive: it wants a login');
  assert.ok(allowed !== origin && !(allowed === '*' && cookies), `pages of ${origin} may read the answer`);
}, 60_000);
