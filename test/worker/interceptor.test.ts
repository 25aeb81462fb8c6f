import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type ActivityContext, type AnyActivity, defineActivity } from '../../activities/activity.ts';
import { kept } from '../../activities/kept-text.ts';
import { boundedList as kubernetesList } from '../../activities/kubernetes/text.ts';
import { boundedList as pagerDutyList } from '../../activities/pagerduty/text.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { makeScrubber } from '../../secrets/scrub.ts';
import type { Store } from '../../store/store.ts';
import { engineActivities } from '../../worker/engine.ts';
import type { InterceptorOptions } from '../../worker/interceptor.ts';
import { largestResult, withinSize } from '../../worker/result-size.ts';
import { embeddedWorld } from '../store/world.ts';
import { aroundCalls, callActivity } from './attempt.ts';

const subject = 'PABC123';
const secret = 'hunter2-of-ada';

/** Makes one attempt at an activity as a worker would, and gives the record beside. */
async function attempt(
  activity: AnyActivity,
  simulated: readonly string[] = [],
  around: (store: Store) => Partial<Store> = () => ({}),
  input: object = {},
  options: Partial<InterceptorOptions> = {},
) {
  const stored = await embeddedWorld();
  const own = stored.newStore({ secrets: [secret] });
  const store = { ...own, ...around(own) };
  onTestFinished(async () => {
    await store.close();
    await stored.close();
  });
  const interceptors = aroundCalls({
    activities: [activity],
    store,
    simulated,
    cause: { subject },
    ...options,
  });
  const result = callActivity({ activityType: activity.name }, interceptors, input);
  return {
    result,
    record: async () => store.readRecord({ limit: 10 }),
    /** After the attempt. */
    async kept() {
      await result.catch(() => {});
      const { items } = await own.pageOfTexts({ subject, limit: 10 });
      return Promise.all(items.map(({ digest }) => own.readText(subject, digest)));
    },
  };
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

const isAway = () => Promise.reject(new StoreUnavailable('The store is not available: away'));

/** Answers the first character of a text, and keeps the whole. */
const keeping = (text: string): AnyActivity =>
  defineActivity({
    name: 'readBeginning',
    kind: 'read',
    provider: 'slack',
    summary: 'Gives the beginning of a text',
    permissions: [],
    input: z.object({}),
    output: z.object({ text: z.string(), kept }),
    example: {},
    run: async (_, { attempt: { keepText } }) => ({
      text: text.slice(0, 1),
      ...(await keepText({ title: 'A text', text })),
    }),
  });

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
    const text = 'x'.repeat(largestResult - overhead + 1);
    const more = await attempt(saying(text));
    await expect(more.result).rejects.toMatchObject({
      type: 'ResultTooLarge',
      nonRetryable: true,
      message: expect.stringContaining(`readText has ${largestResult + 1} bytes`),
      details: [{ provider: 'slack', effect: 'none' }],
    });
    expect(await more.record()).toMatchObject([
      { action: 'activity.failed', detail: { activity: 'readText', failure: { class: 'ResultTooLarge' } } },
    ]);
    expect(await more.kept()).toMatchObject([
      { title: 'Result of readText', text: JSON.stringify({ text }) },
    ]);
  });

  it('is measured in bytes, and of a change it stays unknown what was done', async () => {
    const { result } = await attempt(saying('é'.repeat(largestResult / 2), 'change'));
    await expect(result).rejects.toMatchObject({ details: [{ effect: 'unknown' }] });
  });

  it('that is too large is kept, and the failure says where it is read and what to do', async () => {
    const scrub = makeScrubber([secret]);
    // Of so much only what is kept is masked.
    const lines = `${secret} ${'y'.repeat(80)}\n`.repeat(40_000);
    for (const text of [lines.slice(0, 2 * largestResult), lines]) {
      const options = { scrub, publicUrl: () => 'https://baton.example.com/' };
      const { result, kept } = await attempt(saying(text), [], undefined, {}, options);
      const failure = await result.catch((error: Error) => error);
      const [found] = await kept();
      expect(found?.text.slice(0, 20)).toBe('{"text":"[secret] yy');
      expect(found?.text.includes(secret)).toBe(false);
      const read = `baton texts show ${found?.digest} or https://baton.example.com/api/v1/texts/${found?.digest}`;
      expect(failure).toMatchObject({ type: 'ResultTooLarge', nonRetryable: true });
      expect(failure).toHaveProperty(
        'message',
        expect.stringMatching(/MB\) is kept: .*Ask for less, or let/),
      );
      expect(failure).toHaveProperty('message', expect.stringContaining(read));
    }
  });

  it('that is too large and cannot be kept is lost where there is no room, and not where the store is away', async () => {
    const large = saying('x'.repeat(largestResult));
    const full = await attempt(large, [], () => ({ keepText: async () => undefined }));
    await expect(full.result).rejects.toMatchObject({
      type: 'ResultTooLarge',
      message: expect.stringContaining('could not be kept'),
    });
    const away = await attempt(large, [], () => ({ keepText: isAway }));
    await expect(away.result).rejects.toMatchObject({ type: 'StoreUnavailable', nonRetryable: false });
  });

  it.each([
    ['PagerDuty', pagerDutyList],
    ['Kubernetes', kubernetesList],
  ])('that is a list of %s is cut far below that, and says so', async (_, boundedList) => {
    const { items, truncated } = boundedList(Array.from({ length: 100_000 }, (_, id) => ({ id })));
    expect(truncated).toBe(true);
    expect(items.length).toBeGreaterThan(10_000);
    const keep = () => Promise.reject(new Error('It is too large'));
    const scrub = (text: string) => text;
    const result = { items, truncated };
    expect(await withinSize(saying('x'), result, { scrub, keep })).toEqual(result);
  });
});

describe('a text of which a result has only a part', () => {
  const text = 'x'.repeat(100);

  it('is kept under the subject of the run, and the result says where it is read', async () => {
    const { result, kept } = await attempt(
      keeping(text),
      [],
      undefined,
      {},
      { publicUrl: () => 'https://b.example' },
    );
    const [found] = await kept();
    const { digest } = found ?? {};
    expect(await result).toEqual({
      text: 'x',
      kept: {
        ...{ title: 'A text', bytes: 100, truncated: false, digest },
        url: `https://b.example/api/v1/texts/${digest}`,
      },
    });
    expect(found).toMatchObject({ subject: 'PABC123', text });
  });

  it('fails a runbook that keeps one, for good, where there is no more room', async () => {
    const store = { keepText: async () => undefined } as Partial<Store> as Store;
    const carriedOut = { worker: { build: 'x' }, sees: () => {}, ends: () => {}, stop: () => {} };
    const { keepText } = engineActivities(
      store,
      (said) => said,
      carriedOut,
      () => false,
    );
    const keeping = new MockActivityEnvironment().run(keepText, { title: 'A text', text });
    await expect(keeping).rejects.toMatchObject({ type: 'NoRoomForText', nonRetryable: true });
  });

  it.each([
    ['is away', isAway],
    ['never answers', () => new Promise<never>(() => {})],
    ['has no more room', async () => undefined],
  ])('fails no read where the store %s', async (_, keepText) => {
    const { result, record } = await attempt(keeping(text), [], () => ({ keepText }));
    expect(await result).toEqual({ text: 'x' });
    expect(await record()).toMatchObject([{ action: 'activity.completed' }]);
  });
});
