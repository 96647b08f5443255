// Fails while mass-assignment@35c88a87 (src/app.js:22) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx mocha --exit test/security/mass-assignment-35c88a87.test.js
//
// TEST_USER: headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_FIELDS (optional): the other fields that the body needs, as JSON
// TEST_PROTECTED: a field that clients must not set, with a value, as JSON: {"role": "admin"}
// TEST_READ (optional): the path that shows the record afterwards, where the answer itself does not

const assert = require('node:assert/strict');
const request = require('supertest');
const program = require("../../src/app.js");

const user = JSON.parse(process.env.TEST_USER || '{}');
const fields = JSON.parse(process.env.TEST_FIELDS || '{}');
const missing = ['TEST_USER', 'TEST_PROTECTED'].filter((name) => !process.env[name]);
const run = missing.length > 0 ? it.skip : it;
const reason = missing.length > 0 ? ` (skipped: set ${missing.join(', ')})` : '';

async function send(more, headers = user) {
  const answer = await request(program)
    .put(`/me`)
    .set({ 'content-type': 'application/json', ...headers })
    .send(JSON.stringify({ ...fields, ...more }));
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

async function read(path) {
  return request(program).get(path).set(user);
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

run("PUT /me does not store what is not for clients" + reason, async () => {
  const fixed = JSON.parse(process.env.TEST_PROTECTED);
  const answer = await send(fixed);
  if ([400, 403, 422].includes(answer.status)) {
    reached(await send({}));
    return;
  }
  reached(answer);
  assert.ok(answer.status < 400, `inconclusive: answered with ${answer.status}; TEST_FIELDS lacks something`);
  const shown = process.env.TEST_READ ? (await read(process.env.TEST_READ)).text : answer.text;
  for (const [name, value] of Object.entries(fixed)) {
    assert.ok(shown.includes(`"${name}":`), `inconclusive: the answer does not show ${name}; let TEST_READ name a path that does`);
    assert.ok(!shown.replaceAll(' ', '').includes(`"${name}":${JSON.stringify(value)}`), `${name} is stored as the client says`);
  }
}).timeout(60_000);
