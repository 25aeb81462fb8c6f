import type { HttpEvent } from './http-event.ts';
import type { Severity } from './page.ts';

/** The states that a job outside of Temporal reports. */
export const jobStates = ['started', 'completed', 'failed', 'timed out', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** What a job has reported. */
export interface JobReport {
  /** The `source` of its CloudEvents. Two of them may have jobs of one name. */
  origin: string;
  /** Its name: the `subject` of its CloudEvents. */
  job: string;
  state: JobState;
  /** What it says of it. */
  message?: string;
  /** Where people see it. */
  url?: string;
}

/** What pages for a job: a state that it reports, or that it has not ended in its time. */
export type JobTrouble = Exclude<JobState, 'started' | 'completed'> | 'overdue';

/** How bad each is. What is not here pages nobody. */
export type JobSeverities = { readonly [Trouble in JobTrouble]?: Severity };

export const usualJobSeverities: JobSeverities = {
  failed: 'error',
  'timed out': 'critical',
  overdue: 'error',
};

const statesByWord: ReadonlyMap<string, JobState> = new Map([
  ['started', 'started'],
  ['running', 'started'],
  ['completed', 'completed'],
  ['succeeded', 'completed'],
  ['failed', 'failed'],
  ['crashed', 'failed'],
  ['timedout', 'timed out'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
]);

const longestMessage = 1_000;

/**
 * What a CloudEvent tells of a job: the state in the last word of its type (`com.example.nightly.failed`, `prefect.flow-run.TimedOut`), the job in
 * its subject. Undefined: it tells of none. Without a subject nothing would tie what it reports later to this.
 */
export function jobReport({ type = '', source = '', subject, body }: HttpEvent): JobReport | undefined {
  const word = type.split(/[.:/]/).at(-1) ?? '';
  const state = statesByWord.get(word.toLowerCase().replaceAll(/[-_]/g, ''));
  if (state === undefined || subject === undefined) return undefined;
  const { message, url } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return {
    origin: source,
    job: subject,
    state,
    ...(typeof message === 'string' && message !== '' ? { message: message.slice(0, longestMessage) } : {}),
    ...(typeof url === 'string' && /^https:\/\/\S+$/.test(url) ? { url } : {}),
  };
}
