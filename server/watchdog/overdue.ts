import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { isDrill } from '../../domain/drill.ts';
import { isWatching } from '../../domain/mode.ts';
import { type PagePolicy, pageRulesFor } from '../../domain/page.ts';
import { startedByIn } from '../../domain/run-beginning.ts';
import { runOverdue, toldOf } from '../../domain/run-end.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { OverdueRun } from '../../store/runs/overdue.ts';
import type { Store } from '../../store/store.ts';
import type { Finish, Trigger } from '../../triggers/trigger.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { causeOf } from '../dispatch/cause.ts';
import { callMilliseconds } from '../temporal/runs.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import type { Condition } from './condition.ts';

interface Options {
  store: Pick<Store, 'overdueRuns' | 'tell'>;
  client: Client;
  triggers: readonly Trigger[];
  /** How people are paged. */
  pages: readonly PagePolicy[];
  log: Logger;
}

type Overdue = OverdueRun & { finish: Finish };

/** The oldest of them: what has ended makes room for the next. */
const mostRuns = 1_000;

/**
 * Runs that have not ended in the time that their trigger gives them. Each makes one event, and where the trigger says so it is told to
 * stop. Those that page do so by workflow and target, and the end of the last one takes the page back.
 */
export function runsOverdue({ store, client, triggers, pages, log }: Options): Condition {
  const finishes = new Map(triggers.flatMap(({ name, finish }) => (finish ? [[name, finish] as const] : [])));
  const limits = [...finishes].map(([trigger, { withinSeconds }]) => ({ trigger, seconds: withinSeconds }));

  async function tell({ run, cause, finish }: Overdue): Promise<void> {
    // First: a run whose event is in the inbox is not told to stop again.
    if (finish.whenOverdue === 'cancel') await cancel(run.id, client);
    const { entry, event } = runOverdue(run, {
      at: new Date().toISOString(),
      via: 'watchdog',
      ...toldOf(causeOf.safeParse(cause).data),
      dueAt: dueAt(run, finish),
      whenOverdue: finish.whenOverdue,
    });
    if (await store.tell(event, [entry]))
      log.warn(
        { run: run.id, incident: run.subject },
        `A run has not ended in its time: ${finish.whenOverdue}`,
      );
  }

  return {
    name: 'run.overdue',
    // They had their time.
    heldFor: 0,
    async find() {
      if (limits.length === 0) return [];
      const overdue = (await store.overdueRuns(limits, mostRuns)).flatMap((each): Overdue[] => {
        const finish = finishes.get(each.run.trigger);
        return finish ? [{ ...each, finish }] : [];
      });
      let isAway = false;
      for (const each of overdue.filter(({ isTold }) => !isTold)) {
        // What is to be stopped is told to stop once Temporal is back; all others are told of, and people are paged, all the same.
        if (isAway && each.finish.whenOverdue === 'cancel') continue;
        await tell(each).catch((error: unknown) => {
          isAway ||= isTemporalAway(error);
          log.warn(
            { run: each.run.id, err: error },
            'A run that is overdue could not be told of; it is tried again',
          );
        });
      }
      const paging = overdue.filter(
        ({ run, finish, cause }) =>
          finish.whenOverdue !== 'warn' &&
          !isWatching(causeOf.safeParse(cause).data?.mode) &&
          !isOfDrill(cause) &&
          !isLeftToStarter(run, cause, pages),
      );
      return [...Map.groupBy(paging, keyFor)].map(([key, runs]) => troubleOf(key, runs));
    },
  };
}

/** Whoever made the drill is paged for it. */
const isOfDrill = (cause: unknown) => isDrill(causeOf.safeParse(cause).data?.incident);

/** Whoever has started it sees that it goes on. */
function isLeftToStarter(
  { workflow }: OverdueRun['run'],
  cause: unknown,
  pages: readonly PagePolicy[],
): boolean {
  const known = causeOf.safeParse(cause).data;
  const isByPerson = known !== undefined && startedByIn(known) === 'person';
  return isByPerson && pageRulesFor(workflow, pages).whenStartedByPeople === false;
}

const dueAt = ({ createdAt }: { createdAt: string }, { withinSeconds }: Finish) =>
  new Date(Date.parse(createdAt) + withinSeconds * 1_000).toISOString();

/** One alert per workflow and target, as for runs that fail. */
function keyFor({ run: { workflow, target }, cause }: Overdue): string {
  const { connection } = causeOf.safeParse(cause).data ?? {};
  return keyOf(
    'baton',
    workflow,
    'RunOverdue',
    connection === undefined ? target : `${connection}/${target}`,
  );
}

function troubleOf(key: string, runs: Overdue[]): Trouble {
  const [{ run, cause, finish }] = runs as [Overdue, ...Overdue[]];
  const { id, workflow, target, subject, worker } = run;
  const incidentUrl = causeOf.safeParse(cause).data?.incident?.url;
  const what = runs.length === 1 ? `The run ${id} has` : `${runs.length} runs of ${workflow} have`;
  const next = finish.whenOverdue === 'cancel' ? 'It is told to stop' : 'See how far it got';
  return {
    key,
    summary: `${what} not ended by ${dueAt(run, finish)}, in the time that the trigger ${run.trigger} gives. ${next}: baton runs show ${id}`,
    severity: 'error',
    component: workflow,
    class: 'RunOverdue',
    ...(target ? { group: target } : {}),
    about: { run: id, ...(incidentUrl ? { incidentUrl } : {}), ...(worker ? { worker } : {}) },
    details: { run: id, runs: runs.length, ...(subject ? { subject } : {}) },
  };
}

async function cancel(id: string, client: Client): Promise<void> {
  try {
    await client.withDeadline(Date.now() + callMilliseconds, () => client.workflow.getHandle(id).cancel());
  } catch (error) {
    // It has ended, or is lost: the reconciler's to find.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
