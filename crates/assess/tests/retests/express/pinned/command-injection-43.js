// Fails while command-injection@a698d9ea (src/app.js:43) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/command-injection-a698d9ea.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}

import assert from 'node:assert/strict';
import { it } from 'vitest';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import program from "../../src/app.js";

const user = JSON.parse(process.env.TEST_USER || '{}');

async function send(value, headers = user) {
  const answer = await request(program)
    .get(`/ping?host=${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("GET /ping runs no command", async () => {
  reached(await send('1'), 400, 422);
  const mark = join(mkdtempSync(join(tmpdir(), 'retest-')), 'ran');
  for (const value of [`$(touch ${mark})`, `;touch ${mark};`, `';touch ${mark};'`, `";touch ${mark};"`, `|touch ${mark}`]) {
    await send(value);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(!existsSync(mark), `${value} was run`);
  }
}, 60_000);
