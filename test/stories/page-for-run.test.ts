import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand, stopRun } from '../../server/operations/runs.ts';
import { triggersAgreement } from '../../server/operations/triggers-agreement.ts';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { pagerDutyEnvironment, raiseIncident } from '../../simulator/pagerduty.ts';
import { defineDrill } from '../../triggers/drills/drill.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { kubernetesCrashLoop } from '../../triggers/kubernetes-crash-loop.ts';
import { definePagePolicy } from '../../triggers/page-policy.ts';
import { pagePolicies } from '../../triggers/policies/index.ts';
import { runFailedBy } from '../../triggers/run-failed.ts';
import { kubernetesCrashLoopDiagnosis } from '../../workflows/kubernetes-crash-loop-diagnosis.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { addNamed } from '../named-connections.ts';
import { eventually, startWorld, type World } from '../world.ts';

const instance = 'i-0abc12345def67890';

const ofCrashLoops = definePagePolicy({
  workflow: kubernetesCrashLoopDiagnosis,
  connection: 'payments',
  severity: { ProviderRefused: 'info' },
  whenStartedByPeople: false,
});
const ofRooms = definePagePolicy({ workflow: pagerdutyProductionIncidentPolicy, connection: 'gone' });

const commit = '0123456789abcdef0123456789abcdef01234567';
const repository = 'https://github.com/acme/runbooks';

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
  within: '1 second',
  schedule,
});
const drills = [restartDrill, lostDrill, watchedDrill, strayDrill, askingDrill];

let world: World;
beforeAll(async () => {
  const env = { BATON_PUBLIC_URL: 'https://baton.example.com', BATON_REPOSITORY_URL: repository };
  const triggers = [
    ec2Unhealthy,
    kubernetesCrashLoop,
    runFailedBy([...pagePolicies, ofCrashLoops, ofRooms]),
    ...drills.flatMap(({ trigger }) => trigger ?? []),
  ];
  world = await startWorld({ triggers, env, commit });
  const search = world.pagerDuty.world.services.find(({ name }) => name === 'Search');
  const values = {
    ...pagerDutyEnvironment(world.pagerDuty.url),
    PAGERDUTY_ROUTING_KEY: search?.routingKey ?? '',
  };
  await addNamed(world.connections, 'payments', 'pagerduty', values);
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
const raisedUnder = (key: string) =>
  world.pagerDuty.calls
    .filter(({ path }) => path.includes('/v2/enqueue'))
    .map(({ body }) => JSON.parse(body))
    .filter(({ event_action, dedup_key }) => event_action === 'trigger' && dedup_key === key);
const raised = (id: string) => raisedUnder(keyOf(id));

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

  it('says in its own record where a page cannot be seen to be taken back, and takes it back no more than three times', async () => {
    const another = restedInstance(world.ec2);
    world.ec2.world.denied.push('ec2:DescribeInstances');
    await ended(raise(another));
    await eventually('the alert', () => alerts(another).length === 1);
    world.ec2.world.denied.length = 0;
    drop(3);
    expect((await ended(raise(another))).outcome).toBe('healthy again');
    const pager = await eventually('the pager to end', async () =>
      (await world.store.listRuns({ limit: 100 })).find(
        ({ trigger, target, endedAt }) => trigger === 'run-failed' && target.endsWith(another) && endedAt,
      ),
    );
    expect(pager).toMatchObject({ state: 'completed', outcome: 'resolved' });
    const lines = await world.record(pager.subject ?? pager.id);
    expect(lines.map(({ detail }) => detail.text)).toContainEqual(
      expect.stringContaining('That the alert is resolved was accepted 3 times, not confirmed'),
    );
    expect(alerts(another).every(({ status }) => status !== 'resolved')).toBe(true);
  });
});

describe('a policy of pages', () => {
  const workflow = 'kubernetesCrashLoopDiagnosis';
  const keyed = (key: string) => world.pagerDuty.world.alerts.filter((alert) => alert.key === key);
  const serviceNamed = (name: string) =>
    world.pagerDuty.world.services.find((each) => each.name === name)?.id;
  /** PagerDuty does not show the next incident that a run reads. */
  const refuse = (status: number) =>
    world.pagerDuty.fail({ kind: 'status', status, match: '?include%5B%5D=', times: 1 });
  const raiseLoop = () =>
    raiseIncident(world.pagerDuty, { title: 'CrashLoopBackOff in shop/search', service: 'Search' });
  const failed = (run: string) =>
    eventually(`the failure of ${run}`, async () => (await world.run(run))?.failure);
  /** Somebody starts a run by hand, which fails. */
  async function startFailing(kind: 'person' | 'token', of: string, incidentId: string): Promise<string> {
    refuse(403);
    const principal = { kind, name: kind === 'token' ? 'ci' : 'ada@example.com', role: 'admin' } as const;
    const asked = { workflow: of, input: { incidentId }, reason: 'It is worth a try' };
    const { run } = await perform(startRunByHand, asked, { ...world.operations, principal, via: 'api' });
    await failed(run.id);
    return run.id;
  }
  /** An incident that is known, and about which no run has begun. */
  async function known(): Promise<string> {
    const id = raiseIncident(world.pagerDuty, { title: 'Search is slow', service: 'Search' });
    await eventually('the incident', () => world.store.findIncident(id));
    return id;
  }
  const answerTo = (run: string, about: string) =>
    eventually('the answer of the trigger', async () => {
      const event = await world.store.findEvent(`run.failed/${run}`, about);
      return event?.disposition && event;
    });

  it('says by which connection and how severe it is, and the next good run takes back all classes of the target', async () => {
    crashLoop(world.kubernetes, 'shop', 'search');
    refuse(403);
    await failed(`kubernetes-crash-loop/${raiseLoop()}`);
    const key = (failureClass: string) => `baton/${workflow}/${failureClass}/shop%2Fsearch`;
    const first = await eventually('the page', () => keyed(key('ProviderRefused'))[0]);
    expect(first).toMatchObject({ serviceId: serviceNamed('Search'), severity: 'info' });
    refuse(409);
    await failed(`kubernetes-crash-loop/${raiseLoop()}`);
    const second = await eventually('the other page', () => keyed(key('Conflict'))[0]);
    // Of what it does not say, the policy of all workflows does.
    expect(second).toMatchObject({ serviceId: serviceNamed('Search'), severity: 'error' });

    const well = `kubernetes-crash-loop/${raiseLoop()}`;
    await eventually('the good run', async () => (await world.run(well))?.outcome === 'diagnosed');
    await eventually('both to be taken back', () =>
      [...keyed(key('ProviderRefused')), ...keyed(key('Conflict'))].every(
        ({ status }) => status === 'resolved',
      ),
    );
  });

  it('takes each page back by the connection that raised it, also where the later ones are raised by another', async () => {
    crashLoop(world.kubernetes, 'shop', 'search');
    const key = `baton/${workflow}/ProviderRefused/shop%2Fsearch`;
    const open = () => keyed(key).filter(({ status }) => status !== 'resolved');
    refuse(403);
    await failed(`kubernetes-crash-loop/${raiseLoop()}`);
    await eventually('the page', () => open().length === 1);
    world.pagerDuty.fail({ kind: 'status', status: 400, match: '/v2/enqueue', times: 1 });
    refuse(403);
    await failed(`kubernetes-crash-loop/${raiseLoop()}`);
    await eventually('the page by the other connection', () => open().length === 2);
    expect(new Set(open().map(({ serviceId }) => serviceId)).size).toBe(2);

    const well = `kubernetes-crash-loop/${raiseLoop()}`;
    await eventually('the good run', async () => (await world.run(well))?.outcome === 'diagnosed');
    await eventually('both to be taken back', () => open().length === 0);
  });

  it('pages for a run that CI has started, and can leave one that a person has started to that person', async () => {
    const incidentId = await known();
    const byPerson = await startFailing('person', workflow, incidentId);
    expect(await answerTo(byPerson, `${workflow}/${incidentId}`)).toMatchObject({ disposition: 'ignored' });
    const key = `baton/${workflow}/ProviderRefused/${incidentId}`;
    expect(keyed(key)).toEqual([]);
    await startFailing('token', workflow, incidentId);
    await eventually('the page', () => keyed(key).length === 1);
    // The pager lives by now, and hears of this one too.
    const before = raisedUnder(key).length;
    await startFailing('person', workflow, incidentId);
    await startFailing('token', workflow, incidentId);
    await eventually('the next page', () => raisedUnder(key).length > before);
    expect(raisedUnder(key)).toHaveLength(before + 1);
  });

  it('that names a connection which is not there pages the usual way, and the record says so', async () => {
    const incidentId = await known();
    const of = 'pagerdutyProductionIncidentPolicy';
    await startFailing('token', of, incidentId);
    const page = await eventually('the page', () => keyed(`baton/${of}/ProviderRefused/${incidentId}`)[0]);
    expect(page).toMatchObject({ serviceId: serviceNamed('Checkout'), severity: 'error' });
    const said = (await world.record(incidentId)).filter(({ action }) => action === 'run.said');
    expect(said.map(({ detail }) => detail.text)).toEqual([
      expect.stringMatching(/^The page could not be raised by the connection gone, which the policy names/),
    ]);
  });
});

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
  /** Its schedule comes, now. */
  async function comes(name: string): Promise<string> {
    const subject = `schedule.drill-${name}`;
    const before = await world.runs(subject);
    const handle = world.temporal.client.schedule.getHandle(`baton/drill-${name}`);
    await eventually('the schedule to be there', () => handle.describe().catch(() => undefined));
    await handle.trigger();
    return eventually('the drill to begin', async () => {
      const runs = await world.runs(subject);
      return runs.length > before.length ? runs.at(-1)?.id : undefined;
    });
  }
  const incidentsOf = (name: string) =>
    world.pagerDuty.world.incidents.filter(({ key }) => key === `baton-drill/${name}`);
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

  it('closes first what one that was ended by force has left open', async () => {
    const event = {
      routing_key: world.env.PAGERDUTY_ROUTING_KEY,
      event_action: 'trigger',
      dedup_key: 'baton-drill/watched',
      payload: { summary: 'Baton drill: left', source: 'baton', severity: 'warning' },
    };
    await fetch(`${world.env.PAGERDUTY_EVENTS_URL}/v2/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    expect(statusesOf('watched')).toEqual(['resolved', 'triggered']);
    impair(world.ec2, watched);
    expect((await over(await comes('watched'))).outcome).toBe('as expected');
    expect(statusesOf('watched')).toEqual(['resolved', 'resolved', 'resolved']);
  });

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
