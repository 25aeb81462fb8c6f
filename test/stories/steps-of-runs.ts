import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { expect } from 'vitest';
import type { DataOf } from '../../domain/event.ts';
import type { StepType } from '../../domain/step.ts';
import { activities } from '../../triggers/activities.ts';
import { defineTrigger, type Trigger } from '../../triggers/trigger.ts';
import { eventually, type World } from '../world.ts';
import { callHook, callHookAtOnce, tellOfRun } from './fixture/with-automations.ts';

const calls = (name: string, run: typeof callHook) =>
  defineTrigger({
    name,
    on: 'http.steering',
    when: { 'asks for it': ({ type }) => type === name },
    run,
    input: ({ body }) => body as Parameters<typeof callHook>[0],
    each: 'event',
    mode: 'auto',
  });
const tellsOfSteps = (channelId: string) =>
  defineTrigger({
    name: 'tells-of-steps',
    ...activities({
      activities: ['readHttpResource', 'sendHttpRequest', 'rebootEc2Instances'],
      states: ['scheduled', 'started', 'completed', 'failed', 'timed out', 'cancelled'],
    }),
    run: tellOfRun,
    input: ({ runId, activity, target, outcome }) => ({
      channelId,
      runId,
      workflow: activity,
      target,
      outcome,
    }),
    each: 'event',
    mode: 'auto',
  });

/** Runs that call an address, and a trigger that tells a channel of Slack of each state that their steps enter. */
export const stepTriggers = (channelId: string): Trigger[] => [
  calls('call', callHook),
  calls('call-at-once', callHookAtOnce),
  tellsOfSteps(channelId),
];

type Told = DataOf<'activity.failed'> & { id: string };

/** What a world tells of the steps of its runs. */
export function stepsOf(world: () => World) {
  /** What was told of the steps of a run: the state, the activity and the how-manieth call, in the order in which it was dispatched. */
  async function toldOf(run: string): Promise<Map<string, Told>> {
    const events = (await world().store.listEvents({ limit: 1_000 })).toReversed();
    const found = events.flatMap(({ type, event }) => {
      const { id, data } = event as { id: string; data: Told };
      return type.startsWith('activity.') && data.runId === run ? [{ ...data, id, type }] : [];
    });
    const named = found.map(({ type, key, ...data }): [string, Told] => [
      `${type.slice('activity.'.length)} ${key.slice(run.length + 1)}`,
      { key, ...data },
    ]);
    // Each is one event.
    expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
    return new Map(named);
  }
  const entered = (run: string, type: StepType, activity = 'sendHttpRequest') =>
    eventually(`${activity} of ${run} to tell ${type}`, async () =>
      (await toldOf(run)).get(`${type.slice('activity.'.length)} ${activity}#1`),
    );
  /** What the record says of a run. */
  const linesOf = async (run: string) =>
    (await world().record((await world().run(run))?.subject ?? run)).flatMap(({ action, detail }) =>
      detail.run === run ? [action] : [],
    );

  /** Goes through the history of a run anew. Rejects where that asks for anything else than it did. */
  async function replay(run: string, workflowBundle: WorkflowBundle): Promise<void> {
    const unreached = () => Promise.reject(new Error('A replay calls no activity'));
    const names = ['default', 'readHttpResource', 'tellStep', 'reportRunEnd'];
    const options = {
      workflowBundle,
      activities: Object.fromEntries(names.map((name) => [name, unreached])),
    };
    const history = await world().temporal.client.workflow.getHandle(run).fetchHistory();
    await Worker.runReplayHistory(options, history, run);
  }

  return { toldOf, entered, linesOf, replay };
}
