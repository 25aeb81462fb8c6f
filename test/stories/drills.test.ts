import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEnd } from '../../domain/run-end.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { stopRun } from '../../server/operations/runs-stop.ts';
import { triggersAgreement } from '../../server/operations/triggers-agreement.ts';
import { impair } from '../../simulator/ec2.ts';
import { defineDrill } from '../../triggers/drills/drill.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { eventually, startWorld, type World } from '../world.ts';

/** It comes by itself in no test. */
const schedule = { cron: '0 0 29 2 *' };
/** An instance of the drills alone. */
const ofDrills = 'i-0d1111111111d1111';
const title = `EC2 ${ofDrills} StatusCheckFailed`;
const restartDrill = defineDrill({
  name: 'restart',
  alert: { title },
  trigger: ec2Unhealthy,
  expects: { outcome: 'restarted', steps: ['rebootEc2Instances'] },
  schedule,
});
const lostDrill = defineDrill({
  name: 'lost',
  alert: { title },
  trigger: ec2Unhealthy,
  expects: { outcome: 'restarted' },
  arrivesWithin: '1 second',
  schedule,
});
const watched = 'i-0d3333333333d3333';
const watchedDrill = defineDrill({
  name: 'watched',
  alert: { title: `EC2 ${watched} StatusCheckFailed` },
  trigger: ec2Unhealthy,
  mode: 'observe',
  // Nothing was rebooted, so it does not get well.
  expects: { outcome: 'handed to a person', steps: ['rebootEc2Instances'] },
  schedule,
});
const strayDrill = defineDrill({
  name: 'stray',
  alert: { title: 'The disk of checkout is full' },
  trigger: ec2Unhealthy,
  expects: { outcome: 'restarted' },
  schedule,
});
const untagged = 'i-0d2222222222d2222';
const askingDrill = defineDrill({
  name: 'asking',
  alert: { title: `EC2 ${untagged} StatusCheckFailed` },
  trigger: ec2Unhealthy,
  expects: { outcome: 'restarted' },
  arrivesWithin: '4 seconds',
  within: '1 second',
  schedule,
});
const drills = [restartDrill, lostDrill, watchedDrill, strayDrill, askingDrill];

let world: World;
beforeAll(async () => {
  const triggers = [ec2Unhealthy, runFailed, ...drills.flatMap(({ trigger }) => trigger ?? [])];
  world = await startWorld({ triggers });
});
afterAll(() => world.close());

/** PagerDuty takes the next event, and nothing comes of it. */
const drop = (times = 1) =>
  world.pagerDuty.fail({ kind: 'status', status: 202, match: '/v2/enqueue', times });

describe('a drill', () => {
  const ask = (operation: AnyOperation, input: object) =>
    perform(operation, input, {
      ...world.operations,
      principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
      via: 'cli',
    });
  const byHand = async (input: object) =>
    ((await ask(startRunByHand, { workflow: 'drill', input, reason: 'to see' })) as { run: { id: string } })
      .run.id;
  const over = (id: string) =>
    eventually('the drill to end', async () => {
      const run = await world.run(id);
      return run?.endedAt ? run : undefined;
    });
  let last = '';
  /** Its schedule comes, now. What comes by a schedule is named by the second. */
  async function comes(name: string): Promise<string> {
    const subject = `schedule.drill-${name}`;
    const before = await world.runs(subject);
    const handle = world.temporal.client.schedule.getHandle(`baton/drill-${name}`);
    await eventually('the schedule to be there', () => handle.describe().catch(() => undefined));
    const second = () => new Date().toISOString().slice(0, 19);
    await eventually('another second', () => second() !== last);
    last = second();
    await handle.trigger(ScheduleOverlapPolicy.ALLOW_ALL);
    return eventually('the drill to begin', async () => {
      const runs = await world.runs(subject);
      return runs.length > before.length ? runs.at(-1)?.id : undefined;
    });
  }
  const incidentsOf = (name: string) =>
    world.pagerDuty.world.incidents.filter(({ key }) => key?.startsWith(`baton-drill/${name}/`));
  const statusesOf = (name: string) => incidentsOf(name).map(({ status }) => status);
  const pagesFor = (name: string) =>
    world.pagerDuty.world.alerts.filter(({ key }) => key === `baton/drill/DrillFailed/${name}`);
  const reboots = (instance: string) =>
    world.ec2.ledger.filter(({ effect, target }) => effect === 'instance rebooted' && target === instance);

  beforeAll(() => {
    const [tagged] = world.ec2.world.instances;
    if (!tagged) throw new Error('There is no instance');
    world.ec2.world.instances.push(
      { ...structuredClone(tagged), id: ofDrills },
      { ...structuredClone(tagged), id: watched },
      { ...structuredClone(tagged), id: untagged, tags: {} },
    );
  });

  it('that ships goes the whole way by hand, is marked wherever it is seen, and is closed', async () => {
    const id = await byHand({ name: 'ec2-restart' });
    const another = await byHand({ name: 'ec2-restart' });
    expect(await over(another)).toMatchObject({ state: 'completed', outcome: 'runs already' });
    expect(await over(id)).toMatchObject({
      state: 'completed',
      outcome: 'as expected',
      target: 'ec2-restart',
    });
    const [incident, ...more] = incidentsOf('ec2-restart');
    expect(more).toEqual([]);
    expect(incident).toMatchObject({
      title: 'Baton drill: EC2 i-0abc12345def67890 StatusCheckFailed',
      status: 'resolved',
      urgency: 'low',
    });
    const lines = await world.record(incident?.id ?? '');
    expect(lines.find(({ action }) => action === 'run.started')?.detail).toMatchObject({ drill: true });
    expect(lines.map(({ detail }) => detail.text)).toContain(`It is the drill ec2-restart, of ${id}`);
    await expect(byHand({ name: 'ec2-restrat' })).rejects.toThrow(
      'name: is none of the drills there are: ec2-restart',
    );
  });

  it('that ends otherwise pages, with what was missing, and the next good one takes the page back', async () => {
    const failed = await over(await comes('restart'));
    expect(failed.failure?.message).toMatch(
      /^The drill restart has failed: the run ec2-unhealthy\/\w+ ended as "healthy again", and not as "restarted"$/,
    );
    await eventually('the page', () => pagesFor('restart').length === 1);
    expect(statusesOf('restart')).toEqual(['resolved']);

    impair(world.ec2, ofDrills);
    const id = await comes('restart');
    expect((await over(id)).outcome).toBe('as expected');
    expect(reboots(ofDrills)).toHaveLength(1);
    await eventually('the page to be taken back', () => pagesFor('restart')[0]?.status === 'resolved');
    expect(statusesOf('restart')).toEqual(['resolved', 'resolved']);
  });

  it('goes no further than it says, and says nothing of how far people agree', async () => {
    impair(world.ec2, watched);
    expect((await over(await comes('watched'))).outcome).toBe('as expected');
    const [incident] = incidentsOf('watched');
    expect(incident?.title).toBe(`Baton drill (observe): EC2 ${watched} StatusCheckFailed`);
    expect((await world.runs(incident?.id ?? ''))[0]?.outcome).toBe('observed: handed to a person');
    expect(reboots(watched)).toEqual([]);
    const { items } = (await ask(triggersAgreement, { trigger: 'ec2-unhealthy' })) as { items: unknown[] };
    expect(items).toEqual([]);
  });

  it('says which condition said no, that no webhook came, that no incident came, and that time was over', async () => {
    const messageOf = async (name: string) => (await over(await comes(name))).failure?.message;
    expect(await messageOf('stray')).toMatch(
      /the trigger ec2-unhealthy started no run on #\d+: title names an EC2 instance, a failed status check/,
    );
    await eventually('its page, which is not to be dropped', () => pagesFor('stray').length === 1);
    drop(3);
    expect(await messageOf('lost')).toContain(
      'PagerDuty took its alert, and opened no incident within 1 second',
    );
    const subscriptions = world.pagerDuty.world.subscriptions.splice(0);
    expect(await messageOf('lost')).toContain('Baton heard nothing of it within 1 second');
    world.pagerDuty.world.subscriptions.push(...subscriptions);
    impair(world.ec2, untagged);
    expect(await messageOf('asking')).toMatch(/the run ec2-unhealthy\/\w+ has not ended within 1 second$/);
    const [asked] = incidentsOf('asking');
    await eventually('the run to be stopped', async () =>
      (await world.runs(asked?.id ?? '')).every(({ outcome }) => outcome === 'resolved elsewhere'),
    );
    for (const { name } of drills) expect(statusesOf(name)).not.toContain('triggered');
  });

  it('closes first what one that was ended by force has left open, and no other that looks like it', async () => {
    const before = incidentsOf('watched').length;
    const id = await comes('watched');
    const left = await eventually('its incident', () => incidentsOf('watched')[before]);
    await world.temporal.client.workflow.getHandle(id).terminate('by force');
    const run = await world.run(id);
    if (!run) throw new Error('There is no such run');
    // As it is found to have ended, half a minute later.
    const failure = { class: 'Terminated', message: 'by force' };
    const end = { state: 'failed', outcome: 'failed', failure, at: new Date().toISOString() } as const;
    await world.store.endRun(runEnd(run, { ...end, via: 'reconcile' }));
    impair(world.ec2, watched);
    const lookalike = await raiseBy('baton-drill/watched/0', 'Baton drill: the disk is full');
    expect((await over(await comes('watched'))).outcome).toBe('as expected');
    expect([left.status, lookalike.status]).toEqual(['resolved', 'triggered']);
  });

  it('is none that somebody else raises by the routing key: it counts, and its run goes as far as its trigger lets it', async () => {
    impair(world.ec2, watched);
    // A key that was used, too.
    const [used] = incidentsOf('watched');
    const incident = await raiseBy(
      String(used?.key),
      `Baton drill (observe): EC2 ${watched} StatusCheckFailed`,
    );
    expect((await over(`ec2-unhealthy/${incident.id}`)).outcome).toBe('restarted');
    const started = (await world.record(incident.id)).find(({ action }) => action === 'run.started');
    expect(started?.detail).not.toHaveProperty('drill');
    expect(started?.detail).not.toHaveProperty('mode');
  });

  /** As whoever holds the routing key can. */
  async function raiseBy(key: string, summary: string) {
    const event = {
      routing_key: world.env.PAGERDUTY_ROUTING_KEY,
      event_action: 'trigger',
      dedup_key: key,
      payload: { summary, source: 'somebody', severity: 'warning' },
    };
    await fetch(`${world.env.PAGERDUTY_EVENTS_URL}/v2/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    return eventually('the incident', () =>
      world.pagerDuty.world.incidents.find((each) => each.key === key && each.status === 'triggered'),
    );
  }

  it('is closed also where it is stopped', async () => {
    impair(world.ec2, untagged);
    const before = incidentsOf('restart').length;
    const subscriptions = world.pagerDuty.world.subscriptions.splice(0);
    const id = await comes('restart');
    await eventually('its incident', () => incidentsOf('restart').length > before);
    await ask(stopRun, { id, reason: 'not now' });
    expect((await over(id)).state).toBe('cancelled');
    world.pagerDuty.world.subscriptions.push(...subscriptions);
    expect(statusesOf('restart')).not.toContain('triggered');
  });
});
