// Fails while path-traversal@0297fd85 (src/app.js:47) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/path-traversal-0297fd85.test.js
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_VALUE (optional): an honest value, where the usual one is refused

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
    .get(`/files/${encodeURIComponent(value)}`)
    .set({ ...headers });
  return { status: answer.status, headers: answer.headers, text: answer.text ?? String(answer.body) };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("GET /files/:name keeps to its folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retest-'));
  const secret = `secret ${Math.random()}`;
  const endings = ['', '.txt', '.json', '.html', '.md', '.csv', '.pdf', '.png', '.log'];
  const kept = endings.map((ending) => join(folder, `kept${ending}`));
  kept.forEach((file) => writeFileSync(file, secret));
  const up = '../'.repeat(14);
  reached(await send(process.env.TEST_VALUE || 'retest'), 400, 422);
  for (const lead of [up.slice(0, -1), '']) {
    const answer = await send(`${lead}${folder}/kept`);
    assert.ok(!answer.text.includes(secret), 'a file outside is shown');
    const ended = await send(`${lead}${folder}/kept.txt`);
    assert.ok(!ended.text.includes(secret), 'a file outside is shown');
    await send(`${lead}${folder}/made`);
  }
  assert.ok(kept.every((file) => existsSync(file) && readFileSync(file, 'utf8') === secret), 'a file outside was changed');
  assert.ok(endings.every((ending) => !existsSync(join(folder, `made${ending}`))), 'a file outside was made');
}, 60_000);
