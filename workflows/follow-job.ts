import { condition, workflowInfo } from '@temporalio/workflow';
import type { HttpEvent } from '../domain/http-event.ts';
import type { LaterEvent } from '../domain/incident.ts';
import { type JobReport, type JobSeverities, type JobTrouble, jobReport } from '../domain/job.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import { eventsSoFar, healthy, isHistoryLong, renew } from './kit/run.ts';

export interface FollowJobInput {
  /** The name of the HTTP source by which the job reports. */
  source: string;
  report: JobReport;
  /** When it was reported. */
  at: string;
  /** In this time a job that has started is to end. Left out: it takes as long as it takes. */
  withinSeconds?: number;
  severity: JobSeverities;
  /** The PagerDuty connection by whose routing key people are paged. Left out: as routes say. */
  connection?: string;
  /** Given by the run itself alone, where it goes on with a new history. `dueAt`, `until`: in milliseconds. */
  soFar?: { isPaged: boolean; dueAt?: number; until: number };
}

const watchedForMs = 30 * 24 * 3600 * 1000;

/**
 * Follows a job that runs elsewhere and reports its states: pages where it fails or has not ended in its time, and takes the page back when it
 * completes. There is one page for each job, whatever befalls it. A page that no good end follows for 30 days is left to people.
 */
export async function followJob(input: FollowJobInput): Promise<string> {
  const { source, at, withinSeconds, severity, soFar } = input;
  const { origin, job } = input.report;
  const key = keyOf('baton', followJob.name, 'Job', `${source} ${origin} ${job}`);
  let isPaged = soFar?.isPaged ?? false;
  let dueAt = soFar?.dueAt;
  let until = soFar?.until ?? Date.now() + watchedForMs;
  let report: JobReport | undefined = soFar ? undefined : input.report;
  let reportedAt = at;

  async function pageFor(trouble: JobTrouble): Promise<void> {
    const how = severity[trouble];
    if (how === undefined) return;
    await raiseAlert(alertFor(input, { key, trouble, severity: how, report, at: reportedAt }));
    isPaged = true;
    until = Date.now() + watchedForMs;
  }

  for (let seen = 0; ; ) {
    if (report?.state === 'started') dueAt = dueAfter(reportedAt, withinSeconds);
    else if (report) {
      dueAt = undefined;
      if (report.state !== 'completed') await pageFor(report.state);
      else if (isPaged) {
        await resolveAlert(key, undefined, input.connection);
        isPaged = false;
      }
    }
    const next = () =>
      eventsSoFar()
        .slice(seen)
        .find((event) => reportIn(event) !== undefined);
    const isOver = !isPaged && dueAt === undefined;
    if (isOver && next() === undefined) return report?.state === 'completed' ? healthy('completed') : 'ended';
    const wakeAt = Math.min(dueAt ?? Number.POSITIVE_INFINITY, isPaged ? until : Number.POSITIVE_INFINITY);
    // Where it is over, there is nothing to wait for: the next report has come meanwhile.
    if (!isOver)
      await condition(() => isHistoryLong() || next() !== undefined, Math.max(wakeAt - Date.now(), 1));
    const event = next();
    report = event && reportIn(event);
    if (event) {
      seen = eventsSoFar().indexOf(event) + 1;
      reportedAt = event.time;
    } else if (dueAt !== undefined && Date.now() >= dueAt) {
      reportedAt = new Date(dueAt).toISOString();
      dueAt = undefined;
      await pageFor('overdue');
    } else if (isPaged && Date.now() >= until) return 'left to people';
    else return renew({ ...input, soFar: { isPaged, until, ...(dueAt === undefined ? {} : { dueAt }) } });
  }
}

const dueAfter = (startedAt: string, withinSeconds: number | undefined): number | undefined =>
  withinSeconds === undefined ? undefined : Date.parse(startedAt) + withinSeconds * 1_000;

const reportIn = ({ type, data }: LaterEvent): JobReport | undefined =>
  type.startsWith('http.') ? jobReport(data as HttpEvent) : undefined;

interface Paged {
  key: string;
  trouble: JobTrouble;
  severity: NonNullable<JobSeverities[JobTrouble]>;
  /** Left out: the job has reported nothing in its time. */
  report: JobReport | undefined;
  /** When it failed, or was to have ended. */
  at: string;
}

function alertFor(
  { source, report: first, connection }: FollowJobInput,
  { key, trouble, severity, report, at }: Paged,
) {
  const { origin, job } = first;
  const { message, url } = report ?? {};
  const what = trouble === 'overdue' ? `has not ended by ${at}, when it was to` : phrases[trouble];
  return {
    dedupKey: key,
    ...(connection === undefined ? {} : { connection }),
    summary: `The job ${job} ${what}${message === undefined ? '' : `: ${message}`}`,
    source,
    severity,
    overridable: true,
    timestamp: at,
    component: job,
    group: source,
    class: trouble,
    about: { run: workflowInfo().workflowId },
    ...(url === undefined ? {} : { links: [{ href: url, text: 'The job' }] }),
    details: {
      job,
      source,
      origin,
      state: trouble,
      ...(message === undefined ? {} : { message }),
      baton: true,
    },
  };
}

const phrases = { failed: 'has failed', 'timed out': 'took too long', cancelled: 'was cancelled' } as const;
