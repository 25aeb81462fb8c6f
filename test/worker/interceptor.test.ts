import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type ActivityContext, type AnyActivity, defineActivity } from '../../activities/activity.ts';
import { boundedList as kubernetesList } from '../../activities/kubernetes/text.ts';
import { boundedList as pagerDutyList } from '../../activities/pagerduty/text.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Store } from '../../store/store.ts';
import { largestResult, withinSize } from '../../worker/result-size.ts';
import { embeddedWorld } from '../store/world.ts';
import { aroundCalls, callActivity } from './attempt.ts';

/** Makes one attempt at an activity as a worker would, and gives the record beside. */
async function attempt(
  activity: AnyActivity,
  simulated: readonly string[] = [],
  around: (store: Store) => Partial<Store> = () => ({}),
  input: object = {},
) {
  const stored = await embeddedWorld();
  const own = stored.newStore();
  const store = { ...own, ...around(own) };
  onTestFinished(async () => {
    await store.close();
    await stored.close();
  });
  const interceptors = aroundCalls({ activities: [activity], store, simulated });
  const result = callActivity({ activityType: activity.name }, interceptors, input);
  return { result, record: async () => store.readRecord({ limit: 10 }) };
}

const saying = (text: string, kind: 'read' | 'change' = 'read'): AnyActivity => {
  const declaration = {
    provider: 'slack',
    summary: 'Gives a text',
    permissions: [],
    input: z.object({}),
    output: z.object({ text: z.string(), mark: z.string().optional() }),
    example: {},
  };
  const said = async (_: unknown, { attempt: { mark } }: ActivityContext) => ({ text, mark });
  if (kind === 'read') return defineActivity({ name: 'readText', kind, ...declaration, run: said });
  const plan = {
    summary: 'Gives it',
    calls: ['give'],
    values: {},
    inverse: { none: 'given' },
    output: { text },
  };
  return defineActivity({
    name: 'writeText',
    kind,
    ...declaration,
    look: async () => ({ plan }),
    act: (_, input, context) => said(input, context),
  });
};

describe('an attempt', () => {
  it.each([
    ['nothing is simulated', [], undefined],
    ['its provider is simulated', ['ec2', 'slack'], 'SIMULATED'],
    ['others are simulated', ['ec2', 'kubernetes'], 'SIMULATED: ec2, kubernetes'],
  ])('is told with what to begin a message where %s', async (_, simulated, mark) => {
    const { result } = await attempt(saying('x'), simulated);
    expect(await result).toEqual({ text: 'x', ...(mark ? { mark } : {}) });
  });

  it.each([
    ['default', 'SIMULATED', true],
    ['eu', 'SIMULATED: ec2', undefined],
  ])(
    'by the connection %s of a simulated provider is told and recorded as it is',
    async (connection, mark, simulated) => {
      const { result, record } = await attempt(saying('x'), ['ec2', 'slack'], undefined, { connection });
      expect(await result).toEqual({ text: 'x', mark });
      const [line] = await record();
      expect(line?.action).toBe('activity.completed');
      expect(line?.detail.simulated).toBe(simulated);
    },
  );
});

describe('an outcome whose commit gets no answer', () => {
  /** What is written this way is stored, and the answer is lost the first time. */
  function losingAnswers<Given extends unknown[]>(write: (...given: Given) => Promise<void>) {
    let lost = false;
    return async (...given: Given) => {
      await write(...given);
      if (lost) return;
      lost = true;
      throw new StoreUnavailable('The store is not available: the connection was cut');
    };
  }
  const toldOf = async ({ record }: Awaited<ReturnType<typeof attempt>>) =>
    (await record()).map(({ action }) => action);

  it('of a change that was made, is not told as a failure too', async () => {
    const made = await attempt(saying('x', 'change'), [], ({ conclude }) => ({
      conclude: losingAnswers(conclude),
    }));
    expect(await made.result).toEqual({ text: 'x' });
    expect(await toldOf(made)).toEqual(['activity.intended', 'activity.completed']);
  });

  it('of a read, is not told as a failure too', async () => {
    const read = await attempt(saying('x'), [], ({ append }) => ({ append: losingAnswers(append) }));
    await expect(read.result).rejects.toThrow('not available');
    expect(await toldOf(read)).toEqual(['activity.completed']);
  });
});

describe('a result', () => {
  const overhead = JSON.stringify({ text: '' }).length;

  it('may be as large as a run can keep, and not larger', async () => {
    const most = saying('x'.repeat(largestResult - overhead));
    expect(await (await attempt(most)).result).toHaveProperty('text');
    const more = await attempt(saying('x'.repeat(largestResult - overhead + 1)));
    await expect(more.result).rejects.toMatchObject({
      type: 'ResultTooLarge',
      nonRetryable: true,
      message: expect.stringContaining(`readText has ${largestResult + 1} bytes`),
      details: [{ provider: 'slack', effect: 'none' }],
    });
    expect(await more.record()).toMatchObject([
      { action: 'activity.failed', detail: { activity: 'readText', failure: { class: 'ResultTooLarge' } } },
    ]);
  });

  it('is measured in bytes, and of a change it stays unknown what was done', async () => {
    const { result } = await attempt(saying('é'.repeat(largestResult / 2), 'change'));
    await expect(result).rejects.toMatchObject({ details: [{ effect: 'unknown' }] });
  });

  it.each([
    ['PagerDuty', pagerDutyList],
    ['Kubernetes', kubernetesList],
  ])('that is a list of %s is cut far below that, and says so', (_, boundedList) => {
    const { items, truncated } = boundedList(Array.from({ length: 100_000 }, (_, id) => ({ id })));
    expect(truncated).toBe(true);
    expect(items.length).toBeGreaterThan(10_000);
    expect(() => withinSize(saying('x'), { items, truncated })).not.toThrow();
  });
});
