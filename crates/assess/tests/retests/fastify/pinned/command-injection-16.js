// Fails while command-injection@001036aa (src/app.js:16) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   NODE_OPTIONS=--experimental-vm-modules npx jest --forceExit --runTestsByPath test/security/command-injection-001036aa.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_FIELDS (optional): the other fields that the body needs, as JSON

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from "../../src/app.js";

const user = JSON.parse(process.env.TEST_USER || '{}');
const fields = JSON.parse(process.env.TEST_FIELDS || '{}');

const fastify = buildApp();
const base = fastify.listen({ port: 0, host: '127.0.0.1' });
async function send(value, headers = user) {
  const answer = await fetch(`${await base}/ping`, {
    method: 'POST',
    redirect: 'manual',
    headers: { connection: 'close', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...fields, ["host"]: value }),
  });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("POST /ping runs no command", async () => {
  reached(await send('1'), 400, 422);
  const mark = join(mkdtempSync(join(tmpdir(), 'retest-')), 'ran');
  for (const value of [`$(touch ${mark})`, `;touch ${mark};`, `';touch ${mark};'`, `";touch ${mark};"`, `|touch ${mark}`]) {
    await send(value);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(!existsSync(mark), `${value} was run`);
  }
}, 60_000);
