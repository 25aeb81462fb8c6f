import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { crashLoop } from '../../simulator/kubernetes.ts';
import { pagerDutyEnvironment, raiseIncident } from '../../simulator/pagerduty.ts';
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

let world: World;
beforeAll(async () => {
  const env = { BATON_PUBLIC_URL: 'https://baton.example.com', BATON_REPOSITORY_URL: repository };
  const triggers = [ec2Unhealthy, kubernetesCrashLoop, runFailedBy([...pagePolicies, ofCrashLoops, ofRooms])];
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
