import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineActivity } from '../../activities/activity.ts';
import { embeddedWorld } from '../store/world.ts';
import { aroundCalls } from '../worker/attempt.ts';

it('an attempt waits for an earlier one that is still at work here, and takes over what that one did', async () => {
  const stored = await embeddedWorld();
  const store = stored.newStore();
  onTestFinished(async () => {
    await store.close();
    await stored.close();
  });
  const { promise: answer, resolve: answerNow } = Promise.withResolvers<void>();
  let effects = 0;
  const turnKey = defineActivity({
    name: 'turnKey',
    kind: 'change',
    provider: 'pagerduty',
    summary: 'Does something that must not be done twice',
    permissions: [],
    input: z.object({}),
    output: z.object({ changed: z.boolean(), by: z.number() }),
    example: {},
    look: async (_, { attempt: { number } }) => ({
      plan: {
        summary: 'Turns the key',
        calls: ['turn key'],
        values: {},
        inverse: { none: 'it is turned' },
        output: { changed: true, by: number },
      },
    }),
    async act({ output }) {
      effects += 1;
      await answer;
      return output;
    },
  });
  const interceptors = aroundCalls({ activities: [turnKey], store });
  const tried = (attempt: number) =>
    new MockActivityEnvironment({ activityType: 'turnKey', activityId: '1', attempt }, { interceptors }).run(
      async (_: object) => ({ changed: true, by: 0 }),
      {},
    );

  const first = tried(1);
  // Given up by Temporal, and not by itself: as when its process was halted for longer than its heartbeat may be late.
  const second = tried(2);
  const intents = async () =>
    (await store.readRecord({ limit: 10 })).filter(({ action }) => action === 'activity.intended').length;
  await expect.poll(intents).toBe(1);
  answerNow();
  expect(await Promise.all([first, second])).toEqual([
    { changed: true, by: 1 },
    { changed: true, by: 1 },
  ]);
  expect(effects).toBe(1);
  expect(await intents()).toBe(1);
});
