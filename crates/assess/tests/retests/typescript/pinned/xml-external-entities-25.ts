// @ts-nocheck: it stands beside the program, whatever its settings are.
// Fails while xml-external-entities@7a5b74bc (src/app.ts:25) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/xml-external-entities-7a5b74bc.test.ts
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}

import assert from 'node:assert/strict';
import { it } from 'vitest';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createHttpServer } from 'node:http';
import { app } from "../../src/app";

const user = JSON.parse(process.env.TEST_USER || '{}');

const server = createHttpServer(app).listen(0, '127.0.0.1');
server.unref();
const base = new Promise((resolve) => server.once('listening', () => resolve(`http://127.0.0.1:${server.address().port}`)));
async function send(value, headers = user) {
  const answer = await fetch(`${await base}/orders`, {
    method: 'POST',
    redirect: 'manual',
    headers: { connection: 'close', 'content-type': 'application/xml', ...headers },
    body: value,
  });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
}

function reached(answer, ...also) {
  const refused = [401, 403, 405, 415, 429, ...also].includes(answer.status)
    || answer.status > 300 && answer.status < 309 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '');
  assert.ok(!refused, `inconclusive: an honest request is answered with ${answer.status}; is what stands in the environment right?`);
}

it("POST /orders reads no file for a document", async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'retest-')), 'secret');
  const secret = `secret-${Math.random()}`;
  writeFileSync(file, secret);
  const document = (text) => `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file://${file}">]><a>${text}</a>`;
  reached(await send('<a>1</a>'));
  const answer = await send(document('&e;'));
  assert.ok(!answer.text.includes(secret), 'a document reads a file');
}, 60_000);
