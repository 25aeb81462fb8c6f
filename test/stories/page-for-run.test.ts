import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { eventually, startWorld, type World } from '../world.ts';

const instance = 'i-0abc12345def67890';

const commit = '0123456789abcdef0123456789abcdef01234567';
const repository = 'https://github.com/acme/runbooks';

let world: World;
beforeAll(async () => {
  const env = { BATON_PUBLIC_URL: 'https://baton.example.com', BATON_REPOSITORY_URL: repository };
  world = await startWorld({ triggers: [ec2Unhealthy, runFailed], env, commit });
});
afterAll(() => world.close());

const raise = (id = instance) =>
  raiseIncident(world.pagerDuty, { title: `EC2 ${id} StatusCheckFailed`, service: 'Checkout' });
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
const keyOf = (id: string) => `baton/ec2UnhealthyRestart/ProviderRefused/${id}`;
const alerts = (id = instance) => world.pagerDuty.world.alerts.filter((alert) => alert.key === keyOf(id));

/** PagerDuty takes the next event, and nothing comes of it. */
const drop = (times = 1) =>
  world.pagerDuty.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times });
const raised = (id: string) =>
  world.pagerDuty.calls
    .filter(({ path }) => path.includes('/v2/enqueue'))
    .map(({ body }) => JSON.parse(body))
    .filter(({ event_action, dedup_key }) => event_action === 'trigger' && dedup_key === keyOf(id));

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
        world.pagerDuty.calls.filter(
          ({ path, body }) => path.includes('/v2/enqueue') && body.includes(keyOf(instance)),
        ).length >= 2,
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
      world.pagerDuty.world.incidents.find((incident) => incident.key === keyOf(instance)),
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

  it('is shown with the event that began it, on whose behalf, and the code that carried it out', async () => {
    const id = raise();
    await ended(id);
    const shown = await world.store.findShownRun(`ec2-unhealthy/${id}`);
    expect(shown).toMatchObject({
      event: { type: 'pagerduty.incident.triggered' },
      actor: 'trigger:ec2-unhealthy',
      worker: { build: expect.stringMatching(/^[0-9a-f]{16}$/), commit },
    });
  });

  it('is paged for again where PagerDuty took the page and dropped it, and the page taken back until it is', async () => {
    // Nobody has paged for this one yet.
    const another = restedInstance(world.ec2);
    world.ec2.world.denied.push('ec2:DescribeInstances');
    drop();
    const failed = raise(another);
    await ended(failed);
    const open = () => alerts(another).filter(({ status }) => status !== 'resolved');
    await eventually('the alert', () => open().length === 1);
    expect(raised(another)).toHaveLength(2);
    expect(raised(another).at(-1).links).toMatchObject([
      { href: `https://baton.example.com/runs/ec2-unhealthy/${failed}` },
      { href: expect.stringContaining(failed) },
      { href: `${repository}/tree/${commit}` },
      { href: expect.stringContaining('https://baton.example.com/workers/') },
      { href: 'https://baton.example.com/metrics' },
    ]);

    // The pager goes on for weeks, and is shown with its code meanwhile.
    await eventually('the code of the live pager', async () => {
      const { items } = await world.store.pageOfRuns({ live: true, limit: 9 });
      return items.some(({ trigger, worker }) => trigger === 'run-failed' && worker?.commit === commit);
    });

    world.ec2.world.denied.length = 0;
    drop();
    impair(world.ec2, another);
    expect((await ended(raise(another))).outcome).toBe('restarted');
    await eventually('the alert to be resolved', () => open().length === 0);
  });

  it('says in the record where a page cannot be seen to have arrived', async () => {
    world.ec2.world.denied.push('ec2:DescribeInstances');
    drop(3);
    const failed = raise(restedInstance(world.ec2));
    await ended(failed);
    const said = await eventually('a line about it', async () =>
      (await world.record(failed)).find(({ action }) => action === 'run.said'),
    );
    expect(said.detail.text).toContain('The alert was accepted 3 times, not confirmed');
    world.ec2.world.denied.length = 0;
  });
});
