import { type Client, ScheduleOverlapPolicy } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import type { RunRow } from '../../domain/run.ts';
import { createLog } from '../../log/log.ts';
import { decide } from '../../server/dispatch/decide.ts';
import { syncSchedules } from '../../server/rounds/schedules.ts';
import { shiftHandoffTrigger } from '../../triggers/shift-handoff.ts';
import { defineTrigger, type Schedule, type Trigger } from '../../triggers/trigger.ts';
import { startTestTemporal } from '../temporal.ts';

async function lookAround(_: string): Promise<void> {}
/** In zones without another time in summer, so that it is due at one time all the year. */
const nightly = (schedule: Schedule) =>
  defineTrigger({
    name: 'nightly',
    on: 'schedule.nightly',
    when: 'always',
    run: lookAround,
    input: ({ scheduledAt }) => scheduledAt,
    schedule,
  });

let temporal: TestWorkflowEnvironment;
let client: Client;
beforeAll(async () => {
  temporal = await startTestTemporal();
  client = temporal.client;
});
afterAll(() => temporal.teardown());

const log = createLog((text) => text, { level: 'silent' });
/** A server starts with these triggers. */
const start = (...triggers: Trigger[]) => syncSchedules({ client, triggers, taskQueue: 'baton', log });
/** When it is due next, as Temporal has worked it out by cron and time zone. */
async function stored(name: string) {
  const { spec, policies, info } = await client.schedule.getHandle(`baton/${name}`).describe();
  const next = info.nextActionTimes.map((time) => time.toISOString().slice(11, 16));
  return { timeZone: spec.timezone, next: [...new Set(next)], overlap: policies.overlap };
}
const names = async () => {
  const found: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) found.push(scheduleId);
  return found;
};

describe('a schedule in Temporal', () => {
  // Each time makes an event, which the record then tells of; runs that overlap are for the dispatcher to mind.
  const overlap = ScheduleOverlapPolicy.ALLOW_ALL;

  it('has the cron and the time zone that its trigger declares', async () => {
    await start(nightly({ cron: '30 3 * * *', timeZone: 'Asia/Kolkata' }));
    expect(await stored('nightly')).toEqual({ timeZone: 'Asia/Kolkata', next: ['22:00'], overlap });
  });

  it('is in UTC where the trigger names no time zone', async () => {
    await start(nightly({ cron: '30 3 * * *' }));
    expect(await stored('nightly')).toEqual({ timeZone: 'UTC', next: ['03:30'], overlap });
  });

  it('takes over another cron or time zone at the next start, with any number of servers at once', async () => {
    await start(nightly({ cron: '30 3 * * *', timeZone: 'Asia/Kolkata' }));
    const changed = nightly({ cron: '15 4 * * *', timeZone: 'Asia/Tokyo' });
    await Promise.all([start(changed), start(changed)]);
    expect(await stored('nightly')).toEqual({ timeZone: 'Asia/Tokyo', next: ['19:15'], overlap });
  });

  it('goes when no trigger declares it any more', async () => {
    await start(nightly({ cron: '30 3 * * *' }), shiftHandoffTrigger);
    // Temporal's list comes a moment later than what it lists.
    const left = async () => {
      await start(shiftHandoffTrigger);
      return names();
    };
    await expect.poll(left).toEqual(['baton/shift-handoff']);
    expect(await stored('shift-handoff')).toMatchObject({ timeZone: 'UTC', overlap });
  });
});

describe('what a schedule makes while the run of the last time is still live', () => {
  const time = '2026-11-25T03:30:00Z';
  const event: Event = {
    id: `nightly/${time}`,
    source: '/baton',
    type: 'schedule.nightly',
    subject: 'schedule.nightly',
    time,
    data: { scheduledAt: time },
  };
  const last: RunRow = {
    id: 'nightly/nightly/2026-11-24T03:30:00Z',
    trigger: 'nightly',
    workflow: 'lookAround',
    target: '',
    subject: 'schedule.nightly',
    eventSeq: 1,
    state: 'running',
    createdAt: '2026-11-24T03:30:00Z',
  };
  const planOf = (schedule: Omit<Schedule, 'cron'>, state: RunRow['state'] = 'running') =>
    decide(
      { seq: 2, event },
      { runs: [{ ...last, state }] },
      [nightly({ cron: '30 3 * * *', ...schedule })],
      undefined,
    );

  it.each([{}, { overlap: 'skip' } as const])('starts none: %j', (schedule) => {
    const { starts, answers } = planOf(schedule);
    expect(starts).toEqual([]);
    expect(answers).toEqual([{ trigger: 'nightly', answer: 'joined', reason: last.id }]);
  });

  it('starts one more where the trigger allows that', () => {
    expect(planOf({ overlap: 'allow' }).starts).toMatchObject([{ id: `nightly/nightly/${time}` }]);
  });

  it('starts the next one once the last has ended', () => {
    expect(planOf({ overlap: 'skip' }, 'completed').starts).toMatchObject([
      { id: `nightly/nightly/${time}` },
    ]);
  });
});
