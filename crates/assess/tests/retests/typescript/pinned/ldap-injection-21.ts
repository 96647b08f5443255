// @ts-nocheck: it stands beside the program, whatever its settings are.
// Fails while ldap-injection@19abb997 (src/app.ts:21) is there, and passes once it is repaired.
// Its requests are those of an attacker: run it where nothing can be lost.
//
//   npx vitest run test/security/ldap-injection-19abb997.test.ts
//
// TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
// TEST_VALUE (optional): an honest value, where the usual one is refused

import assert from 'node:assert/strict';
import { it } from 'vitest';
import { createServer as createHttpServer } from 'node:http';
import { app } from "../../src/app";

const user = JSON.parse(process.env.TEST_USER || '{}');

const server = createHttpServer(app).listen(0, '127.0.0.1');
server.unref();
const base = new Promise((resolve) => server.once('listening', () => resolve(`http://127.0.0.1:${server.address().port}`)));
async function send(value, headers = user) {
  const answer = await fetch(`${await base}/people?user=${encodeURIComponent(value)}`, {
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

it("GET /people takes wildcards of LDAP for text", async () => {
  reached(await send(process.env.TEST_VALUE || '1'), 400, 422);
  // Each pair is text that nobody has stored, and to LDAP it is two different things.
  const pairs = [
    ['*', 'x'],
    ['x)(cn=*', 'x)(cn=*)('],
  ];
  for (const [one, other] of pairs) {
    const answers = [await send(one), await send(other), await send(other)];
    const [told, untold, again] = answers.map((answer, at) => besides(answer, at === 0 ? one : other));
    if (untold === again) {
      assert.equal(told, untold, `${one} is answered otherwise than ${other}`);
    } else {
      assert.equal(answers[0].status, answers[1].status, `${one} is answered otherwise than ${other}`);
    }
  }

  // What an answer says besides the value, however that is written there.
  function besides({ status, text }, value) {
    const plain = text
      .replace(/&#x27;|&#39;|&apos;|\\u0027|%27|\\'/gi, "'")
      .replace(/&quot;|&#34;|\\u0022|%22|\\"/gi, '"')
      .replace(/&#x3D;|%3D/gi, '=').replace(/%28/g, '(').replace(/%29/g, ')').replace(/%20/g, ' ');
    return `${status} ${plain.replaceAll(value, '')}`;
  }
}, 60_000);
