import { describe, expect, it } from 'vitest';
import { register } from '../support/accounts.js';
import { Client } from '../support/client.js';
import { PASSWORD } from '../support/people.js';
import { useService } from '../support/service.js';
import { appCode } from '../support/totp.js';

const WRONG = '000000';

describe('a second factor', () => {
  const service = useService();
  const begin = (client: Client, password = PASSWORD) => client.post('/v1/auth/factor', { password });
  const login = (email: string, code?: string) =>
    new Client(service()).post('/v1/auth/login', { email, password: PASSWORD, ...(code !== undefined && { code }) });

  /** Somebody who has one; the first code was of the step before. */
  async function enrolled() {
    const person = await register(service());
    const { secret } = (await begin(person.client)).body;
    const answer = await person.client.post('/v1/auth/factor/confirm', { code: appCode(secret, -1) });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return { ...person, secret: String(secret), recoveryCodes: answer.body.recoveryCodes as string[] };
  }

  it('is added with the password and its first code', async () => {
    const { client, email } = await register(service());
    expect((await begin(client, 'not the password')).status).toBe(401);
    const { secret, uri } = (await begin(client)).body;
    expect(uri).toContain(`secret=${secret}`);
    expect((await client.post('/v1/auth/factor/confirm', { code: WRONG })).status).toBe(401);
    expect((await login(email)).status).toBe(200);
    const { recoveryCodes } = (await client.post('/v1/auth/factor/confirm', { code: appCode(secret) })).body;
    expect(new Set(recoveryCodes).size).toBe(10);
    expect((await begin(client)).status).toBe(409);
  });

  it('is needed to sign in, and each code is good once', async () => {
    const { email, secret } = await enrolled();
    const without = await login(email);
    expect([without.status, without.body.code]).toEqual([401, 'second_factor_needed']);
    expect((await login(email, WRONG)).status).toBe(401);
    const code = appCode(secret);
    const answers = await Promise.all([login(email, code), login(email, code), login(email, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  it('says nothing to whoever does not know the password', async () => {
    const { email, secret } = await enrolled();
    const answer = await new Client(service()).post('/v1/auth/login', { email, password: 'not the password', code: appCode(secret) });
    expect([answer.status, answer.body.code]).toEqual([401, 'not_authenticated']);
  });

  it('is replaced by recovery codes, each once', async () => {
    const { email, recoveryCodes, id } = await enrolled();
    const [code = ''] = recoveryCodes;
    expect((await login(email, code.toLowerCase())).status).toBe(200);
    expect((await login(email, code)).status).toBe(401);
    const other = await enrolled();
    expect((await login(other.email, recoveryCodes[1] ?? '')).status).toBe(401);
    const { rows } = await service().owner.query<{ action: string }>('select action from audit_events where resource_id = $1 order by id', [id]);
    expect(rows.map((row) => row.action).slice(2)).toEqual(['user.second_factor_added', 'user.recovery_code_used', 'session.started']);
  });

  it('is removed with the password and a code', async () => {
    const { client, email, secret, id } = await enrolled();
    expect((await client.post('/v1/auth/factor/remove', { password: PASSWORD, code: WRONG })).status).toBe(401);
    expect((await client.post('/v1/auth/factor/remove', { password: 'wrong', code: appCode(secret) })).status).toBe(401);
    expect((await client.post('/v1/auth/factor/remove', { password: PASSWORD, code: appCode(secret) })).status).toBe(204);
    expect((await login(email)).status).toBe(200);
    const trail = await service().owner.query("select 1 from audit_events where action = 'user.second_factor_removed' and resource_id = $1", [id]);
    expect(trail.rowCount).toBe(1);
  });

  it('takes five attempts and not one more, and the CSRF token of this session', async () => {
    for (const path of ['', '/confirm', '/remove']) {
      const { client } = await register(service());
      const statuses: number[] = [];
      for (let at = 0; at <= 5; at += 1) {
        statuses.push((await client.post(`/v1/auth/factor${path}`)).status);
      }
      expect(statuses, path).toEqual([400, 400, 400, 400, 400, 429]);
      expect((await client.post(`/v1/auth/factor${path}`, {}, { 'X-CSRF-Token': 'x' })).status).toBe(403);
      expect((await new Client(service()).post(`/v1/auth/factor${path}`)).status).toBe(401);
    }
  });

  it('leaves neither secret nor codes in the database', async () => {
    const { secret, recoveryCodes, id } = await enrolled();
    const { rows } = await service().owner.query<{ row: string; secret: string }>('select f::text as row, secret from second_factors f where user_id = $1', [id]);
    expect(rows[0]?.secret).toMatch(/^1\./);
    const codes = await service().owner.query<{ row: string }>('select c::text as row from recovery_codes c where user_id = $1', [id]);
    const kept = JSON.stringify([rows, codes.rows]);
    for (const value of [secret, ...recoveryCodes]) {
      expect(kept).not.toContain(value);
    }
  });
});
