/**
 * The API on a large store: 10 000 incidents and 1 000 000 record rows in PostgreSQL (or as many as the two arguments say), 200 streams.
 * Lists and searches, a verification of the whole record, what streams cost, and `baton --help`. The last part of `npm run bench`; by itself:
 * `node bench/operations.ts`. Without a PostgreSQL to be found there is nothing to measure, and it says so.
 */
import { execFile, execFileSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { roles } from '../domain/rights.ts';
import { createLog } from '../log/log.ts';
import { noConnections } from '../processes/connections.ts';
import { makeToken } from '../secrets/token.ts';
import { type Api, createApi } from '../server/api/api.ts';
import { createAuthenticate } from '../server/api/authenticate.ts';
import { createFailureGate } from '../server/api/failed-sign-ins.ts';
import { createApp, createHttpServer } from '../server/app.ts';
import { createMetrics } from '../server/metrics.ts';
import { createInbox } from '../server/receiving/inbox.ts';
import { openPostgres } from '../store/database.ts';
import { makeStore } from '../store/open.ts';
import { linkHash, noLine } from '../store/record/chain.ts';
import { startPostgres } from '../test/store/postgres.ts';
import { median, percentile, table } from './figures.ts';

const [incidents = 10_000, rows = 1_000_000] = process.argv.slice(2).map(Number);
const streams = 200;
const asked = 40;
const figures: string[][] = [['', 'median', 'p95', 'aim']];
const say = (text: string) => process.stderr.write(`${text}\n`);

const postgres = await startPostgres();
if (!postgres) process.exit();
const address = await postgres.newDatabase();
const db = await openPostgres(address);
const store = makeStore(db, {});
say(`filling PostgreSQL with ${incidents} incidents and ${rows} rows of the record`);
await fill();

// Nobody has more than a few streams, and people of all roles have some.
const tokens = await Promise.all(Array.from({ length: 20 }, (_, place) => newToken(place)));
const headers = { authorization: `Bearer ${tokens.at(-1)}` };

const log = createLog((text) => text, { level: 'warn', destination: process.stderr });
let api: Api | undefined;
const app = createApp({
  pagerDutySecrets: [],
  store,
  inbox: createInbox(store, () => {}),
  takeFromSlack: () => async () => ({}),
  temporalState: () => ({ up: true, since: '' }),
  metrics: createMetrics(),
  simulated: [],
  log,
  makeApi(readBody) {
    const world = {
      store,
      triggers: async () => [],
      activities: async () => [],
      workflows: async () => ({ names: [], startable: [] }),
      settings: () => ({}),
      policies: async () => ({ pages: [], journal: [] }),
      linkedPeople: () => new Map(),
      retentionDays: 365,
      ownValues: () => ({}),
      clientFor: () => Promise.reject(new Error('Nobody sets anything up here')),
      connections: noConnections,
      providers: [],
      doctor: () => Promise.reject(new Error('Nobody asks the doctor here')),
      checkApprover: () => Promise.reject(new Error('Nobody answers approvals here')),
    };
    const authenticate = createAuthenticate({
      store,
      gate: createFailureGate({ store, log }),
      cookies: { secure: false },
      origin: 'http://127.0.0.1',
      log,
    });
    api = createApi({ world, authenticate }, { readBody, log });
    return api;
  },
});
const server = createHttpServer(app);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;

say('lists and searches');
for (const path of [
  '/incidents',
  '/incidents?status=open',
  '/incidents?service=PS7',
  '/incidents?q=latency+77',
  '/incidents/Q777',
  '/incidents/Q777/timeline',
  '/events',
  '/events?subject=Q777',
  '/events?disposition=ignored',
  '/runs',
  '/runs?live=true',
  '/runs?workflow=nobody',
  '/record',
  '/record?subject=Q777',
  '/record?actor=trigger:t7&action=run.failed',
  '/record?action=run.failed',
  '/record?actor=person:nobody',
  '/store/size',
  '/record?target=ec2:i-7',
  '/record?target=ec2:i-7&action=activity.completed&from=2026-02-01T00:00:00Z',
  '/record?target=ec2:i-none',
  '/record?from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z&action=run.said',
])
  await measure(path);

say('a verification of the whole record');
const before = performance.now();
const verified = (await (await fetch(`${url}/record/verify`, { method: 'POST', headers })).json()) as {
  ok: boolean;
};
if (!verified.ok) throw new Error('The record does not verify');
tell(`verify ${rows} rows`, `${((performance.now() - before) / 1000).toFixed(1)} s`, '', '≤ 60 s');

say('streams');
await measureStreams();

const helps = Array.from({ length: 7 }, () => {
  const start = performance.now();
  execFileSync(process.execPath, [join(import.meta.dirname, '../cli/baton.mjs'), '--help'], {
    stdio: 'ignore',
  });
  return performance.now() - start;
});
tell('baton --help', milliseconds(median(helps)), milliseconds(percentile(helps, 0.95)), '≤ 300 ms');
const lists: number[] = [];
for (let count = 0; count < 5; count += 1) lists.push(await timeOfList());
tell(
  'baton incidents list --limit 1000',
  milliseconds(median(lists)),
  milliseconds(percentile(lists, 0.95)),
  '≤ 1500 ms',
);
console.log(
  `The API on PostgreSQL: ${incidents} incidents, ${rows} rows of the record; ${asked} requests each\n\n${table(figures)}`,
);

api?.stop();
server.closeAllConnections();
await store.close();
await postgres.stop();
process.exit();

function tell(what: string, middle: string, p95: string, aim: string): void {
  figures.push([what, middle, p95, aim]);
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

async function measure(path: string): Promise<void> {
  const times: number[] = [];
  for (let count = 0; count < asked; count += 1) {
    const start = performance.now();
    const response = await fetch(url + path, { headers });
    await response.text();
    if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}`);
    times.push(performance.now() - start);
  }
  tell(`GET ${path}`, milliseconds(median(times)), milliseconds(percentile(times, 0.95)), 'p95 ≤ 150 ms');
}

/** The server is in this process, and answers meanwhile. */
async function timeOfList(): Promise<number> {
  const start = performance.now();
  const env = { ...process.env, BATON_API_URL: new URL(url).origin, BATON_API_TOKEN: tokens.at(-1) };
  const command = [join(import.meta.dirname, '../cli/baton.mjs'), 'incidents', 'list', '--limit', '1000'];
  await promisify(execFile)(process.execPath, command, { env });
  return performance.now() - start;
}

/** Lines come in at 50 a second; readers are in this process, so their share is in the figure too. */
async function measureStreams(): Promise<void> {
  let heard = 0;
  const leaving = new AbortController();
  for (let count = 0; count < streams; count += 1) {
    const authorization = `Bearer ${tokens[count % tokens.length]}`;
    const response = await fetch(`${url}/stream`, { signal: leaving.signal, headers: { authorization } });
    if (!response.ok) throw new Error(`A stream was answered ${response.status}`);
    void (async () => {
      for await (const chunk of response.body ?? []) heard += chunk.length;
    })().catch(() => undefined);
  }
  await pause(2_000);
  const seconds = 15;
  const start = process.cpuUsage();
  for (let round = 0; round < seconds * 2; round += 1) {
    await store.append(
      Array.from({ length: 25 }, () => ({
        at: new Date().toISOString(),
        actor: 'baton',
        via: 'bench',
        action: 'run.went_on' as const,
        subject: 'Q1',
        detail: { run: 'x', workflow: 'w' },
      })),
    );
    while ((await store.seal()) > 0);
    await pause(500);
  }
  const { user, system } = process.cpuUsage(start);
  leaving.abort();
  tell(
    `${streams} streams, 50 lines/s, writer and readers in the same process`,
    `${(((user + system) / 1e6 / seconds) * 100).toFixed(0)} % of a core`,
    '',
    '< 25 %',
  );
  if (heard === 0) throw new Error('The streams told nothing');
}

/** A real one, as the API checks it at each request; the last has the highest role. */
async function newToken(place: number): Promise<string> {
  const { id, hash, text } = makeToken();
  const role = roles[place % roles.length] ?? 'viewer';
  const token = { id, hash, name: `bench-${place}`, role, scope: {}, createdBy: 'baton', days: 1 };
  const { name } = token;
  await store.createToken(token, {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'bench',
    action: 'operation.done',
    subject: 'tokens.create',
    detail: { operation: 'tokens.create', input: { name, role } },
  });
  return text;
}

async function fill(): Promise<void> {
  // A connection of its own, without the bounds of daily use.
  const client = new Client({ connectionString: address });
  await client.connect();
  const run = (text: string, values: unknown[] = []) => client.query(text, values);
  await run(`insert into inbox (source, event_id, type, subject, lane, time, body, event, disposition)
      select 's', 'e' || n, 'pagerduty.incident.triggered', 'Q' || n % ${incidents}, 'Q', 'x', '',
        jsonb_build_object('data', jsonb_build_object('title', 'p99 latency ' || n)), case when n % 3 = 0 then 'ignored' else 'dispatched' end
      from generate_series(1, ${incidents * 5}) as n`);
  await run(`insert into incidents (id, status, seen_at, service, data)
      select 'Q' || n, case when n % 10 = 0 then 'triggered' else 'resolved' end, now(), 'PS' || n % 50,
        jsonb_build_object('id', 'Q' || n, 'title', 'p99 latency ' || n, 'service', jsonb_build_object('id', 'PS' || n % 50, 'name', 'Shop'))
      from generate_series(0, ${incidents - 1}) as n`);
  await run(`insert into runs (id, trigger, workflow, subject, target, event_seq, state, ended_at, created_at)
      select 't/' || n, 't' || n % 20, 'w' || n % 5, 'Q' || n % ${incidents}, 'x', n, case when n % 50 = 0 then 'running' else 'completed' end,
        case when n % 50 <> 0 then now() end, now() - make_interval(secs => n) from generate_series(1, ${incidents * 3}) as n`);
  // Every fiftieth line is of a change, on one of 200 instances.
  await run(`insert into effects (key, run_id, activity, digest, subject, causes, actor, attempt, state)
      select 'k' || n, 't/' || n, 'rebootEc2Instances', 'd', 'Q' || n % ${incidents}, '[]', '{}', 1, 'done'
      from generate_series(50, ${rows}, 50) as n`);
  await run(`insert into effect_targets (key, target, open)
      select 'k' || n, 'ec2:i-' || n / 50 % 200, false from generate_series(50, ${rows}, 50) as n`);
  let previous = noLine.hash;
  for (let seq = 1; seq <= rows; ) {
    const lines = [];
    for (; lines.length < 10_000 && seq <= rows; seq += 1) {
      const change = seq % 50 === 0 ? `"activity":"rebootEc2Instances","key":"k${seq}",` : '';
      const line = {
        seq,
        at: new Date(Date.UTC(2026, 0, 1) + seq * 8_000).toISOString(),
        actor: `trigger:t${seq % 20}`,
        via: 'worker',
        action: change ? 'activity.completed' : seq % 99 === 0 ? 'run.failed' : 'run.said',
        subject: `Q${seq % incidents}`,
        detail: `{${change}"run":"t/${seq}","text":"${'words of some length '.repeat(8)}"}`,
        previous,
      };
      previous = linkHash(line);
      lines.push({ ...line, hash: previous });
    }
    await run(
      `insert into record (seq, at, actor, via, action, subject, detail, previous, hash)
        select seq, at, actor, via, action, subject, detail, previous, hash
        from jsonb_to_recordset($1::jsonb) as line (seq bigint, at text, actor text, via text, action text,
          subject text, detail text, previous text, hash text)`,
      [JSON.stringify(lines)],
    );
  }
  await run('update record_head set seq = $1, hash = $2', [rows, previous]);
  for (const table of ['inbox', 'incidents', 'runs', 'effects', 'effect_targets', 'record'])
    await run(`vacuum analyze ${table}`);
  await client.end();
}
