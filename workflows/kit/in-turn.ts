/**
 * A part of each run beside `run.ts`: what local activities bring is taken up one by one, each after all that followed from the one before.
 * While a run goes on Temporal's SDK hands each result over by itself; where it replays the history it hands over several at once, and with a
 * signal that came before them. What goes on in parallel would then come in another order than it did, and the run could never go on
 * (https://github.com/temporalio/sdk-python/issues/1881).
 */
import type { WorkflowInterceptorsFactory, WorkflowInternalsInterceptor } from '@temporalio/workflow';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';

type Activation = Parameters<NonNullable<WorkflowInternalsInterceptor['activate']>>[0]['activation'];
type Job = NonNullable<Activation['jobs']>[number];

const isLocalResult = ({ resolveActivity }: Job) => resolveActivity?.isLocal === true;

const internals: WorkflowInternalsInterceptor = {
  activate(input, next) {
    const { activation } = input;
    const jobs = activation.jobs ?? [];
    const results = jobs.filter(isLocalResult);
    const others = jobs.filter((job) => !isLocalResult(job));
    const apply = (some: Job[]) => next({ ...input, activation: { ...activation, jobs: some } });
    if (others.length > 0 || results.length === 0) apply(others);
    else apply(results.splice(0, 1));
    whenStill(results.map((result) => () => apply([result])));
  },
};

/**
 * Does the first of these once nothing in the run moves any more, and the rest likewise. The SDK looks at all conditions of a run, lets what they
 * held back go on, and looks again, until none holds. This is one more, which holds last: it is looked at before all others, and as long as
 * one of them holds, or what it held back has not gone on yet, it does not.
 */
function whenStill([first, ...rest]: (() => void)[]): void {
  if (!first) return;
  const { blockedConditions, nextSeqs } = getActivator();
  const seq = nextSeqs.condition++;
  let hasGoneOn = false;
  const awaitOthers = () => {
    hasGoneOn = false;
    void Promise.resolve().then(() => {
      hasGoneOn = true;
    });
  };
  awaitOthers();
  const others = [...blockedConditions];
  blockedConditions.clear();
  blockedConditions.set(seq, {
    fn() {
      const isMoving = [...blockedConditions].some(([other, { fn }]) => other !== seq && fn());
      if (isMoving) awaitOthers();
      return hasGoneOn && !isMoving;
    },
    resolve() {
      // Conditions are looked at while the result is taken up, too.
      blockedConditions.delete(seq);
      first();
      whenStill(rest);
    },
  });
  for (const [other, condition] of others) blockedConditions.set(other, condition);
}

export const interceptors: WorkflowInterceptorsFactory = () => ({ internals: [internals] });
