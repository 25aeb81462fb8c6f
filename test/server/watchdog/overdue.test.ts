import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { PagePolicy } from '../../../domain/page.ts';
import { createLog } from '../../../log/log.ts';
import { runsOverdue } from '../../../server/watchdog/overdue.ts';
import { pagedByPolicies } from '../../../server/watchdog/policies.ts';
import { defineTrigger, type Trigger } from '../../../triggers/trigger.ts';
import { embeddedWorld, entry, fresh } from '../../store/world.ts';
import { fakeClock, fakePager, watchdogOn } from './watching.ts';

const database = await embeddedWorld();
const store = database.newStore();
const silent = createLog((text) => text, { level: 'silent' });

const restart = async (_: string) => {};
const triggerThat = (whenOverdue?: 'warn' | 'page' | 'cancel') =>
  defineTrigger({
    name: fresh('restart-'),
    on: 'pagerduty.incident.triggered',
    when: 'always',
    run: restart,
    input: ({ id }) => id,
    finishWithin: '2 hours',
    ...(whenOverdue ? { whenOverdue } : {}),
  });

/** A live run of this trigger that began so many minutes ago. */
async function begun(
  trigger: Trigger,
  minutes: number,
  connection?: string,
  startedBy?: object,
): Promise<string> {
  const subject = `${connection === undefined ? '' : `${connection}/`}${fresh('Q')}`;
  const id = `${trigger.name}/${subject}`;
  const incident = { url: `https://acme.pagerduty.com/incidents/${subject}` };
  const cause = {
    trigger: trigger.name,
    eventId: 'e',
    whenResolved: 'stop',
    incident,
    connection,
    startedBy,
  };
  await store.beginRun(
    {
      id,
      trigger: trigger.name,
      workflow: trigger.workflow,
      subject,
      target: 'shop/checkout',
      input: {},
      cause,
    },
    entry(),
  );
  await store.runBegan(id);
  await database.run(`update runs set created_at = now() - interval '${minutes} minutes' where id = '${id}'`);
  return id;
}
const end = (id: string) =>
  database.run(`update runs set state = 'completed', ended_at = now() where id = '${id}'`);

/** A Temporal that takes cancellations, or does what it is told instead. */
function temporal(instead?: () => never) {
  const cancelled: string[] = [];
  const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  const cancel = (id: string) => async () => {
    instead?.();
    cancelled.push(id);
  };
  Object.assign(client.workflow, { getHandle: (id: string) => ({ cancel: cancel(id) }) });
  Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
  return { client, cancelled };
}

const watching = (
  trigger: Trigger,
  { client }: { client: Client } = temporal(),
  pages: readonly PagePolicy[] = [],
) => pagedByPolicies(runsOverdue({ store, client, triggers: [trigger], pages, log: silent }), pages);
const eventsAbout = async (id: string) =>
  (await store.listEvents({ limit: 200 })).filter(({ eventId }) => eventId === `run.overdue/${id}`);
const { signal } = new AbortController();

describe('a run that has not ended in its time', () => {
  it('pages by workflow and target, makes one event, and its end takes the page back', async () => {
    const trigger = triggerThat();
    const first = await begun(trigger, 125);
    const second = await begun(trigger, 124);
    await begun(trigger, 110);
    const pager = fakePager();
    const clock = fakeClock();
    const { watchdog } = watchdogOn(store, [watching(trigger)], pager, clock);
    const key = 'baton/restart/RunOverdue/shop%2Fcheckout';
    await expect.poll(() => store.listWatched()).toMatchObject([{ trouble: { key }, stage: 'paged' }]);
    expect(pager.alerts).toMatchObject([
      {
        dedupKey: key,
        severity: 'error',
        summary: expect.stringMatching(/^2 runs of restart have not ended by .*baton runs show restart-/),
        about: { run: first, incidentUrl: expect.stringContaining('/incidents/Q') },
      },
    ]);
    const [event] = await eventsAbout(first);
    expect(event?.event).toMatchObject({
      type: 'run.overdue',
      subject: 'restart/shop/checkout',
      data: {
        runId: first,
        trigger: trigger.name,
        whenOverdue: 'page',
        dueAt: expect.any(String),
        healthy: false,
      },
    });
    const subject = first.slice(first.indexOf('/') + 1);
    const lines = await store.readRecord({ subject, limit: 20 });
    expect(lines.filter(({ action }) => action === 'run.overdue')).toHaveLength(1);

    await end(first);
    clock.pass(60);
    await end(second);
    await expect.poll(async () => (await store.listWatched())[0]?.overSince).toBeDefined();
    clock.pass(60);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.taken).toEqual([`+${key}`, `-${key}`]);
    expect(await eventsAbout(first)).toHaveLength(1);
    await watchdog.stop();
  });

  it('is only told of where its trigger says so', async () => {
    const trigger = triggerThat('warn');
    const id = await begun(trigger, 125, 'eu');
    const { find } = watching(trigger);
    expect(await find(signal)).toEqual([]);
    expect(await find(signal)).toEqual([]);
    const [event, ...more] = await eventsAbout(id);
    expect(more).toEqual([]);
    expect(event?.event).toMatchObject({ connection: 'eu', subject: 'eu/restart/shop/checkout' });
    await end(id);
  });

  it('is told to stop once where its trigger says so, and pages', async () => {
    const trigger = triggerThat('cancel');
    const id = await begun(trigger, 125);
    const { client, cancelled } = temporal();
    const { find } = watching(trigger, { client });
    expect(await find(signal)).toMatchObject([{ summary: expect.stringContaining('It is told to stop') }]);
    await find(signal);
    expect(cancelled).toEqual([id]);
    await end(id);
  });

  it('is told to stop when Temporal is back, and pages meanwhile', async () => {
    const trigger = triggerThat('cancel');
    const id = await begun(trigger, 125);
    let isAway = true;
    const { client, cancelled } = temporal(() => {
      if (isAway) throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14 });
      return undefined as never;
    });
    const { find } = watching(trigger, { client });
    expect(await find(signal)).toHaveLength(1);
    expect(await eventsAbout(id)).toEqual([]);
    isAway = false;
    expect(await find(signal)).toHaveLength(1);
    expect([cancelled, (await eventsAbout(id)).length]).toEqual([[id], 1]);
    await end(id);
  });

  it('pages as the policy of its workflow says, or nobody: not whoever has started it, nor where none is to be paged', async () => {
    const trigger = triggerThat();
    const id = await begun(trigger, 125);
    const byPerson = await begun(trigger, 125, undefined, { kind: 'person', name: 'ada@example.com' });
    const found = (policy: Omit<PagePolicy, 'workflow'>) =>
      watching(trigger, temporal(), [{ workflow: 'restart', ...policy }]).find(signal);
    expect(await found({ connection: 'payments', severity: { RunOverdue: 'warning' } })).toMatchObject([
      { connection: 'payments', severity: 'warning', details: { runs: 2 } },
    ]);
    expect(await found({ whenStartedByPeople: false })).toMatchObject([{ details: { run: id, runs: 1 } }]);
    expect(await found({ page: false })).toMatchObject([{ isPaged: false }]);
    await end(id);
    await end(byPerson);
  });

  it('may have been lost by Temporal', async () => {
    const trigger = triggerThat('cancel');
    const id = await begun(trigger, 125);
    const { client } = temporal(() => {
      throw new WorkflowNotFoundError('no such run', id, undefined);
    });
    expect(await watching(trigger, { client }).find(signal)).toHaveLength(1);
    expect(await eventsAbout(id)).toHaveLength(1);
    await end(id);
  });
});
