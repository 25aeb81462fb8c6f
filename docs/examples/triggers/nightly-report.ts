import { defineTrigger } from '../../../triggers/trigger.ts';
import { tellOfRun } from '../workflows/tell-of-run.ts';

export const nightlyReport = defineTrigger({
  name: 'nightly-report',
  on: 'schedule.nightly-report',
  when: 'always',
  run: tellOfRun,
  input: ({ scheduledAt }) => ({
    channelId: 'C0PLATFORM',
    runId: '',
    workflow: 'nightly-report',
    target: scheduledAt,
    outcome: 'due',
  }),
  target: () => 'report',
  // Not started ten minutes after its time: schedule.missed.
  schedule: { cron: '0 3 * * *', timeZone: 'Europe/Zurich', startWithin: '10 minutes' },
  // Not finished after an hour: run.overdue, people are paged, and it is stopped.
  finishWithin: '1 hour',
  whenOverdue: 'cancel',
});
