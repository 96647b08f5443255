// @ts-nocheck: it stands beside the program, whatever its settings are.
// Fails while declared-right-not-enforced@9e14a7ce (src/notes.controller.ts:9) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx jest --rootDir . --forceExit --runTestsByPath test/security/declared-right-not-enforced-9e14a7ce.spec.ts
//
// BASE_URL: where the program answers: http://127.0.0.1:3000
// TEST_USER: headers of an ordinary account, without the role, as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_FIELDS (optional): the other fields that the body needs, as JSON
// TEST_OWN (optional): a path that the account may see, where whoever lacks the role is led to the login

import assert from 'node:assert/strict';

const user = JSON.parse(process.env.TEST_USER || '{}');
const fields = JSON.parse(process.env.TEST_FIELDS || '{}');
const missing = ['BASE_URL', 'TEST_USER'].filter((name) => !process.env[name]);
const run = missing.length > 0 ? it.skip : it;
const reason = missing.length > 0 ? ` (skipped: set ${missing.join(', ')})` : '';

async function send(headers = user) {
  const answer = await fetch(`${process.env.BASE_URL}/notes`, {
    method: 'POST',
    redirect: 'manual',
    headers: { connection: 'close', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(fields),
  });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
}

async function read(path) {
  const answer = await fetch(`${process.env.BASE_URL}${path}`, { redirect: 'manual', headers: { connection: 'close', ...user } });
  return { status: answer.status, text: await answer.text() };
}

run("POST /notes refuses an ordinary account" + reason, async () => {
  const answer = await send();
  assert.notEqual(answer.status, 401, 'inconclusive: the login in TEST_USER is not accepted');
  if (answer.status >= 300 && answer.status < 400 && /log-?_?in|sign-?_?in|auth/i.test(answer.headers.location ?? '')) {
    // So is whoever is not known at all.
    const own = process.env.TEST_OWN ? await read(process.env.TEST_OWN) : undefined;
    assert.ok(own?.status < 300, 'inconclusive: it leads to the login; is TEST_USER right? Let TEST_OWN be a path that the account may see');
    return;
  }
  assert.ok([403, 404].includes(answer.status), `answered with ${answer.status} for an account without the role`);
}, 60_000);
