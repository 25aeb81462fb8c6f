import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagerDutyEnvironment } from '../../simulator/pagerduty.ts';
import { deploymentFinishedBy } from '../../triggers/deployment-finished.ts';
import { deploymentRules } from '../../triggers/deployment-rules.ts';
import { addNamed } from '../named-connections.ts';
import { eventually, startWorld, type World } from '../world.ts';

const secret = 'a secret of the CI';
const rules = deploymentRules([
  {
    source: 'deployment',
    service: 'search',
    stages: {
      prod: { stage: 'production', severity: 'critical' },
      load: { stage: 'production', what: 'load test' },
    },
    connection: 'search',
    channelId: 'C0GENERAL',
  },
]);

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [deploymentFinishedBy(rules)] });
  const { routingKey = '' } = world.pagerDuty.world.services.find(({ name }) => name === 'Search') ?? {};
  const values = { ...pagerDutyEnvironment(world.pagerDuty.url), PAGERDUTY_ROUTING_KEY: routingKey };
  await addNamed(world.connections, 'search', 'pagerduty', values);
  await addNamed(world.connections, 'deployment', 'http', { HTTP_WEBHOOK_SECRETS: secret });
});
afterAll(() => world.close());

/** A CI tells how a job has ended, and signs it. */
async function tell(ended: Record<string, unknown>): Promise<void> {
  const body = JSON.stringify({ service: 'search', stage: 'prod', at: Date.now(), ...ended });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` };
  const answer = await fetch(`${world.server.url}/webhooks/http/deployment`, {
    method: 'POST',
    headers,
    body,
  });
  expect([answer.status, await answer.text()]).toEqual([202, expect.anything()]);
}

const key = 'baton/deploymentFailed/search/production';
const alertsOf = (dedupKey: string) => world.pagerDuty.world.alerts.filter((alert) => alert.key === dedupKey);
const open = (dedupKey: string) => alertsOf(dedupKey).filter(({ status }) => status === 'triggered');
const changes = () => world.pagerDuty.world.changeEvents;
const said = (text: string) =>
  world.slack.world.messages.filter((message) => JSON.stringify(message).includes(text));
const runs = () => world.store.listRuns({ limit: 100 });
const allEnded = () =>
  eventually('all runs to end', async () => (await runs()).every(({ endedAt }) => endedAt));
const sent = () =>
  world.pagerDuty.calls
    .filter(({ path }) => path.includes('/v2/enqueue'))
    .map(({ body }) => JSON.parse(body));

describe('a deployment that a CI tells of', () => {
  it('is a change with its result and commit where it passed, and opens nothing', async () => {
    await tell({ result: 'success', commit: '1f4c2a9', url: 'https://ci.example.com/1' });
    await eventually('the change event', () => changes().length > 0);
    expect(changes()).toMatchObject([
      {
        serviceId: 'PSEARCH',
        summary: 'Deployment of search to production passed',
        details: { result: 'passed', commit: '1f4c2a9' },
        links: [{ href: 'https://ci.example.com/1' }],
      },
    ]);
    await allEnded();
    expect(world.pagerDuty.world.alerts).toEqual([]);
    expect(said('Deployment of search')).toEqual([]);
  });

  it('pages where it failed, with its output cut, and the next good one takes that back, though a resolve is lost', async () => {
    const output = `${'compiling\n'.repeat(45_000)}the last line: out of memory`;
    await tell({ result: 'failure', commit: '2a9d0b7', url: 'https://ci.example.com/2', output });
    await eventually('the alert', () => open(key).length === 1);
    const [event] = sent().filter(({ event_action }) => event_action === 'trigger');
    expect(event).toMatchObject({
      dedup_key: key,
      links: [{ href: 'https://ci.example.com/2' }],
      payload: {
        severity: 'critical',
        component: 'search',
        group: 'production',
        custom_details: {
          commit: '2a9d0b7',
          output: expect.stringMatching(/^….*the last line: out of memory$/s),
        },
      },
    });
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(512 * 1024);
    await eventually('the owners to be told', () => said('production failed').length > 0);

    // Another one joins the open alert.
    await tell({ result: 'failure', commit: '3b1c000' });
    await eventually('the third change', () => changes().length === 3);
    world.pagerDuty.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times: 1 });
    await tell({ result: 'success', commit: '4c2d111' });
    await eventually('the resolve', () => open(key).length === 0);
    await allEnded();
    expect(alertsOf(key)).toHaveLength(1);
    expect((await runs()).map(({ outcome }) => outcome)).toEqual(['told', 'told']);
    expect(said('so its alert is resolved')).toHaveLength(1);
    expect(changes().map(({ summary }) => summary.split(' ').at(-1))).toEqual([
      'passed',
      'failed',
      'failed',
      'passed',
    ]);
  });

  it('is apart from a load test of the same stage, which is no change', async () => {
    const ofTest = `${key}/load test`;
    const before = changes().length;
    await tell({ stage: 'load', result: 'fail', output: 'p99 above 2 s' });
    await eventually('the alert of the test', () => open(ofTest).length === 1);
    await tell({ stage: 'load', result: 'pass' });
    await eventually('its resolve', () => open(ofTest).length === 0);
    await allEnded();
    expect(changes()).toHaveLength(before);
  });

  it('is nobody’s where no rule names it, and the record says so', async () => {
    await tell({ service: 'checkout', result: 'failure' });
    const event = await eventually('the answer', async () => {
      const [found] = await world.store.listEvents({ subject: 'http/deployment/checkout/prod', limit: 1 });
      return found?.disposition ? found : undefined;
    });
    expect(event.disposition).toBe('ignored');
    expect((await runs()).length).toBe(3);
  });
});
