import { condition, log, patched } from '@temporalio/workflow';
import type { LaterEvent } from '../domain/incident.ts';
import { type PageRules, severityOf } from '../domain/page.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import { failureOf, orUnavailable } from './kit/parts.ts';
import { record } from './kit/record.ts';
import { eventsSoFar, isHistoryLong, renew } from './kit/run.ts';

export interface PageForRunInput {
  runId: string;
  workflow: string;
  /** `ProviderRefused`, `NotHealthy`, `TimedOut`, … */
  failureClass: string;
  /** What the failed run was about. */
  target: string;
  message: string;
  incidentId?: string;
  activity?: string;
  /** The connection whose incident the failed run was about; left out: `default`. */
  account?: string;
  /** When it failed. */
  at?: string;
  /** Where people see the incident. */
  incidentUrl?: string;
  /** The code that carried out the failed run. */
  worker?: { build: string; commit?: string };
  /** As the policy had it when the pager began. Left out: of before there were policies. */
  rules?: PageRules;
  /**
   * Given by the run itself alone, where it goes on with a new history: its pages, by which connection it pages on, and until when it watches
   * them. `keys`: of before each page had its connection; all were raised by `connection`.
   */
  soFar?: { pages?: Page[]; keys?: string[]; connection?: string; until: number };
}

/** A page, and the connection by which it was raised; left out: that of the run. PagerDuty knows a key only beside it. */
interface Page {
  key: string;
  connection?: string;
}

const watchedForMs = 30 * 24 * 3600 * 1000;

/**
 * Pages people for a failed run, and takes the page back when a later run of the same workflow on the same target says that
 * all is well. Failures that follow meanwhile join the page of their class, or open another; a run that only ended (handed to a
 * person, resolved elsewhere) changes nothing. It ends in any case: 30 days after the last failure the page is left to people, also
 * where the target is gone and nothing runs on it any more. What PagerDuty takes and does not do is sent again, and told.
 */
export async function pageForRun(failure: PageForRunInput): Promise<string> {
  const { rules, soFar, account } = failure;
  const pages = pagesBy(soFar ? soFar.connection : rules?.connection, knownOf(soFar));
  let until = soFar?.until ?? Date.now() + watchedForMs;
  if (!soFar) await pages.raise(failure);

  for (let seen = 0; ; ) {
    const next = () =>
      eventsSoFar()
        .slice(seen)
        .find((event) => isNews(event, rules));
    await condition(() => isHistoryLong() || next() !== undefined, Math.max(until - Date.now(), 1));
    const event = next();
    if (!event && Date.now() >= until) return 'left to people';
    // All that counts has been dealt with, so a new history needs none of the events.
    if (!event) return renew({ ...failure, soFar: { ...pages.soFar(), until } });
    seen = eventsSoFar().indexOf(event) + 1;
    if (isHealthy(event)) {
      await pages.resolve();
      // What has come meanwhile was told to this run, and to no other one.
      if (next() === undefined || !patched('hears-of-failures-to-the-end')) return 'resolved';
      continue;
    }
    await pages.raiseAnother({
      ...failureIn(event),
      ...(account ? { account } : {}),
      ...(rules ? { rules } : {}),
    });
    until = Date.now() + watchedForMs;
  }
}

/** The pages that an earlier history of the run has raised. */
export const knownOf = (
  { pages, keys = [], connection }: NonNullable<PageForRunInput['soFar']> = { until: 0 },
) => pages ?? keys.map((key) => pageOf(key, connection));
const pageOf = (key: string, connection: string | undefined): Page =>
  connection === undefined ? { key } : { key, connection };

/** The pages of one run, and the connection by which the next is raised; undefined: that of the run. */
function pagesBy(connection: string | undefined, known: readonly Page[]) {
  const pages = [...known];
  let by = connection;

  async function raise(failure: PageForRunInput): Promise<void> {
    const alert = alertFor(failure);
    const subject = subjectIn(failure);
    try {
      await raiseAlert(by === undefined ? alert : { ...alert, connection: by }, subject);
    } catch (error) {
      const problem = failureOf(error);
      if (by === undefined || !problem) throw error;
      // Better by another account than by none.
      await record(
        `The page could not be raised by the connection ${by}, which the policy names, so it is raised as if it named none: ${problem.message}`,
        [],
        subject,
      );
      by = undefined;
      await raiseAlert(alert, subject);
    }
    const page = pageOf(alert.dedupKey, by);
    if (!pages.some((each) => each.key === page.key && each.connection === by)) pages.push(page);
  }

  return {
    raise,
    /** One that cannot be raised does not end the run: it has others to take back. */
    async raiseAnother(failure: PageForRunInput): Promise<void> {
      const raised = await orUnavailable(() => raise(failure));
      if (raised === undefined) return;
      const text = `The run ${failure.runId} has failed, and the page for it could not be raised: ${raised.unavailable}`;
      log.warn(text);
      await record(text, [], subjectIn(failure));
    },
    /** Rejects where one could not be taken back, once all others are. */
    async resolve(): Promise<void> {
      const failures: unknown[] = [];
      for (const page of pages)
        await resolveAlert(page.key, undefined, page.connection).catch((error: unknown) => {
          if (!failureOf(error)) throw error;
          failures.push(error);
        });
      if (failures.length > 0) throw failures[0];
      pages.length = 0;
    },
    soFar: () => ({ pages: [...pages], ...(by === undefined ? {} : { connection: by }) }),
  };
}

/**
 * The key names workflow, class and target and never the run: a storm of failures with one cause is one page. Targets of two accounts
 * are two, also where both page by one.
 */
export const alertKey = ({ workflow, failureClass, target, account }: PageForRunInput) =>
  keyOf('baton', workflow, failureClass, account === undefined ? target : `${account}/${target}`);

const subjectIn = ({ incidentId, account = defaultConnection }: PageForRunInput) =>
  incidentId ? subjectOf(account, incidentId) : undefined;

function alertFor(failure: PageForRunInput) {
  const { runId, workflow, failureClass, target, message, activity, at, incidentUrl, worker, rules } =
    failure;
  const incident = subjectIn(failure);
  return {
    dedupKey: alertKey(failure),
    summary: `${workflow} failed${target ? ` for ${target}` : ''}: ${message}`,
    source: 'baton',
    severity: severityOf(failureClass, rules?.severity),
    overridable: true,
    ...(at ? { timestamp: at } : {}),
    component: workflow,
    class: failureClass,
    ...(target ? { group: target } : {}),
    about: { run: runId, ...(incidentUrl ? { incidentUrl } : {}), ...(worker ? { worker } : {}) },
    details: {
      run: runId,
      ...(incident ? { incident } : {}),
      ...(activity ? { activity } : {}),
      ...(worker ? { worker } : {}),
      message,
      baton: true,
    },
  };
}

const isHealthy = ({ type, data }: LaterEvent) =>
  type === 'run.completed' && (data as Partial<EndedRun>).healthy === true;
const isNews = (event: LaterEvent, rules: PageRules | undefined) =>
  isHealthy(event) ||
  (['run.failed', 'run.timed_out'].includes(event.type) && !isLeftToStarter(event, rules));
/** Whoever has started it sees how it ends. */
const isLeftToStarter = ({ data }: LaterEvent, rules: PageRules | undefined) =>
  rules?.whenStartedByPeople === false && (data as FailedRun).startedBy === 'person';

/** What the engine's own events of completed runs carry. */
interface EndedRun {
  healthy: boolean;
}

/** What the engine's own events of failed runs carry. */
interface FailedRun {
  runId: string;
  workflow: string;
  target: string;
  incidentId?: string;
  incidentUrl?: string;
  startedBy?: string;
  worker?: { build: string; commit?: string };
  endedAt?: string;
  failure: { class: string; message: string; activity?: string };
}

function failureIn({ data }: LaterEvent): PageForRunInput {
  const { runId, workflow, target, incidentId, incidentUrl, worker, endedAt, failure } = data as FailedRun;
  return {
    runId,
    workflow,
    failureClass: failure.class,
    target,
    message: failure.message,
    ...(incidentId ? { incidentId } : {}),
    ...(incidentUrl ? { incidentUrl } : {}),
    ...(worker ? { worker } : {}),
    ...(endedAt ? { at: endedAt } : {}),
    ...(failure.activity ? { activity: failure.activity } : {}),
  };
}
