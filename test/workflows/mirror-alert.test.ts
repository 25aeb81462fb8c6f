import type { Duration } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgeAs, resolveAs } from '../../simulator/pagerduty.ts';
import {
  type PrometheusWorld,
  prometheusEnvironment,
  prometheusSimulation,
} from '../../simulator/prometheus.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { monitorAlertBy } from '../../triggers/monitor-alert.ts';
import { monitorList } from '../../triggers/monitors.ts';
import type { Monitor } from '../../workflows/kit/monitor.ts';
import { mirrorAlert } from '../../workflows/mirror-alert.ts';
import { signedMemo } from '../authority.ts';
import { addNamed } from '../named-connections.ts';
import { startTimeSkipping } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';

const token = 'a-token-of-the-monitor';
const ofSource = {
  name: 'orders',
  connection: 'default',
  from: { source: 'monitor' },
  limits: { warning: 80, critical: 95, hysteresis: 5 },
  normalFor: '5 minutes',
  links: [{ href: 'https://graphs.example.com/orders', text: 'The graph' }],
  images: [{ src: 'https://graphs.example.com/orders.png', alt: 'Orders' }],
} satisfies Monitor;

let world: World;
let prometheus: Simulator<PrometheusWorld>;
beforeAll(async () => {
  prometheus = await startSimulator(prometheusSimulation());
  world = await startWorld({
    temporal: await startTimeSkipping(),
    env: { ...prometheusEnvironment(prometheus.url), BATON_SIMULATED_TIME_SCALE: '100' },
    triggers: [monitorAlertBy(monitorList([ofSource]))],
  });
  await addNamed(world.connections, 'monitor', 'http', { HTTP_WEBHOOK_TOKENS: token });
});
afterAll(async () => {
  await world.close();
  await world.temporal.teardown();
  await prometheus.close();
});

const pass = (time: string) => world.temporal.sleep(time as '1 second');
const keyOf = (about: string, name = 'orders') => `baton/mirrorAlert/${name}${about && `/${about}`}`;
const alertsOf = (key: string) => world.pagerDuty.world.alerts.filter((alert) => alert.key === key);
const isOpen = (key: string) => alertsOf(key).some(({ status }) => status === 'triggered');
/** What was sent under a key, in short: the severity, or `resolve`. */
const sent = (key: string) =>
  eventsOf(key).map(({ event_action, payload }) =>
    event_action === 'trigger' ? payload.severity : event_action,
  );
const eventsOf = (key: string) =>
  world.pagerDuty.calls
    .filter(({ path }) => path.includes('/v2/enqueue'))
    .map(({ body }) => JSON.parse(body))
    .filter(({ dedup_key }) => dedup_key === key);

let told = 0;
/** The source tells of a condition, and the run, where there is one, has dealt with it. */
async function tell(subject: string, body: Record<string, unknown>): Promise<void> {
  told += 1;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const answer = await fetch(`${world.server.url}/webhooks/http/monitor`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ subject, number: told, ...body }),
  });
  expect([answer.status, await answer.text()]).toEqual([202, expect.anything()]);
  await eventually('it to be dispatched', async () => {
    const found = await world.store.listEvents({ subject: `http/monitor/${subject}`, limit: 50 });
    return found.every(({ disposition }) => disposition !== undefined);
  });
  await pass('2 seconds');
}
const outcomesOf = async (subject: string) =>
  (await world.store.listRuns({ subject: `http/monitor/${subject}`, limit: 9 })).map(
    ({ outcome, failure }) => failure?.message ?? outcome,
  );
const ends = (subject: string, outcome: string) =>
  eventually(`${subject} to end as ${outcome}`, async () => (await outcomesOf(subject)).includes(outcome));

describe('a condition that a source tells of', () => {
  it('is raised once, again as its severity goes up and down, and resolved after five minutes of normal, though the resolve is lost', async () => {
    const key = keyOf('depth');
    await tell('depth', { value: 60 });
    expect(await outcomesOf('depth')).toEqual([]);
    await tell('depth', {
      value: 85,
      url: 'https://graphs.example.com/17',
      image: 'https://graphs.example.com/17.png',
    });
    await eventually('the alert', () => isOpen(key));
    expect(eventsOf(key)).toMatchObject([
      {
        links: [{ href: 'https://graphs.example.com/orders' }, { href: 'https://graphs.example.com/17' }],
        images: [
          { src: 'https://graphs.example.com/orders.png', alt: 'Orders' },
          { src: 'https://graphs.example.com/17.png' },
        ],
        payload: {
          summary: 'orders is warning: depth 85',
          custom_details: { targets: { depth: { value: 85, level: 'warning' } } },
        },
      },
    ]);
    await tell('depth', { value: 88 });
    await tell('depth', { value: 96 });
    // Better by less than the hysteresis.
    await tell('depth', { value: 91 });
    await eventually('the worse severity', () => sent(key).length === 2);
    await tell('depth', { value: 85 });
    await eventually('the better severity', () => sent(key).length === 3);
    expect(sent(key)).toEqual(['warning', 'critical', 'warning']);

    await tell('depth', { value: 70 });
    await pass('4 minutes');
    await tell('depth', { value: 86 });
    await tell('depth', { value: 60 });
    await pass('4 minutes');
    expect(isOpen(key)).toBe(true);
    world.pagerDuty.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times: 1 });
    await pass('2 minutes');
    await ends('depth', 'resolved');
    expect(isOpen(key)).toBe(false);
    expect(alertsOf(key)).toHaveLength(1);
    // The first of them was taken, and did nothing.
    expect(sent(key).slice(3)).toEqual(['resolve', 'resolve']);
  });

  it('is left alone once somebody has resolved it at PagerDuty, until it is worse than it was, or normal', async () => {
    const key = keyOf('errors');
    await tell('errors', { severity: 'warning', summary: '2 % of the orders fail' });
    await eventually('the alert', () => isOpen(key));
    expect(alertsOf(key)[0]?.summary).toBe('2 % of the orders fail');
    const resolve = () => {
      for (const { id, key: of, status } of world.pagerDuty.world.incidents)
        if (of === key && status !== 'resolved') resolveAs(world.pagerDuty, id, 'PBENOKA');
    };
    await pass('2 minutes');
    resolve();
    // Seen before anything is sent, be it right after.
    await tell('errors', { severity: 'info' });
    await pass('2 minutes');
    await tell('errors', { severity: 'warning' });
    await pass('2 minutes');
    expect(sent(key)).toEqual(['warning']);
    await tell('errors', { severity: 'critical' });
    await eventually('it to be raised anew', () => isOpen(key));
    expect(alertsOf(key)).toHaveLength(2);
    await pass('2 minutes');
    resolve();
    await pass('2 minutes');
    await tell('errors', { status: 'ok' });
    await pass('6 minutes');
    await ends('errors', 'left to people');
    expect(sent(key)).toEqual(['warning', 'critical']);
  });

  it('is left alone as soon as the webhook tells that somebody has resolved it', async () => {
    const key = keyOf('heard');
    await tell('heard', { severity: 'warning' });
    await eventually('the alert', () => isOpen(key));
    await pass('2 minutes');
    const incident = world.pagerDuty.world.incidents.find((each) => each.key === key);
    resolveAs(world.pagerDuty, incident?.id ?? '', 'PBENOKA');
    // No time passes here, so nothing is looked at by itself.
    await eventually('it to be left alone', async () => {
      const lines = await world.store.readRecord({ subject: 'http/monitor/heard', limit: 100 });
      return lines.some(({ detail }) => JSON.stringify(detail).includes('is resolved at PagerDuty'));
    });
    await tell('heard', { status: 'ok' });
    await pass('6 minutes');
    await ends('heard', 'left to people');
  });

  it('is raised anew by the same run where it is told of while the alert is resolved', async () => {
    const key = keyOf('anew');
    await tell('anew', { severity: 'warning' });
    await eventually('the alert', () => isOpen(key));
    await tell('anew', { status: 'ok' });
    world.pagerDuty.fail({ kind: 'status', status: 503, match: '"event_action":"resolve"', times: 100 });
    await pass('6 minutes');
    await eventually('the resolve', () => sent(key).includes('resolve'));
    await tell('anew', { severity: 'critical' });
    await fetch(`${world.pagerDuty.url}/_simulator/faults`, { method: 'DELETE' });
    await pass('1 minute');
    await eventually('it to be raised anew', () => alertsOf(key).length === 2);
    expect([isOpen(key), sent(key).at(-1)]).toEqual([true, 'critical']);
    await tell('anew', { status: 'ok' });
    await pass('6 minutes');
    await ends('anew', 'resolved');
    expect(await outcomesOf('anew')).toEqual(['resolved']);
  });

  it('that is normal, and was never raised, is over at once', async () => {
    await tell('fine', { status: 'resolved' });
    await ends('fine', 'normal');
    expect(sent(keyOf('fine'))).toEqual([]);
  });

  it('is taken over by the next run where one was lost', async () => {
    const key = keyOf('lost');
    await tell('lost', { severity: 'error' });
    await eventually('the alert', () => isOpen(key));
    await pass('1 minute');
    const [run] = await world.store.listRuns({ subject: 'http/monitor/lost', limit: 1 });
    await world.temporal.client.workflow.getHandle(run?.id ?? '').cancel();
    await eventually('it to end', async () => (await world.run(run?.id ?? ''))?.endedAt);
    await tell('lost', { status: 'ok' });
    await pass('6 minutes');
    await ends('lost', 'resolved');
    expect(isOpen(key)).toBe(false);
  });
});

/** A run that reads, as its schedule begins it. */
async function reading(monitor: Monitor) {
  monitorList([monitor]);
  const workflowId = `monitor-${monitor.name}/1`;
  const input = { monitor, condition: '' };
  return world.temporal.client.workflow.start(mirrorAlert, {
    workflowId,
    taskQueue: 'baton',
    memo: signedMemo({ workflowId, workflow: 'mirrorAlert', input }, { trigger: `monitor-${monitor.name}` }),
    args: [input],
  });
}
const answer = (path: string, body: unknown) => {
  world.service.world.resources[path] = {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
};
/** A depth that is read there so often. */
const depthAt = (path: string, every: Duration): Monitor['from'] => ({
  every,
  reads: [{ target: 'depth', url: `${world.service.url}${path}`, path: 'depth' }],
});

describe('a condition that is read', () => {
  it('of two out of three targets is one incident, once it has lasted, and ends as they get well', async () => {
    const key = keyOf('', 'queues');
    const names = ['a', 'b', 'c'];
    const depth = (...all: number[]) =>
      names.map((name, index) => answer(`/${name}`, { queues: [{ depth: all[index] }] }));
    depth(900, 10, 10);
    const handle = await reading({
      name: 'queues',
      connection: 'default',
      from: {
        every: '30 seconds',
        reads: names.map((target) => ({
          target,
          url: `${world.service.url}/${target}`,
          path: 'queues.0.depth',
        })),
      },
      of: 2,
      limits: { warning: 100, critical: 1_000, for: '2 minutes' },
      normalFor: '3 minutes',
      whenAcknowledged: 'stop',
    });
    await pass('5 minutes');
    expect(sent(key)).toEqual([]);
    depth(900, 500, 10);
    await pass('1 minute');
    expect(sent(key)).toEqual([]);
    await pass('2 minutes');
    await eventually('the alert', () => isOpen(key));
    expect(eventsOf(key)).toMatchObject([
      { payload: { severity: 'warning', summary: 'queues is warning: a 900, b 500' } },
    ]);
    depth(2_000, 2_000, 10);
    await pass('4 minutes');
    await eventually('the worse severity', () => sent(key).length === 2);
    depth(10, 2_000, 10);
    await pass('4 minutes');
    await eventually('the resolve', () => !isOpen(key));
    expect(await handle.result()).toBe('resolved');
    expect(sent(key)).toEqual(['warning', 'critical', 'resolve']);
  });

  it('and is bad again as the alert is resolved is raised by the same run once that has lasted', async () => {
    const key = keyOf('', 'again');
    answer('/again', { depth: 7 });
    const handle = await reading({
      name: 'again',
      connection: 'default',
      from: depthAt('/again', '30 seconds'),
      limits: { error: 5, for: '6 minutes' },
      normalFor: '3 minutes',
    });
    await pass('7 minutes');
    await eventually('the alert', () => isOpen(key));
    answer('/again', { depth: 1 });
    await pass('1 minute');
    answer('/again', { depth: 7 });
    await pass('4 minutes');
    await eventually('the resolve', () => !isOpen(key));
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await pass('4 minutes');
    await eventually('it to be raised anew', () => isOpen(key));
    answer('/again', { depth: 1 });
    await pass('4 minutes');
    expect(await handle.result()).toBe('resolved');
    expect(sent(key)).toEqual(['error', 'resolve', 'error', 'resolve']);
  });

  it('of each series of a query stops where somebody has acknowledged it, where that is asked for', async () => {
    const key = keyOf('', 'errors');
    const query = 'rate(errors[5m])';
    const set = (...values: string[]) => {
      prometheus.world.series[query] = values.map((value, index) => ({
        metric: { pod: `p${index}` },
        value,
      }));
    };
    set('0.9', 'NaN', '0.2');
    const handle = await reading({
      name: 'errors',
      connection: 'default',
      from: { every: '1 minute', reads: [{ target: 'shop', query }] },
      limits: { warning: 0.5, critical: 2 },
      normalFor: '2 minutes',
      whenAcknowledged: 'stop',
    });
    await eventually('the alert', () => isOpen(key));
    expect(alertsOf(key)[0]?.summary).toBe('errors is warning: shop pod=p0 0.9');
    const incident = world.pagerDuty.world.incidents.find((each) => each.key === key);
    await pass('2 minutes');
    acknowledgeAs(world.pagerDuty, incident?.id ?? '', 'PADALOP');
    await pass('2 minutes');
    set('3');
    await pass('3 minutes');
    // No data is not normal.
    set();
    await pass('10 minutes');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    set('0.1');
    await pass('4 minutes');
    expect(await handle.result()).toBe('left to people');
    expect(sent(key)).toEqual(['warning']);
  });

  it('fails where nothing can be read and nothing is open, so that somebody is paged; else it waits, and says so', async () => {
    const monitor: Monitor = {
      name: 'blind',
      connection: 'default',
      from: depthAt('/gone', '30 seconds'),
      limits: { error: 5 },
      normalFor: '1 minute',
    };
    await expect((await reading(monitor)).result()).rejects.toMatchObject({
      cause: {
        message: expect.stringMatching(/^The monitor blind can read nothing: depth: .*404/),
        type: 'ProviderUnavailable',
      },
    });
    answer('/gone', { depth: 7 });
    const handle = await reading(monitor);
    await eventually('the alert', () => isOpen(keyOf('', 'blind')));
    answer('/gone', { length: 7 });
    await pass('10 minutes');
    expect(isOpen(keyOf('', 'blind'))).toBe(true);
    answer('/gone', { depth: '1' });
    await pass('3 minutes');
    expect(await handle.result()).toBe('resolved');
  });

  it('that stays normal is read for most of an hour, so that the next run begins with the line as it is then', async () => {
    answer('/calm', { depth: 1 });
    const handle = await reading({
      name: 'calm',
      connection: 'default',
      from: depthAt('/calm', '1 minute'),
      limits: { error: 5 },
      normalFor: '1 minute',
    });
    await pass('50 minutes');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await pass('12 minutes');
    expect(await handle.result()).toBe('normal');
    expect(sent(keyOf('', 'calm'))).toEqual([]);
  });
});
