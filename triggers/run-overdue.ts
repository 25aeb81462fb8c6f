import { isWatching } from '../domain/mode.ts';
import { defaultConnection } from '../domain/subject.ts';
import { tellOverdueRun } from '../workflows/tell-overdue-run.ts';
import { defineTrigger } from './trigger.ts';

/** The server has recorded it and, where the run's trigger says so, paged by itself. This tells those who work on the incident. */
export const runOverdue = defineTrigger({
  name: 'run-overdue',
  on: 'run.overdue',
  when: {
    'is for an incident': ({ incidentId }) => incidentId !== undefined,
    'was to change something': ({ mode }) => !isWatching(mode),
  },
  forPeople: true,
  run: tellOverdueRun,
  input: ({ runId, workflow, incidentId = '', dueAt, whenOverdue }, { connection = defaultConnection }) => ({
    runId,
    workflow,
    incidentId,
    connection,
    dueAt,
    whenOverdue,
  }),
  // Each run is told of, also beside others of its workflow.
  each: 'event',
  target: ({ workflow, target }) => `${workflow}/${target}`,
});
