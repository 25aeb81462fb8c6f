import { afterAll, beforeAll, expect, it } from 'vitest';
import { activities } from '../../../activities/index.ts';
import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  startPagerDuty,
} from '../../../simulator/pagerduty.ts';
import { triggers } from '../../../triggers/index.ts';
import { runBaton } from '../../cli/command.ts';

let pagerDuty: PagerDutySimulator;
beforeAll(async () => {
  pagerDuty = await startPagerDuty({
    past: { incidents: 5_000, days: 86 },
    answerMilliseconds: 300,
    limitedAt: { timeScale: 1 },
  });
});
afterAll(() => pagerDuty.close());

it('baton look reads 90 days with 5 000 incidents within 90 s and the limit of a token', async () => {
  const began = performance.now();
  const { exit, stdout } = await runBaton(['look', '--json'], {
    env: pagerDutyEnvironment(pagerDuty.url),
    loadTriggers: async () => triggers,
    loadActivities: async () => activities,
  });
  const seconds = (performance.now() - began) / 1_000;
  expect(exit).toBe(0);
  const told = JSON.parse(stdout);
  console.info(`${told.incidents} incidents by ${told.requests} requests, in ${seconds.toFixed(1)} s in all`);
  expect(told).toMatchObject({ incidents: 5_000, unreadable: 0, cut: [] });
  expect(seconds).toBeLessThan(90);
  // Each was answered: one that was refused would have been asked again.
  expect(pagerDuty.calls).toHaveLength(told.requests);
  expect(new Set(pagerDuty.calls.map(({ method }) => method))).toEqual(new Set(['GET']));
  expect(busiestMinute()).toBeLessThan(0.8 * 960);
}, 150_000);

/** How many requests came within a minute, at most. */
function busiestMinute(): number {
  const times = pagerDuty.calls.map(({ at }) => Date.parse(at));
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length));
}
