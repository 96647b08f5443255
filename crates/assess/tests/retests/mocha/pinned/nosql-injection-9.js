// Fails while nosql-injection@9431d814 (src/app.js:9) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx mocha --exit test/security/nosql-injection-9431d814.test.js
//
// TEST_FIELDS (optional): the other fields that the body needs, as JSON
// TEST_VALUE (optional): an honest value, where the usual one is refused

const assert = require('node:assert/strict');
const request = require('supertest');
const program = require("../../src/app.js");

const fields = JSON.parse(process.env.TEST_FIELDS || '{}');

async function send(value, headers = {}) {
  const answer = await request(program)
    .post(`/login`)
    .set({ 'content-type': 'application/json', ...headers })
    .send(JSON.stringify({ ...fields, ["name"]: value, ["code"]: value }));
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [405, 415, 429, ...also].includes(answer.status);
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("POST /login takes operators for values that it refuses", async () => {
  const plain = await send(process.env.TEST_VALUE || '1');
  reached(plain, 400, 422);
  for (const operator of [{ $ne: null }, { $gt: '' }, { $casemate: '1' }]) {
    const answer = await send(operator);
    if ([400, 401, 404, 422].includes(answer.status)) continue;
    // Answered as any text, or as the text that it becomes where it is made one.
    const texts = [plain, await send(String(operator)), await send(JSON.stringify(operator))];
    const alike = texts.some((one) => one.status === answer.status && one.text.length === answer.text.length);
    assert.ok(alike, `${JSON.stringify(operator)} is answered with ${answer.status}, and otherwise than a text`);
  }
}).timeout(60_000);
