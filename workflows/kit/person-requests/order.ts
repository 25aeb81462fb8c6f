import {
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { runCause } from '../run.ts';

/** A later run of the same person wants to know when this one is done with the incident. */
const tellWhenDone = defineSignal<[{ runId: string; subject: string }]>('tellWhenDone');
/** The run of this id is done with the incident, or is not about it. */
const isDone = defineSignal<[string]>('isDone');

/** One that was terminated says nothing, and one that has ended cannot be asked: so it is asked again, ever less often. */
const firstPatience = 2_000;
const longestPatience = 60_000;
/** For longer nobody is held up by what they have asked for before. */
const mostWaited = 3_600_000;

/** A run's place among those of its person. */
export interface Order {
  /** Waits until what the person has asked for before on this incident is done. */
  takeTurn(subject: string): Promise<void>;
  /** This run changes nothing any more. Afterwards all who have asked know. */
  giveTurn(): Promise<void>;
}

/**
 * What one person asks for on one incident is done in the order in which it was asked, though each request is a run of its own. To be called
 * before anything is awaited. `changes`: an incident; what changes none holds up nothing.
 */
export function keepOrder(changes: boolean): Order {
  /** The incident that this run changes: undefined as long as it may be any, null where it is none. */
  let own: string | null | undefined = changes ? undefined : null;
  /** The runs that want to be told, and what they are about. */
  const asking = new Map<string, string>();
  const telling: Promise<boolean>[] = [];
  const done = new Set<string>();

  function tellOthers(): void {
    if (own === undefined) return;
    for (const [runId, subject] of asking)
      if (subject !== own) {
        asking.delete(runId);
        telling.push(
          reaches(() => getExternalWorkflowHandle(runId).signal(isDone, workflowInfo().workflowId)),
        );
      }
  }

  setHandler(tellWhenDone, ({ runId, subject }) => {
    asking.set(runId, subject);
    tellOthers();
  });
  setHandler(isDone, (runId) => void done.add(runId));

  return {
    async takeTurn(subject) {
      own = subject;
      tellOthers();
      for (const earlier of runCause()?.after ?? []) await untilDone(earlier, subject, done);
    },
    async giveTurn() {
      own = null;
      tellOthers();
      await Promise.all(telling);
    },
  };
}

async function untilDone(earlier: string, subject: string, done: ReadonlySet<string>): Promise<void> {
  const asked = { runId: workflowInfo().workflowId, subject };
  let patience = firstPatience;
  for (let waited = 0; waited < mostWaited; waited += patience) {
    if (!(await reaches(() => getExternalWorkflowHandle(earlier).signal(tellWhenDone, asked)))) return;
    if (await condition(() => done.has(earlier), patience)) return;
    patience = Math.min(2 * patience, longestPatience);
  }
}

/** False: there is no such run any more, or this one is to end. */
const reaches = (signal: () => Promise<void>): Promise<boolean> =>
  signal().then(
    () => true,
    () => false,
  );
