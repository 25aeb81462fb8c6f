import { Client, Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../domain/run.ts';
import { startStuckRuns } from '../../server/temporal/stuck-runs.ts';
import { stuckIn } from '../../server/temporal/stuck-state.ts';

/** A Temporal that describes runs as `describe` says. */
function temporalOf(describe: (id: string) => object): Client {
  const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  Object.assign(client.workflow, { getHandle: (id: string) => ({ describe: async () => describe(id) }) });
  return Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
}
const secondsAgo = (seconds: number) => ({ seconds: Math.floor(Date.now() / 1_000) - seconds });
const running = (pendingWorkflowTask?: object) => ({
  status: { name: 'RUNNING' },
  raw: { pendingWorkflowTask },
});
const waiting = running({ attempt: 1, originalScheduledTime: secondsAgo(61) });

describe('a run', () => {
  it('whose step nobody takes for a minute has no worker', async () => {
    expect(
      await stuckIn(
        'a',
        temporalOf(() => waiting),
        'default',
      ),
    ).toEqual({
      reason: 'NoWorker',
      message: 'no worker takes its next step: are workers running?',
    });
  });

  it.each([
    ['waits for nothing but time', running()],
    ['was given to the workers just now', running({ attempt: 1, originalScheduledTime: secondsAgo(5) })],
    [
      'is in the hands of a worker',
      running({ attempt: 1, originalScheduledTime: secondsAgo(90), startedTime: secondsAgo(2) }),
    ],
    ['has ended', { ...waiting, status: { name: 'COMPLETED' } }],
  ])('that %s goes on', async (_, description) => {
    expect(
      await stuckIn(
        'a',
        temporalOf(() => description),
        'default',
      ),
    ).toBeUndefined();
  });
});

describe('runs that no worker takes', () => {
  const runs = ['bad', 'one', 'two'].map(
    (id): RunRow => ({
      id,
      trigger: 't',
      workflow: 'w',
      target: 'x',
      eventSeq: 1,
      state: 'running',
      createdAt: '2026-03-01T10:00:00.000Z',
    }),
  );

  it('are counted, also beside one about which Temporal cannot be asked', async () => {
    const marks = new Map<string, RunRow['stuck']>();
    const marked = () =>
      runs.map((run) => {
        const mark = marks.get(run.id);
        return mark ? { ...run, stuck: mark } : run;
      });
    const watch = startStuckRuns({
      store: {
        liveRunsAfter: async () => marked(),
        listStuckRuns: async () => marked().filter(({ stuck }) => stuck),
        setStuck: async ({ id }, mark) => {
          marks.set(id, mark);
          return true;
        },
      },
      client: temporalOf((id) => {
        if (id === 'bad') throw Object.assign(new Error('WorkflowId length exceeds limit'), { code: 3 });
        return waiting;
      }),
      namespace: 'default',
      log: { info() {}, warn() {}, error() {} } as never,
      everyMilliseconds: 20,
    });
    await expect.poll(() => watch.counts().NoWorker).toBe(2);
    await watch.stop();
  });
});
