import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { eventually, startWorld, type World } from '../world.ts';

const instance = 'i-0abc12345def67890';
const key = `baton/ec2UnhealthyRestart/ProviderRefused/${instance}`;

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [ec2Unhealthy, runFailed] });
});
afterAll(() => world.close());

const raise = () =>
  raiseIncident(world.pagerDuty, { title: `EC2 ${instance} StatusCheckFailed`, service: 'Checkout' });
const ended = (id: string) =>
  eventually('the run to end', async () => {
    const run = await world.run(`ec2-unhealthy/${id}`);
    return run?.endedAt ? run : undefined;
  });
/** The pager has taken in an event of this type. */
const signalled = (type: string) =>
  eventually('the pager to hear of it', async () => {
    const [run] = (await world.store.listRuns({ limit: 100 })).filter(
      ({ trigger }) => trigger === 'run-failed',
    );
    if (!run) return false;
    const events = await world.store.listEvents({ subject: run.subject ?? '', limit: 10 });
    return events.some((event) => event.type === type && event.disposition !== undefined);
  });
const alerts = () => world.pagerDuty.world.alerts.filter((alert) => alert.key === key);

describe('a failed run', () => {
  it('raises one alert, joined by the next failure, and resolved by the next good run', async () => {
    impair(world.ec2, instance);
    world.ec2.world.denied.push('ec2:DescribeInstances');
    const first = await ended(raise());
    expect(first).toMatchObject({ state: 'failed', failure: { class: 'ProviderRefused' } });
    await eventually('the alert', () => alerts().length > 0);
    expect((await ended(raise())).state).toBe('failed');
    await eventually(
      'the second failure to join it',
      () =>
        world.pagerDuty.calls.filter(({ path, body }) => path.includes('/v2/enqueue') && body.includes(key))
          .length >= 2,
    );
    expect(alerts()).toHaveLength(1);

    world.ec2.world.denied.length = 0;
    // Completed, and nothing is well: a person is asked.
    impair(world.ec2, instance, { failing: ['ebs'] });
    expect((await ended(raise())).outcome).toBe('handed to a person');
    impair(world.ec2, instance);
    await signalled('run.completed');
    expect(alerts().every(({ status }) => status !== 'resolved')).toBe(true);

    expect((await ended(raise())).outcome).toBe('restarted');
    await eventually('the alert to be resolved', () => alerts().every(({ status }) => status === 'resolved'));
    const pages = (await world.store.listRuns({ limit: 100 })).filter(
      ({ trigger }) => trigger === 'run-failed',
    );
    expect(pages).toHaveLength(1);
  });

  it('is not started again by the incident that its own alert raised, and the record says so', async () => {
    const raised = await eventually('the incident of the alert', () =>
      world.pagerDuty.world.incidents.find((incident) => incident.key === key),
    );
    const record = await eventually('its event to be answered', async () => {
      const lines = await world.record(raised.id);
      return lines.find(({ action }) => action === 'event.answered');
    });
    expect(raised.title).toContain(instance);
    expect(JSON.stringify(record.detail)).toContain(
      'raised by Baton for a failed run of ec2UnhealthyRestart',
    );
    expect(await world.runs(raised.id)).toEqual([]);
  });
});
