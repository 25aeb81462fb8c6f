import { Context, cancellationSignal } from '@temporalio/activity';
import type { ActivityContext, AnyChange, AnyRead } from '../../activities/activity.ts';
import { forUse } from '../../activities/clients.ts';
import { simulationMark } from '../../activities/simulated.ts';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import type { Looked } from '../../domain/plan.ts';
import { keepBeside } from '../kept-text.ts';
import { approverOf, checkApproved } from './approved.ts';
import { approvalFor, type Call, type Next, type Surroundings } from './call.ts';
import { dryRunOf } from './dry-run.ts';
import { inRecord } from './entry.ts';
import { asFailure, attemptMilliseconds, telling } from './failure.ts';
import { isLooking } from './mode.ts';

/** The end of a read's chain. */
export const readIt =
  (options: Surroundings): Next<Call<AnyRead>> =>
  async (call) => ({ result: await call.declaration.run(call.input, contextOf(call, options)) });

/** The end of a change's chain where nothing is changed: it has no way to `act`. */
export const lookOnly =
  (options: Surroundings): Next<Call<AnyChange>> =>
  async (call) => {
    const context = contextOf(call, options);
    const looked = await look(call, context, options.scrub);
    if ('done' in looked) return { result: looked.done };
    const { plan } = looked;
    const dryRun = await dryRunOf(call, plan, context, options);
    return { result: plan.output, plan, ...(dryRun ? { dryRun } : {}) };
  };

/** The end of a change's chain. What must not be done twice is found out by the look, at each attempt anew. */
export const lookAndAct =
  (options: Surroundings): Next<Call<AnyChange>> =>
  async (call) => {
    const { declaration, input } = call;
    const toLook = contextOf(call, options);
    const looked = await look(call, toLook, options.scrub);
    if ('done' in looked) return { result: looked.done };
    const { plan } = looked;
    checkApproved(call, plan, options);
    // Taken before anything of the activity acts, so that it gets no other keys than for what was shown. The time is that of the whole attempt.
    const toAct = { ...contextOf(call, options, [...plan.calls]), attempt: toLook.attempt };
    const { uncertainSince } = toAct.attempt;
    try {
      return { result: await declaration.act(plan, input, toAct), plan };
    } catch (error) {
      if (uncertainSince === undefined) throw error;
      const { provider } = declaration;
      throw telling(asFailure(error, provider, options.scrub), provider, { uncertainSince });
    }
  };

/** Whatever goes wrong while it looks, nothing was changed. */
async function look(
  { declaration, input }: Call<AnyChange>,
  context: ActivityContext,
  scrub: (text: string) => string,
): Promise<Looked> {
  try {
    return await declaration.look(input, context);
  } catch (error) {
    const { provider } = declaration;
    const { uncertainSince } = context.attempt;
    const told = { effect: 'none', ...(uncertainSince === undefined ? {} : { uncertainSince }) } as const;
    throw telling(asFailure(error, provider, scrub), provider, told);
  }
}

/** `calls`: those of the plan that is carried out. */
function contextOf(call: Call, options: Surroundings, calls?: readonly string[]): ActivityContext {
  const { declaration, key, attempt, before, simulated, approval, runId, subject, actor, approvedAsInverse } =
    call;
  const approvedBy = approvalFor(call);
  const by = (approvedBy && approverOf(approvedBy)) ?? inRecord(actor);
  const isApproved = approval === 'ask' || approval === 'approved' || approvedAsInverse !== undefined;
  return {
    ...forUse(options.clients, { run: runId, by, ...(calls ? { calls } : {}) }),
    attempt: {
      key,
      number: attempt,
      signal: signalOf(call),
      keepText: (text) => keepBeside(subject, text, options),
      mark: simulationMark(declaration.provider, simulated),
      ...before,
      ...(isApproved ? { approved: true } : {}),
      ...(isLooking(call) ? { looksOnce: true } : {}),
    },
  };
}

function signalOf({ declaration: { kind, name } }: Call): AbortSignal {
  if (name.startsWith('await')) return cancellationSignal();
  const cancelled = kind === 'read' ? cancellationSignal() : replaced();
  return boundedSignal(cancelled, attemptMilliseconds);
}

/** Fires when Temporal has given up this attempt, so that another one may begin; not when its run is to end. */
function replaced(): AbortSignal {
  const gone = new AbortController();
  const context = Context.current();
  const cancelled = context.cancellationSignal;
  const look = () => {
    const { notFound, timedOut, reset } = context.cancellationDetails ?? {};
    if (notFound || timedOut || reset) gone.abort(cancelled.reason);
  };
  cancelled.addEventListener('abort', look, { once: true });
  return gone.signal;
}
