import { describe, expect, it } from 'vitest';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { scheduleMissed } from '../../../server/watchdog/schedules.ts';
import type { KeptSchedule } from '../../../store/events/schedules.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { fakeClock } from './watching.ts';

const report = async (_: string) => {};
const trigger = defineTrigger({
  name: 'report',
  on: 'schedule.report',
  when: 'always',
  run: report,
  input: ({ scheduledAt }) => scheduledAt,
  schedule: { cron: '0 6 * * 1-5', timeZone: 'Europe/Zurich' },
});

/** The schedule of the trigger, declared since `since`, with its last event of `lastAt`, at a time. */
function watched(
  at: string,
  { since = '2026-11-01T00:00:00.000Z', lastAt }: Partial<KeptSchedule>,
  triggers = [trigger],
) {
  const clock = fakeClock(at);
  const temporal = { up: true };
  const known: { lastAt?: string } = lastAt === undefined ? {} : { lastAt };
  const { find } = scheduleMissed({
    store: { keepSchedules: async (all) => all.map((each) => ({ ...each, since, ...known })) },
    triggers,
    temporal,
    limits,
    now: clock.now,
  });
  return { clock, temporal, known, find: () => find(new AbortController().signal) };
}

describe('a schedule that was due', () => {
  it('and has made no event 90 s later is missed, until the next one', async () => {
    const { clock, known, find } = watched('2026-11-26T05:01:29.000Z', { lastAt: '2026-11-25T05:00:00Z' });
    expect(await find()).toEqual([]);
    clock.pass(1);
    expect(await find()).toMatchObject([
      {
        key: 'baton/schedule/Missed/report',
        group: 'report',
        summary: expect.stringMatching(
          /^The schedule report \(0 6 \* \* 1-5, Europe\/Zurich\) was due at 2026-11-26T05:00:00.000Z and .* The last one is of 2026-11-25T05:00:00Z/,
        ),
      },
    ]);
    known.lastAt = '2026-11-27T05:00:00Z';
    expect(await find()).toEqual([]);
  });

  it('is missed after the time in which its trigger wants it started', async () => {
    const patient = defineTrigger({
      name: 'patient',
      on: 'schedule.report',
      when: 'always',
      run: report,
      input: ({ scheduledAt }) => scheduledAt,
      schedule: { cron: '0 6 * * 1-5', timeZone: 'Europe/Zurich', startWithin: '10 minutes' },
    });
    const last = { lastAt: '2026-11-25T05:00:00Z' };
    const { clock, find } = watched('2026-11-26T05:09:59.000Z', last, [patient]);
    expect(await find()).toEqual([]);
    clock.pass(1);
    expect(await find()).toMatchObject([{ key: 'baton/schedule/Missed/report' }]);
    // Of two triggers on one schedule the one in a hurry counts.
    expect(await watched('2026-11-26T05:01:30.000Z', last, [patient, trigger]).find()).toHaveLength(1);
  });

  it('and has made its event is kept', async () => {
    const { find } = watched('2026-11-26T09:00:00.000Z', { lastAt: '2026-11-26T05:00:00Z' });
    expect(await find()).toEqual([]);
  });

  it('before it was declared, or never, is not missed', async () => {
    const fresh = watched('2026-11-26T09:00:00.000Z', { since: '2026-11-26T08:00:00.000Z' });
    expect(await fresh.find()).toEqual([]);
    fresh.clock.pass(24 * 3_600);
    expect(await fresh.find()).toMatchObject([
      { summary: expect.stringContaining('It has made none so far') },
    ]);
  });

  it('cannot make its event while Temporal is away', async () => {
    const { temporal, find } = watched('2026-11-26T09:00:00.000Z', {});
    temporal.up = false;
    expect(await find()).toBeUndefined();
  });
});
