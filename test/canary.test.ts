import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashLoop, kubernetesConfig } from '../simulator/kubernetes.ts';
import { raiseIncident } from '../simulator/pagerduty.ts';
import { newSecret } from '../simulator/secret.ts';
import { triggers } from '../triggers/index.ts';
import { defineTrigger } from '../triggers/trigger.ts';
import { addNamed } from './named-connections.ts';
import { startTestTemporal, testBundle } from './temporal.ts';
import { failLoudly } from './worker/fixture/failing.ts';
import { cardOf, eventually, startWorld, type World } from './world.ts';

/** Known by their looks alone: no setting holds them. Put together here, so that no scanner takes them for real ones. */
const shaped = {
  slack: ['xoxb', '1122334455', 'CanaryCanaryCanary'].join('-'),
  aws: `AKIA${'CANARYCANARYCANA'}`,
  jwt: ['eyJhbGciOiJIUzI1NiJ9', 'eyJjYW5hcnkiOiJjYW5hcnkifQ', 'Y2FuYXJ5Y2FuYXJ5'].join('.'),
  userinfo: 'canary-userinfo-0815',
  bearer: 'canarybearer0815canarybearer',
  password: 'canary-password-0815',
  cookie: 'canarycookie0815canary',
  integration: 'ca7a5e0815ca7a5e0815ca7a5e081500',
  pem: 'CANARYPEMCANARYPEMCANARYPEM0815',
};
const shapedText = [
  `slack ${shaped.slack} aws ${shaped.aws} jwt ${shaped.jwt}`,
  `https://ada:${shaped.userinfo}@example.com/x`,
  `Authorization: Bearer ${shaped.bearer}`,
  `DB_PASSWORD=${shaped.password} {"password":"${shaped.password}"}`,
  `Cookie: sid=${shaped.cookie}`,
  `https://events.pagerduty.com/integration/${shaped.integration}/enqueue`,
  `-----BEGIN PRIVATE KEY-----\n${shaped.pem}\n-----END PRIVATE KEY-----`,
].join('\n');

let text: string;
const fail = defineTrigger({
  name: 'fail',
  on: 'pagerduty.incident.triggered',
  when: { 'is to fail': ({ title }) => title === 'Fail' },
  run: failLoudly,
  // The parts are no secret yet, so that the failure alone brings it to Temporal, to the store and to the page.
  input: () => ({ parts: [...shaped.slack] }),
  target: () => 'loud',
});

let temporal: TestWorkflowEnvironment;
let world: World;
let canaries: Record<string, string>;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-canary-'));
  temporal = await startTestTemporal({ dbFilename: join(folder, 'temporal.db') });
  const bundle = testBundle();
  world = await startWorld({ temporal, bundle, triggers: [...triggers, fail] });
  const { env } = world;
  const named = { JIRA_API_TOKEN: newSecret(), JIRA_EMAIL: 'named@example.com' };
  await addNamed(world.connections, 'named', 'jira', named);
  const clusterToken = newSecret();
  const kubeconfig = kubernetesConfig(world.kubernetes.url, clusterToken);
  await addNamed(world.connections, 'cluster', 'kubernetes', { KUBECONFIG_CONTENT: kubeconfig });
  canaries = Object.fromEntries(
    ['PAGERDUTY_API_TOKEN', 'PAGERDUTY_ROUTING_KEY', 'PAGERDUTY_WEBHOOK_SECRETS', 'SLACK_BOT_TOKEN']
      .concat('SLACK_SIGNING_SECRET', 'JIRA_API_TOKEN', 'AWS_SECRET_ACCESS_KEY')
      .map((name) => [name, env[name] ?? '']),
  );
  canaries['a named connection'] = named.JIRA_API_TOKEN;
  canaries['a kubeconfig'] = clusterToken;
  const live = Object.entries(canaries).map(([name, secret]) => `${name}=${secret}`);
  const encoded = Object.values(canaries).map((secret) => Buffer.from(`user:${secret}`).toString('base64'));
  text = [...live, ...encoded, JSON.stringify({ live }), shapedText].join('\n');
});
afterAll(async () => {
  await world.close();
  await temporal.teardown();
  rmSync(folder, { recursive: true });
});

/** A secret as it is, and as it looks in the encodings in which it travels. */
const formsOf = (secret: string) => [
  secret,
  secret.slice(0, 16),
  secret.slice(-16),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replaceAll('=', '').slice(0, -1),
  Buffer.from(`user:${secret}`).toString('base64').replaceAll('=', '').slice(8, -1),
];

const filesIn = (path: string): string[] =>
  !existsSync(path)
    ? []
    : statSync(path).isDirectory()
      ? readdirSync(path).flatMap((name) => filesIn(join(path, name)))
      : [path];

describe('a secret', () => {
  it('is in none of the places where things are kept or told, after runs that met it in logs', async () => {
    const pod = crashLoop(world.kubernetes, 'shop', 'search');
    for (const [key, log] of Object.entries(world.kubernetes.world.logs))
      if (key.includes(pod)) Object.assign(log, { current: text, previous: text });
    const details = { namespace: 'shop', deployment: 'search' };
    const id = raiseIncident(world.pagerDuty, {
      title: 'CrashLoopBackOff in shop/search',
      service: 'Search',
      alert: { key: 'k8s/shop/search', severity: 'critical', summary: 'Pod restarts', details },
    });
    await eventually('the diagnosis', async () => (await world.run(`kubernetes-crash-loop/${id}`))?.endedAt);
    await eventually('the card', () => cardOf(world.slack, id));
    await world.click({ actionId: 'acknowledge', incidentId: id, userId: 'U0ADA' });
    await eventually('the click', async () =>
      (await world.runs(id)).find(({ trigger, endedAt }) => trigger === 'slack-action' && endedAt),
    );
    const failed = raiseIncident(world.pagerDuty, { title: 'Fail', service: 'Search' });
    const run = await eventually('the failed run', async () => {
      const found = await world.run(`fail/${failed}`);
      return found?.endedAt ? found : undefined;
    });
    expect(run.failure).toEqual({ class: 'Loud', message: 'It said: [secret]' });
    await eventually('its page', () => world.pagerDuty.world.alerts.some(({ key }) => key.includes('Loud')));
    const told = JSON.stringify([world.slack.world.messages, world.pagerDuty.world.notes]);
    expect(told).toContain('[secret]');

    await world.store.seal();
    const histories: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list()) {
      const history = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
      // Payloads are base64 in JSON.
      histories.push(
        historyToJSON(history).replaceAll(/"data": ?"([^"]+)"/g, (_, data: string) =>
          Buffer.from(data, 'base64').toString('utf8'),
        ),
      );
    }
    expect(histories.length).toBeGreaterThan(2);
    const { pagerDuty, slack, jira, kubernetes, ec2 } = world;
    const calls = [pagerDuty, slack, jira, ec2].flatMap(({ calls: all }) =>
      all.map(({ method, path, body, headers: { authorization: _, ...headers } }) => ({
        method,
        path,
        body,
        headers,
      })),
    );
    const { subscriptions: _, token: __, services: ___, ...account } = pagerDuty.world;
    const { token: ____, ...workspace } = slack.world;
    const files = [...filesIn(join(world.folder, 'store')), ...filesIn(folder)];
    expect(files.some((path) => path.endsWith('temporal.db'))).toBe(true);
    expect(files.some((path) => path.includes('/store/pg_wal/'))).toBe(true);
    const places: Record<string, string> = {
      histories: histories.join('\n'),
      record: JSON.stringify(await world.store.readRecord({ limit: 10_000 })),
      log: world.log.join('\n'),
      metrics: (await world.metrics.page(undefined, true)).text,
      ledgers: JSON.stringify([pagerDuty, slack, jira, kubernetes, ec2].map(({ ledger }) => ledger)),
      // PagerDuty's own routing key goes to PagerDuty.
      calls: JSON.stringify(calls).replaceAll(canaries.PAGERDUTY_ROUTING_KEY ?? '', ''),
      worlds: JSON.stringify([account, workspace, jira.world]),
      ...Object.fromEntries(files.map((path) => [path, readFileSync(path, 'latin1')])),
    };
    const found = Object.entries(places).flatMap(([place, content]) =>
      Object.entries({ ...canaries, ...shaped }).flatMap(([name, secret]) =>
        formsOf(secret).some((form) => content.includes(form)) ? [`${name} in ${place}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });
});
