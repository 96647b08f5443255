// @ts-nocheck: it stands beside the program, whatever its settings are.
// Fails while cross-site-scripting@554801a8 (src/notes.controller.ts:33) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx jest --rootDir . --forceExit --runTestsByPath test/security/cross-site-scripting-554801a8.spec.ts
//
// BASE_URL: where the program answers: http://127.0.0.1:3000
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_VALUE (optional): an honest value, where the usual one is refused

import assert from 'node:assert/strict';

const user = JSON.parse(process.env.TEST_USER || '{}');
const missing = ['BASE_URL'].filter((name) => !process.env[name]);
const run = missing.length > 0 ? it.skip : it;
const reason = missing.length > 0 ? ` (skipped: set ${missing.join(', ')})` : '';

async function send(value, headers = user) {
  const answer = await fetch(`${process.env.BASE_URL}/notes/search?word=${encodeURIComponent(value)}`, {
    method: 'GET',
    redirect: 'manual',
    headers: { connection: 'close', ...headers },
  });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

run("GET /notes/search escapes markup" + reason, async () => {
  const value = '"><i id=retest>';
  const answer = await send(value);
  const page = !/json|text\/plain/.test(answer.headers['content-type'] ?? '');
  assert.ok(!(page && answer.text.includes('<i id=retest>')), 'markup of the request is markup of the page');
  const honest = process.env.TEST_VALUE || 'retest';
  const plain = await send(honest);
  reached(plain, 400, 422);
  assert.ok([400, 422].includes(answer.status) || !page || plain.text.includes(honest), 'inconclusive: the page does not show the value');
}, 60_000);
