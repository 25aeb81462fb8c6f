/**
 * The API on a large store: 10 000 incidents and 1 000 000 record rows in PostgreSQL (or as many as the two arguments say), 200 streams.
 * Lists and searches p95, a verification of the whole record, what streams cost, and `baton --help`. `node bench/operations.ts`
 */
import { execFileSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { createLog } from '../log/log.ts';
import { noConnections } from '../processes/connections.ts';
import { type Api, createApi } from '../server/api/api.ts';
import { createApp, createHttpServer } from '../server/app.ts';
import { createMetrics } from '../server/metrics.ts';
import { linkHash, noLine } from '../store/chain.ts';
import { openPostgres } from '../store/database.ts';
import { makeStore } from '../store/open.ts';
import { startPostgres } from '../test/store/postgres.ts';

const [incidents = 10_000, rows = 1_000_000] = process.argv.slice(2).map(Number);
const streams = 200;
const asked = 40;

const postgres = await startPostgres();
if (!postgres) throw new Error('There is no PostgreSQL here');
const address = await postgres.newDatabase();
const db = await openPostgres(address);
const store = makeStore(db, {});
await fill();

const log = createLog((text) => text, { level: 'warn', destination: process.stderr });
let api: Api | undefined;
const app = createApp({
  pagerDutySecrets: [],
  store,
  onStored() {},
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
      connections: noConnections,
      providers: [],
      doctor: () => Promise.reject(new Error('Nobody asks the doctor here')),
      checkApprover: () => Promise.reject(new Error('Nobody answers approvals here')),
    };
    const authenticate = async () => ({ kind: 'token', name: 'bench', role: 'admin' }) as const;
    api = createApi({ world, authenticate }, { readBody, log });
    return api;
  },
});
const server = createHttpServer(app);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;

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
  '/record?from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z&action=run.said',
])
  await measure(path);

const before = performance.now();
const verified = await (await fetch(`${url}/record/verify`, { method: 'POST' })).json();
tell(
  'verify',
  `${rows} rows in ${((performance.now() - before) / 1000).toFixed(1)} s`,
  JSON.stringify(verified).slice(0, 60),
);

await measureStreams();

const helps = Array.from({ length: 7 }, () => {
  const start = performance.now();
  execFileSync(process.execPath, [join(import.meta.dirname, '../baton.ts'), '--help'], { stdio: 'ignore' });
  return performance.now() - start;
}).sort((one, other) => one - other);
tell('baton --help', `median ${helps[3]?.toFixed(0)} ms`);

api?.stop();
server.closeAllConnections();
await store.close();
await postgres.stop();
process.exit();

function tell(what: string, ...words: string[]): void {
  console.log(`${what.padEnd(72)} ${words.join('  ')}`);
}

async function measure(path: string): Promise<void> {
  const times: number[] = [];
  let status = 0;
  for (let count = 0; count < asked; count += 1) {
    const start = performance.now();
    const response = await fetch(url + path);
    await response.text();
    status = response.status;
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  const at = (share: number) => `${times[Math.ceil(asked * share) - 1]?.toFixed(1)} ms`;
  tell(`GET ${path}`, String(status), `p50 ${at(0.5)}`, `p95 ${at(0.95)}`);
}

/** Lines come in at 50 a second; readers are in this process, so their share is in the figure too. */
async function measureStreams(): Promise<void> {
  let heard = 0;
  const leaving = new AbortController();
  for (let count = 0; count < streams; count += 1) {
    const response = await fetch(`${url}/stream`, { signal: leaving.signal });
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
    `${(heard / 1e6).toFixed(1)} MB`,
  );
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
  let previous = noLine.hash;
  for (let seq = 1; seq <= rows; ) {
    const lines = [];
    for (; lines.length < 10_000 && seq <= rows; seq += 1) {
      const line = {
        seq,
        at: new Date(Date.UTC(2026, 0, 1) + seq * 8_000).toISOString(),
        actor: `trigger:t${seq % 20}`,
        via: 'worker',
        action: seq % 100 === 0 ? 'run.failed' : 'run.said',
        subject: `Q${seq % incidents}`,
        detail: `{"run":"t/${seq}","text":"${'words of some length '.repeat(8)}"}`,
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
  for (const table of ['inbox', 'incidents', 'runs', 'record']) await run(`vacuum analyze ${table}`);
  await client.end();
  console.log(`${incidents} incidents, ${rows} rows of the record`);
}
