import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../server/server.ts';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ledgersOf, violations } from '../check.ts';
import { clientsFor } from '../clients.ts';
import { testBundle } from '../temporal.ts';
import { tellBy } from '../watched-server.ts';
import { restartFor } from '../worker/fixture/journal.ts';
import { eventually, startServerBeside, startWorld, type World } from '../world.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const env = {
  BATON_PUBLIC_URL: 'https://baton.example.com',
  BATON_REPOSITORY_URL: 'https://github.com/acme/runbooks',
};
const restart = defineTrigger({
  name: 'restart-checkout',
  on: 'pagerduty.incident.triggered',
  when: { 'is slow': ({ title }) => title.startsWith('Slow') },
  run: restartFor,
  input: ({ id, title }) => ({
    incidentId: id,
    deployment: title.endsWith('search') ? 'search' : 'checkout',
    at: '2026-11-26T10:00:00.000Z',
  }),
  target: () => 'shop/checkout',
  mode: 'auto',
});

const triggers = [ec2Unhealthy, restart];
let world: World;
let other: RunningServer;
beforeAll(async () => {
  const bundle = testBundle();
  world = await startWorld({ triggers, bundle, env, commit });
  const { store } = world;
  other = await startServerBeside(world, {
    triggers,
    tell: tellBy(clientsFor({ ...world.env, ...env }), store),
  });
});
afterAll(async () => {
  await other.stop();
  await world.close();
});

const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
/** An incident by which an instance is rebooted. */
function raiseReboot(): { id: string; run: string; instance: string } {
  const instance = restedInstance(world.ec2);
  impair(world.ec2, instance);
  const id = raise(`EC2 ${instance} StatusCheckFailed`);
  return { id, run: `ec2-unhealthy/${id}`, instance };
}
const ended = (id: string) =>
  eventually(`the run ${id} to end`, async () => {
    const run = await world.run(id);
    return run?.endedAt ? run : undefined;
  });
const eventsAbout = (id: string) =>
  world.pagerDuty.world.changeEvents.filter(({ details }) => details.incident === id);
const toldOf = (id: string) =>
  eventually('the line that PagerDuty was told', async () =>
    (await world.record(id)).find(({ action }) => action.startsWith('change.')),
  );

describe('a change that was made', () => {
  it('to an EC2 instance is told once on the service of its incident, with before, by whom, and its links', async () => {
    const { id, run, instance } = raiseReboot();
    expect((await ended(run)).outcome).toBe('restarted');
    expect((await toldOf(id)).action).toBe('change.told');
    const told = eventsAbout(id);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      serviceId: 'PCHECKO',
      summary: `Reboots ${instance} (by trigger ec2-unhealthy)`,
      source: 'baton',
      details: {
        run: `ec2-unhealthy/${id}`,
        workflow: 'ec2UnhealthyRestart',
        activity: 'rebootEc2Instances',
        targets: [`ec2:${instance}`],
        by: 'trigger:ec2-unhealthy',
        commit,
        before: { [instance]: { instance: 'impaired' } },
      },
    });
    expect(told[0]?.links).toEqual([
      { href: `https://baton.example.com/runs/ec2-unhealthy/${id}`, text: 'The run' },
      { href: expect.stringContaining(id), text: 'The incident' },
      {
        href: `https://github.com/acme/runbooks/tree/${commit}`,
        text: `The source at ${commit.slice(0, 12)}`,
      },
    ]);
  });

  it('in Kubernetes is told with before, after, and the ticket of its incident; that this was told is no change to tell', async () => {
    const id = raise('Slow');
    expect((await ended(`restart-checkout/${id}`)).outcome).toBe('restarted');
    await toldOf(id);
    const [event, ...more] = eventsAbout(id);
    expect(more).toEqual([]);
    const [issue] = world.jira.world.issues.filter((each) => JSON.stringify(each).includes(id));
    expect(event).toMatchObject({
      serviceId: 'PCHECKO',
      details: { activity: 'restartKubernetesDeployment', ticket: issue?.key, after: expect.anything() },
    });
    expect(event?.details).toHaveProperty('before');
    expect(event?.links.at(-1)).toMatchObject({ text: `The ticket ${issue?.key}` });
    // The issue, the notes and the event itself are changes too.
    expect((await world.record(id)).filter(({ action }) => action === 'change.told')).toHaveLength(1);
  });

  it('is told later where PagerDuty is down, and its run is well all the same', async () => {
    world.pagerDuty.fail({ kind: 'status', status: 503, match: '/v2/change/enqueue', times: 2 });
    const { id, run } = raiseReboot();
    expect(await ended(run)).toMatchObject({ state: 'completed', outcome: 'restarted' });
    expect((await toldOf(id)).detail).toMatchObject({ activity: 'rebootEc2Instances' });
    expect(eventsAbout(id)).toHaveLength(1);
  });

  it('is told once where the connection breaks after PagerDuty has taken it', async () => {
    world.pagerDuty.fail({ kind: 'cut-after', match: '/v2/change/enqueue', times: 1 });
    const { id, run } = raiseReboot();
    await ended(run);
    const line = await toldOf(id);
    expect([line.action, line.detail.unconfirmed]).toEqual(['change.told', undefined]);
    expect(eventsAbout(id)).toHaveLength(1);
  });

  it('is told where an attempt was cut off, and a later one has found it made', async () => {
    world.kubernetes.fail({
      kind: 'cut-after',
      match: 'PATCH /apis/apps/v1/namespaces/shop/deployments/search',
      times: 1,
    });
    const id = raise('Slow search');
    expect((await ended(`restart-checkout/${id}`)).state).toBe('completed');
    expect((await toldOf(id)).action).toBe('change.told');
    expect(eventsAbout(id).map(({ summary }) => summary)).toEqual([
      expect.stringMatching(
        /^Replaces the pods of a deployment.*shop\/deployment\/search\. An attempt that was cut off has done it/,
      ),
    ]);
  });

  it('that PagerDuty would not take at all is in the record, and fails no run', async () => {
    world.pagerDuty.fail({ kind: 'status', status: 400, match: '/v2/change/enqueue', times: 2 });
    const { id, run } = raiseReboot();
    expect((await ended(run)).state).toBe('completed');
    const line = await toldOf(id);
    expect([line.action, line.detail.reason]).toEqual([
      'change.not_told',
      expect.stringContaining('PagerDuty'),
    ]);
    expect(eventsAbout(id)).toEqual([]);
  });

  it('starts no run, and all of it stands in the record', async () => {
    const runs = await world.store.listRuns({ limit: 100 });
    expect(new Set(runs.map(({ trigger }) => trigger))).toEqual(
      new Set(['ec2-unhealthy', 'restart-checkout']),
    );
    const facts = { store: world.store, ledgers: ledgersOf(world), sent: [] };
    await expect.poll(() => violations(facts), { timeout: 20_000 }).toEqual([]);
  });

  // Last, as no run has made this one.
  it('is told without the ticket where nobody can say which one there is', async () => {
    const away = { ...world.store, firstResult: () => Promise.reject(new Error('The store is away')) };
    const tell = tellBy(clientsFor({ ...world.env, ...env }), away);
    const entry = {
      summary: 'Replaces the pods of shop/checkout',
      at: new Date().toISOString(),
      run: 'restart-checkout/P1',
      workflow: 'restartFor',
      activity: 'restartKubernetesDeployment',
      targets: ['kubernetes:shop/checkout'],
      by: 'trigger:restart-checkout',
      subject: 'P1',
      account: 'default',
      connections: [],
    };
    const change = { key: 'without a ticket', entry, leftAt: entry.at, attempt: 1 };
    const told = await tell(change, AbortSignal.timeout(10_000));
    expect(told).toEqual({ state: 'told', isUnconfirmed: false });
    expect(world.pagerDuty.world.changeEvents.at(-1)).toMatchObject({ summary: entry.summary });
  });
});
