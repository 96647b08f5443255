import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { environment, useService } from './support/service.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SECONDS = Number(process.env['SECONDS_OF_A_TURN'] ?? '5');
const CONNECTIONS = 16;
const TURNS = 4;
/** Turns in which machine code is still being made do not count. */
const WARMING = 2;
/** So long one path is asked for after that, to see what becomes of the memory. */
const MINUTES = Number(process.env['MINUTES'] ?? '0');

/** What somebody writes who thinks of speed alone: one pool, one statement, no word about who asks. */
const BARE = `
import express from 'express';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = express();
for (const table of ['products', 'categories']) {
  app.get(\`/v1/\${table}/:id\`, async (req, res) => {
    const { rows } = await pool.query(\`select * from \${table} where id = $1\`, [req.params.id]);
    res.json(rows[0]);
  });
}
app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
`;

const service = useService();

async function start(file: string, port: number, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file], { cwd: ROOT, env: { ...process.env, ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => text.toString().includes('ready') && resolve());
    child.once('exit', () => reject(new Error(`${file} has ended`)));
  });
  return child;
}

/** Requests that were answered in one turn. */
async function turn(port: number, path: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = Date.now() + SECONDS * 1_000;
  let answered = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, agent }, (response) => {
        response.resume();
        response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`))));
      }).once('error', reject);
    });
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (Date.now() < end) {
        await one();
        answered += 1;
      }
    }),
  );
  agent.destroy();
  return answered / SECONDS;
}

it('is compared', { timeout: 300_000 + MINUTES * 120_000 }, async () => {
  const category = randomUUID();
  const product = randomUUID();
  await service().owner.query("insert into categories (id, name) values ($1, 'things')", [category]);
  await service().owner.query(
    "insert into products (id, category_id, sku, title, price, state) values ($1, $2, 'sku-1', 'A thing', 100, 'listed')",
    [product, category],
  );
  await writeFile(`${ROOT}/bare.mjs`, BARE);
  const env = { ...environment(service().databaseUrl), LOG_LEVEL: 'warn' };
  const children = [await start('dist/server.js', 4101, { ...env, LOG_LEVEL: 'info' }), await start('bare.mjs', 4102, { DATABASE_URL: service().ownerUrl })];
  const pids = [children[0]?.pid ?? 0, children[1]?.pid ?? 0] as const;
  try {
    for (const [what, path] of [
      ['kept for a moment', `/v1/products/${product}`],
      ['not kept', `/v1/categories/${category}`],
    ] as const) {
      const [ours, bare] = await compare(path, pids);
      const memory = await resident(pids[0]);
      const told = ({ answers, cost }: Load) => `${answers.toFixed(0)}/s (${cost.toFixed(2)} ms of processor each)`;
      process.stdout.write(`load: a read that is ${what}: generated ${told(ours)}, bare ${told(bare)}, ${((100 * ours.answers) / bare.answers).toFixed(0)} %; resident ${memory} MB\n`);
      expect(ours.answers).toBeGreaterThan(0);
    }
    for (const end = Date.now() + MINUTES * 60_000; Date.now() < end; ) {
      const answered = await turn(4101, `/v1/categories/${category}`);
      process.stdout.write(`load: ${answered.toFixed(0)}/s, resident ${await resident(pids[0])} MB\n`);
    }
  } finally {
    for (const child of children) {
      child.kill('SIGKILL');
    }
  }
});

/** Answers in a second, and milliseconds of processor that each of them took. */
interface Load {
  answers: number;
  cost: number;
}

/** Both, in turns. */
async function compare(path: string, pids: readonly [number, number]): Promise<[Load, Load]> {
  const sums: [Load, Load] = [{ answers: 0, cost: 0 }, { answers: 0, cost: 0 }];
  for (let at = 0; at < WARMING + TURNS; at += 1) {
    for (const which of [0, 1] as const) {
      const before = await used(pids[which]);
      const answers = await turn(4101 + which, path);
      if (at >= WARMING) {
        sums[which].answers += answers / TURNS;
        sums[which].cost += ((await used(pids[which])) - before) / (answers * SECONDS) / TURNS;
      }
      await sleep(200);
    }
  }
  return sums;
}

/** Milliseconds of processor that a process has used so far. */
async function used(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}
