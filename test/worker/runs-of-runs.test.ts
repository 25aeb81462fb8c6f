import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Performed } from '../../activities/baton.ts';
import { performFromSlack } from '../../processes/perform.ts';
import type { Store } from '../../store/store.ts';
import { runs } from '../../triggers/runs.ts';
import { defineStartable } from '../../triggers/startable.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { requestersOf } from '../../worker/approvals.ts';
import { causeSchema } from '../../worker/authority.ts';
import { batonFor } from '../../worker/baton.ts';
import { worldOn } from '../api/served.ts';
import { testAuthority } from '../authority.ts';
import { embeddedWorld, entry, type World } from '../store/world.ts';

async function tellPeople(_: object): Promise<void> {}
async function rebootAll(_: object): Promise<void> {}
const startableOf = (run: typeof tellPeople, kind: 'change' | 'destructive') =>
  defineStartable({ run, kind, summary: 'For a test', input: z.strictObject({}), target: () => 'all' });
const listens = defineTrigger({
  name: 'listens',
  ...runs({ states: ['started'] }),
  run: tellPeople,
  input: () => ({}),
});

let world: World;
let store: Store;
const begun: string[] = [];
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
  const run = { id: 'cleaner/E1', trigger: 'cleaner', workflow: 'cleanUp', target: 'all', input: {} };
  await store.beginRun({ ...run, cause: { trigger: 'cleaner', chain: ['first'] } }, entry());
});
afterAll(() => world.close());

/** What a run asks of Baton on its own behalf. */
async function ask(
  operation: string,
  input: Record<string, unknown>,
  key: string,
  workflowId = 'cleaner/E1',
) {
  const client = {
    withDeadline: (_: unknown, call: () => Promise<unknown>) => call(),
    workflow: {
      start: async (_: unknown, { workflowId: id }: { workflowId: string }) => void begun.push(id),
    },
  };
  const perform = performFromSlack(
    worldOn(store, {
      triggers: async () => [listens],
      workflows: async () => ({
        names: [],
        startable: [startableOf(tellPeople, 'change'), startableOf(rebootAll, 'destructive')],
      }),
      runs: {
        client: client as unknown as Client,
        taskQueue: 'none',
        eagerStart: false,
        authority: testAuthority,
      },
    }),
  );
  const baton = batonFor({ store, perform });
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'r' } });
  return (await environment.run(() => baton.perform(operation, input, undefined, key))) as Performed;
}
const start = (workflow: string, key: string) =>
  ask('runs.start', { workflow, input: {}, reason: 'it is to be so' }, key);
const idIn = (performed: object) => (performed as { output: { run: { id: string } } }).output.run.id;

describe('a run that starts another one', () => {
  it('starts it once, with an id that follows from its step, and hands the way to it on', async () => {
    const id = idIn(await start('tellPeople', 'cleaner/E1#startBatonRun#1'));
    expect(idIn(await start('tellPeople', 'cleaner/E1#startBatonRun#1'))).toBe(id);
    expect(idIn(await start('tellPeople', 'cleaner/E1#startBatonRun#2'))).not.toBe(id);
    expect(await store.findCause(id)).toMatchObject({
      startedBy: { kind: 'baton', name: 'run cleaner/E1' },
      chain: ['first', 'cleaner'],
    });
    expect(begun).toContain(id);
    const events = await store.listEvents({ limit: 50 });
    const told = events.filter(({ eventId }) => eventId === `run.started/${id}`);
    expect(told).toMatchObject([{ event: { data: { chain: ['first', 'cleaner'], trigger: 'manual' } } }]);
  });

  it('that may do what cannot be taken back starts it so that it asks before', async () => {
    const destructive = idIn(await start('rebootAll', 'k1'));
    expect(await store.findCause(destructive)).toMatchObject({ mode: 'propose' });
    const harmless = idIn(await start('tellPeople', 'k2'));
    expect(await store.findCause(harmless)).not.toHaveProperty('mode');
  });

  it('on behalf of whoever has started itself: they do not approve what it asks', async () => {
    for (const [runId, cause] of [
      ['manual/1', { startedBy: { kind: 'person', name: 'ada@example.com', alsoKnownAs: ['slack:U0ADA'] } }],
      ['cleaner/slack', { by: { kind: 'person', id: 'U0ADA', name: 'Ada' } }],
    ] as const) {
      const run = { id: runId, trigger: 'manual', workflow: 'cleanUp', target: 'all', input: {} };
      await store.beginRun({ ...run, cause: { trigger: 'manual', ...cause } }, entry());
      const input = { workflow: 'rebootAll', input: {}, reason: 'it is to be so' };
      const id = idIn(await ask('runs.start', input, `${runId}#startBatonRun#1`, runId));
      const kept = causeSchema.parse(await store.findCause(id));
      expect(requestersOf(kept)).toContain('slack:U0ADA');
      expect(kept.mode).toBe('propose');
    }
  });

  it.each([
    ['approvals.answer', { id: 'a', decision: 'approve' }],
    ['questions.answer', { id: 'q', values: {} }],
    ['runs.unpark', { id: 'cleaner/E1' }],
    ['connections.remove', { name: 'eu' }],
  ])('decides nothing that people decide: %s', async (operation, input) => {
    expect(await ask(operation, input, 'k3')).toEqual({
      refusal: expect.stringContaining('nobody is known'),
    });
  });

  it('of which Baton does not know why it was started starts none', async () => {
    const input = { workflow: 'tellPeople', input: {}, reason: 'x' };
    expect(await ask('runs.start', input, 'k4', 'stranger/1')).toEqual({
      refusal: expect.stringContaining('nobody is known'),
    });
  });
});
