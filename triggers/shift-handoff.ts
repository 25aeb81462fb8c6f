import { shiftHandoff } from '../workflows/shift-handoff.ts';
import { defineTrigger } from './trigger.ts';

const everyMinutes = 15;

/** A minute after the quarter of an hour, as shifts begin at one: which side of it somebody is on is certain then. */
export const shiftHandoffTrigger = defineTrigger({
  name: 'shift-handoff',
  on: 'schedule.shift-handoff',
  when: 'always',
  run: shiftHandoff,
  input: ({ scheduledAt }) => ({ scheduledAt, everyMinutes }),
  target: () => 'shifts',
  forPeople: true,
  // A look that Slack holds up must not swallow the next one.
  schedule: { cron: `1-59/${everyMinutes} * * * *`, overlap: 'allow' },
});
