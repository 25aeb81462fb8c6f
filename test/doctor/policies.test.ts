import { describe, expect, it } from 'vitest';
import type { Policies } from '../../domain/policies.ts';
import { policyFindings } from '../../processes/policy-findings.ts';
import { examineAll } from '../../server/doctor.ts';
import { monitorList } from '../../triggers/monitors.ts';
import { defineSubscription } from '../../triggers/subscription.ts';
import { doctorOf, findingOf, worlds } from './world.ts';

const policies: Policies = {
  pages: [
    { workflow: 'all', connection: 'default' },
    { workflow: 'ec2UnhealthyRestart', connection: 'payments' },
  ],
  journal: [{ workflow: 'ec2UnhealthyRestart', changes: 'all', connection: 'payments' }],
};

/** What the doctor says of the connection, with these settings. */
async function examined(connection: string, more: Record<string, string | undefined> = {}) {
  const { env } = await worlds.pagerduty();
  const doctor = await doctorOf({ ...env, ...more }, policies);
  const asked = (await doctor.connections()).filter(
    (each) => each.provider === 'pagerduty' && each.connection === connection,
  );
  const [found, ...others] = await examineAll(doctor, asked);
  if (!found || others.length > 0) throw new Error(`There are ${asked.length} connections ${connection}`);
  return found;
}

describe('the connection that a policy names', () => {
  it('can page where it has a routing key', async () => {
    const found = await examined('default');
    expect(findingOf(found, 'the page policy of all workflows')).toMatchObject({ ok: true });
  });

  it('cannot where it has none, which names the policy', async () => {
    const found = await examined('default', { PAGERDUTY_ROUTING_KEY: undefined });
    expect(findingOf(found, 'the page policy of all workflows')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('has no PAGERDUTY_ROUTING_KEY'),
    });
  });

  it('is missing where there is none, for pages and for the journal', async () => {
    const reason = expect.stringContaining('baton connections add payments --provider pagerduty');
    expect(await examined('payments')).toMatchObject({
      state: 'missing',
      findings: [
        { what: 'the page policy of ec2UnhealthyRestart', ok: false, reason },
        { what: 'the journal policy of ec2UnhealthyRestart', ok: false, reason },
      ],
    });
  });

  it('is missing where a subscription names one that there is not, and another where it is of another provider', async () => {
    const told = (connection: string) =>
      defineSubscription({ name: `told-by-${connection}`, types: ['run.failed'], connection });
    const doctor = await doctorOf({}, { pages: [], journal: [], subscriptions: [told('board')] });
    const asked = (await doctor.connections()).filter(({ connection }) => connection === 'board');
    const [found] = await examineAll(doctor, asked);
    expect(found).toMatchObject({
      provider: 'http',
      state: 'missing',
      findings: [
        {
          what: 'the subscription told-by-board',
          ok: false,
          reason: expect.stringContaining('baton connections add board --provider http'),
        },
      ],
    });
    const subscriptions = { pages: [], journal: [], subscriptions: [told('board')] };
    const settings = { HTTP_SUBSCRIBER_URL: 'https://board.example.com' };
    const of = (provider: string, more: object = {}) =>
      policyFindings(subscriptions, { provider, connection: 'board', settings: { ...settings, ...more } });
    expect(of('http')).toMatchObject([
      { ok: false, reason: expect.stringContaining('has no HTTP_SUBSCRIBER_SECRETS') },
    ]);
    expect(of('http', { HTTP_SUBSCRIBER_SECRETS: 'x' })).toMatchObject([{ ok: true }]);
    expect(of('jira')).toMatchObject([{ ok: false, reason: expect.stringContaining('name one of HTTP') }]);
  });

  it('is missing where a deployment, a heartbeat or a monitor names one that there is not, or one that cannot page', async () => {
    const listed: Policies = {
      pages: [],
      journal: [],
      deployments: [{ source: 'shop-ci', service: 'acme/shop', stages: {}, connection: 'shop' }],
      heartbeats: [{ source: 'backup', everySeconds: 60 }],
      monitors: monitorList([
        { name: 'grafana', connection: 'shop', from: { source: 'grafana' }, normalFor: 0 },
        {
          name: 'latency',
          connection: 'default',
          from: { every: '1 minute', reads: [{ target: 'shop', by: 'metrics', query: 'up' }] },
          limits: { warning: 1 },
          normalFor: 0,
        },
      ]),
    };
    const { env } = await worlds.pagerduty();
    const doctor = await doctorOf({ ...env, PAGERDUTY_ROUTING_KEY: undefined }, listed);
    const found = await examineAll(doctor, await doctor.connections());
    const wrong = found.flatMap(({ provider, connection, findings }) =>
      findings.flatMap(({ what, ok, reason = '' }) =>
        /monitor|deployments|heartbeat/.test(what)
          ? [`${provider} ${connection}: ${what}, ${ok}, ${/has no [A-Z_]+|there is none/.exec(reason)}`]
          : [],
      ),
    );
    expect(wrong.sort()).toEqual([
      'http backup: the heartbeat of backup, false, there is none',
      'http grafana: the monitor grafana, false, there is none',
      'http shop-ci: the deployments of acme/shop, false, there is none',
      'pagerduty default: the monitor latency, false, has no PAGERDUTY_ROUTING_KEY',
      'pagerduty shop: the deployments of acme/shop, false, there is none',
      'pagerduty shop: the monitor grafana, false, there is none',
      'prometheus metrics: the monitor latency, false, there is none',
    ]);
    const of = (settings: object) =>
      policyFindings(listed, { provider: 'http', connection: 'backup', settings: { ...settings } });
    expect(of({})).toMatchObject([
      { ok: false, reason: expect.stringContaining('no HTTP_WEBHOOK_SECRETS or HTTP_WEBHOOK_TOKENS') },
    ]);
    expect(of({ HTTP_WEBHOOK_TOKENS: 'x' })).toMatchObject([{ ok: true }]);
    // Nothing of PagerDuty is set, and something names it: that is no account that nobody uses.
    const none = await doctorOf({}, listed);
    const account = (await none.connections()).filter(
      ({ provider, connection }) => provider === 'pagerduty' && connection === 'default',
    );
    expect(await examineAll(none, account)).toMatchObject([{ state: 'not connected' }]);
  });

  it('is said of no other provider', async () => {
    const { env } = await worlds.slack();
    const doctor = await doctorOf(env, policies);
    const asked = (await doctor.connections()).filter(({ provider }) => provider === 'slack');
    expect(JSON.stringify(await examineAll(doctor, asked))).not.toContain('policy');
  });
});
