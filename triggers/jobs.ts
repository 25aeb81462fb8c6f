import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { Event } from '../domain/event.ts';
import type { HttpEvent } from '../domain/http-event.ts';
import {
  type JobReport,
  type JobSeverities,
  type JobState,
  jobReport,
  jobStates,
  usualJobSeverities,
} from '../domain/job.ts';
import { connectionNamePattern } from '../domain/subject.ts';
import { followJob } from '../workflows/follow-job.ts';
import { meant } from './policy.ts';
import { defineTrigger, type Trigger } from './trigger.ts';

interface Selection {
  /** The HTTP source by which the jobs report (`docs/http-events.md`). */
  source: string;
  /** At least one. */
  states: readonly JobState[];
  /** Their names, the subjects of their CloudEvents. Left out: all. */
  named?: readonly string[];
}

type HttpType = `http.${string}`;
type Conditions = Record<string, (data: HttpEvent, event: Event<HttpType>) => boolean>;

/**
 * Selects jobs outside of Temporal that report one of some states by CloudEvents, for `defineTrigger`, as `runs` does for runs:
 * `...jobs({ source: 'batch', states: ['failed'] })`.
 */
export function jobs({ source, states, named }: Selection): { on: HttpType; when: Conditions } {
  const fails = (why: string): never => {
    throw new Error(`A selection of jobs ${why}`);
  };
  if (!connectionNamePattern.test(source))
    fails(
      `names no source, "${source}": a name has up to 40 small letters, digits and hyphens. See docs/http-events.md.`,
    );
  if (states.length === 0)
    fails(`names no state: it would select nothing. There are ${jobStates.join(', ')}.`);
  for (const state of states)
    if (!jobStates.includes(state))
      fails(`names a state that no job reports, ${state}. ${meant(state, jobStates)}`);
  if (named?.length === 0) fails('names no job. Leave named out, or name one.');
  return {
    on: `http.${source}`,
    when: {
      'tells the state of a job': (reported) => jobReport(reported) !== undefined,
      'is a selected state': (reported) => states.includes(reportOf(reported).state),
      ...(named ? { 'is a selected job': (reported) => named.includes(reportOf(reported).job) } : {}),
    },
  };
}

/** The conditions before it have found one. */
const reportOf = (reported: HttpEvent): JobReport =>
  jobReport(reported) ?? { origin: '', job: '', state: 'started' };

interface Following extends Omit<Selection, 'states'> {
  /** Of the trigger: small letters, digits and hyphens. */
  name: string;
  /** The time in which a job that has started is to end: `'2 hours'`. Left out: it takes as long as it takes. */
  finishWithin?: Duration;
  /** By what befalls it. What is not named pages nobody. Left out: `failed` and `overdue` are an error, `timed out` is critical. */
  severity?: JobSeverities;
  /** The PagerDuty connection by whose routing key people are paged. Its own severity comes first. */
  connection?: string;
}

/** A trigger that pages for jobs outside of Temporal: where one fails or does not end in its time. The next good end takes the page back. */
export function followJobs({
  name,
  source,
  named,
  finishWithin,
  severity = usualJobSeverities,
  connection,
}: Following): Trigger {
  const seconds = finishWithin === undefined ? undefined : msToNumber(finishWithin) / 1_000;
  if (seconds !== undefined && !(seconds >= 1))
    throw new Error(
      `The trigger ${name} has no fitting finishWithin, ${finishWithin}. Write it as '2 hours' or '90 seconds'.`,
    );
  const { started: begins, ...troubles } = { started: seconds !== undefined, ...severity };
  const states = jobStates.filter((state) => (state === 'started' ? begins : state in troubles));
  return defineTrigger({
    name,
    ...jobs({ source, states, ...(named ? { named } : {}) }),
    run: followJob,
    input: (reported, { time }) => ({
      source,
      report: reportOf(reported),
      at: time,
      ...(seconds === undefined ? {} : { withinSeconds: seconds }),
      severity,
      ...(connection === undefined ? {} : { connection }),
    }),
    target: (reported) => `${source}/${reportOf(reported).job}`,
    forPeople: true,
  });
}
