import { isWatching } from '../domain/mode.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { defineTrigger } from './trigger.ts';

/** A pager that fails pages nobody: its own failure would start the next one, without end. Nor does a run that was to change nothing. */
export const runFailed = defineTrigger({
  name: 'run-failed',
  on: ['run.failed', 'run.timed_out'],
  when: {
    'is not the pager itself': ({ workflow }) => workflow !== pageForRun.name,
    'was to change something': ({ mode }) => !isWatching(mode),
    'is not of a drill, which pages by itself': ({ drill }) => !drill,
  },
  run: pageForRun,
  input: (
    { runId, workflow, target, incidentId, incidentUrl, worker, endedAt, failure },
    { connection },
  ) => ({
    runId,
    workflow,
    failureClass: failure.class,
    target,
    message: failure.message,
    ...(incidentId === undefined ? {} : { incidentId }),
    ...(incidentUrl === undefined ? {} : { incidentUrl }),
    ...(worker === undefined ? {} : { worker }),
    ...(endedAt === undefined ? {} : { at: endedAt }),
    ...(failure.activity === undefined ? {} : { activity: failure.activity }),
    ...(connection === undefined ? {} : { account: connection }),
  }),
  target: ({ workflow, target }) => `${workflow}/${target}`,
  forPeople: true,
});
