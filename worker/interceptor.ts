import {
  ApplicationFailure,
  activityInfo,
  CancelledFailure,
  Context,
  cancellationDetails,
  cancellationSignal,
} from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';
import {
  type Actor,
  type AnyActivity,
  type AnyRead,
  type Attempt,
  carryOut,
} from '../activities/activity.ts';
import type { Clients } from '../activities/clients.ts';
import { conflict, coolDown, type FailureDetail, invalidInput, unreachable } from '../activities/failures.ts';
import { simulationMark } from '../activities/simulated.ts';
import type { AttemptDetail, Details, EntryOf, Failure } from '../domain/record.ts';
import type { Authority } from '../secrets/authority.ts';
import { scrubValue } from '../secrets/scrub.ts';
import type { EffectIntent, EffectOutcome, Intent } from '../store/effects.ts';
import type { Store } from '../store/store.ts';
import { actorOf, actorOfChange, causeReader, notAuthorized, type Shown } from './authority.ts';
import { digestOf, keyOf } from './identity.ts';
import { withinSize } from './result-size.ts';
import { scrubbedFailure } from './scrubbed-failure.ts';
import { asLastTry, forgetTries, ofAnotherShape } from './unreadable.ts';

export interface InterceptorOptions {
  activities: readonly AnyActivity[];
  clients: Clients;
  store: Store;
  /** Tells whether a run was started by a server of ours. */
  authority: Authority;
  /** The providers that are simulated: said in the record. */
  simulated: readonly string[];
  /** Removes secrets from a text. */
  scrub: (text: string) => string;
  count?: (activity: Pick<AnyActivity, 'name' | 'provider'>, failure?: unknown) => void;
}

/** Ends a short activity's attempt, so that a provider that never answers costs one attempt and not the run. */
const attemptMilliseconds = 10_000;
const heartbeatMilliseconds = 400;
/** How long an attempt waits for another change on the same target. */
const busyMilliseconds = 300;
/** How long a destructive change leaves its target alone, where its declaration says nothing else. */
const coolDownMinutes = 15;

/** What one call is, as far as the interceptor needs to know. */
interface Call {
  declaration: AnyActivity;
  input: Record<string, unknown>;
  key: string;
  /** Of the input, as the run gave it. */
  digest: string;
  runId: string;
  attempt: number;
  /** Why, and whether that is certain. */
  shown: Shown;
  actor: Actor;
  subject: string;
}

/**
 * Stands around every activity: checks its input against the declaration, records the intent of a change before it is made
 * and its outcome after, hands over what an earlier attempt has already done, and keeps secrets out of failures. The
 * engine's own activities, which are not declared, pass through.
 */
export function activityInterceptors(options: InterceptorOptions): ActivityInterceptorsFactory {
  const byName = new Map(options.activities.map((declaration) => [declaration.name, declaration]));
  const causeOf = causeReader(options.authority);
  return () => ({ inbound: interceptor(byName, causeOf, options) });
}

function interceptor(
  byName: Map<string, AnyActivity>,
  causeOf: ReturnType<typeof causeReader>,
  options: InterceptorOptions,
): ActivityInboundCallsInterceptor {
  return {
    async execute({ args, headers }, next) {
      const declaration = byName.get(activityInfo().activityType);
      const shown = causeOf(headers.baton);
      // The engine's own take their cause from here, and not from what they are given.
      if (!declaration) return next({ args: [args[0], 'cause' in shown ? shown.cause : undefined], headers });
      const call = readCall(declaration, args[0], shown, keyOf(headers.batonCall), options.scrub);
      const stopHeartbeat = startHeartbeat();
      try {
        const result = await perform(call, options);
        options.count?.(declaration);
        return result;
      } catch (error) {
        options.count?.(declaration, error);
        throw error;
      } finally {
        stopHeartbeat();
      }
    },
  };
}

function readCall(
  declaration: AnyActivity,
  argument: unknown,
  shown: Shown,
  key: string,
  scrub: (text: string) => string,
): Call {
  const info = activityInfo();
  const parsed = declaration.input.safeParse(argument);
  if (!parsed.success) throw invalidInput(declaration.provider, scrub(z.prettifyError(parsed.error)));
  const runId = info.workflowExecution?.workflowId ?? 'none';
  // Whoever calls may name anybody: the actor comes from the cause.
  const { actor: _, ...input } = parsed.data;
  return {
    declaration,
    input,
    key,
    digest: digestOf(argument),
    runId,
    attempt: info.attempt,
    shown,
    actor: actorOf(shown),
    subject: ('cause' in shown ? shown.cause.subject : undefined) ?? runId,
  };
}

/** Heartbeats let the server notice a dead worker early, and bring a cancellation to the attempt. */
function startHeartbeat(): () => void {
  const context = Context.current();
  if (context.info.isLocal) return () => {};
  const timer = setInterval(() => context.heartbeat(), heartbeatMilliseconds);
  return () => clearInterval(timer);
}

function perform(call: Call, options: InterceptorOptions): Promise<unknown> {
  return call.declaration.kind === 'read' ? read(call, options) : oneAtATime(call, options);
}

async function read(call: Call, options: InterceptorOptions): Promise<unknown> {
  const { declaration } = call;
  let result: unknown;
  try {
    result = await attempt(call, options);
  } catch (error) {
    const failure = asLastTry(asFailure(error, declaration.provider, options.scrub), call.key);
    await options.store.append([entryOf(call, options, 'activity.failed', describe(failure))]);
    throw failure;
  }
  try {
    await options.store.append([entryOf(call, options, 'activity.completed', { result })]);
    return result;
  } catch (error) {
    // It may be told as completed, so it is not told as failed besides.
    throw asLastTry(asFailure(error, declaration.provider, options.scrub), call.key);
  }
}

/** Changes under way in this process, by their keys. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * An attempt whose heartbeat came too late (the process was busy, or halted) is given up by Temporal, and the next one is begun
 * while it is still at work. The next one waits here for its end: two at once would both look, find nothing, and act.
 */
async function oneAtATime(call: Call, options: InterceptorOptions): Promise<unknown> {
  const { key } = call;
  for (let before = underWay.get(key); before; before = underWay.get(key)) await before.catch(() => {});
  const own = authorized(call, options).finally(() => underWay.delete(key));
  underWay.set(key, own);
  return own;
}

/** A change, once it is known that it may be made and on whose behalf. */
async function authorized(call: Call, options: InterceptorOptions): Promise<unknown> {
  const { declaration, shown } = call;
  if (cancellationSignal().aborted) throw new CancelledFailure('The run is to end, so this is not begun');
  if ('refusal' in shown) throw await refused(call, notAuthorized(declaration, shown.refusal), options);
  const identified = actorOfChange(shown, declaration, options.clients, attemptMilliseconds);
  const actor = await identified.catch((error: unknown) => {
    throw asFailure(error, declaration.provider, options.scrub);
  });
  // Titles and logs of others hold secrets at times, which must not go on to a provider.
  const clean = scrubValue(call.input, options.scrub) as Record<string, unknown>;
  const input = actor.kind === 'person' ? { ...clean, actor } : clean;
  return change({ ...call, actor, input }, options);
}

async function refused(call: Call, failure: Error, options: InterceptorOptions): Promise<Error> {
  await options.store.append([entryOf(call, options, 'activity.refused', describe(failure))]);
  return failure;
}

async function change(call: Call, options: InterceptorOptions): Promise<unknown> {
  const { declaration, key } = call;
  const intent = await options.store.intend(intentOf(call, options));
  if (intent.answer !== 'go') return answerWithout(intent, call, options);
  const { answer: _, attempt: number, ...before } = intent;
  let result: unknown;
  try {
    result = await attempt({ ...call, attempt: number }, options, before);
  } catch (error) {
    const failure = asLastTry(asFailure(error, declaration.provider, options.scrub), call.key, number);
    const entry = entryOf(call, options, 'activity.failed', describe(failure));
    await options.store.conclude({ key, attempt: number, state: effectOf(failure), changed: false, entry });
    // Temporal would not try it again, and call it a failure of the run that was asked to end.
    throw cancellationDetails()?.cancelRequested ? new CancelledFailure(failure.message) : failure;
  }
  const { changed } = result as { changed?: boolean };
  const entry = entryOf(call, options, 'activity.completed', { result });
  const outcome: EffectOutcome = {
    key,
    attempt: number,
    state: 'done',
    result,
    changed: changed !== false,
    entry,
  };
  // The change is made, whatever the store says of it: it is never told as one that failed. The same outcome counts once.
  const conclude = () => options.store.conclude(outcome);
  await conclude()
    .catch(conclude)
    .catch((error: unknown) => {
      throw asLastTry(asFailure(error, declaration.provider, options.scrub), call.key, number);
    });
  return result;
}

function intentOf(call: Call, options: InterceptorOptions): EffectIntent {
  const { input, key, digest, runId, actor } = call;
  const declaration = call.declaration as Exclude<AnyActivity, AnyRead>;
  const causes = declaration.causes ?? [];
  const { minutes = coolDownMinutes, repeats = false } = declaration.coolDown ?? {};
  return {
    key,
    digest,
    runId,
    activity: declaration.name,
    // Events tell of the incident that is changed, which need not be the one that the run is about.
    subject: typeof input.incidentId === 'string' ? input.incidentId : call.subject,
    targets: declaration.targets?.(input) ?? [],
    ...(declaration.once ? { once: true } : {}),
    ...(declaration.kind === 'destructive' ? { coolDown: { seconds: minutes * 60, repeats } } : {}),
    causes: typeof causes === 'function' ? causes(input) : causes,
    actor,
    entry: entryOf(call, options, 'activity.intended', {}),
  };
}

/** What a call gives that is not to act: what was done before, or why not now. */
async function answerWithout(
  intent: Exclude<Intent, { answer: 'go' }>,
  call: Call,
  options: InterceptorOptions,
): Promise<unknown> {
  const { declaration } = call;
  switch (intent.answer) {
    case 'done':
      return storedResult(intent.result, call, options);
    case 'busy':
      throw busy(intent.heldBy);
    case 'ended':
      throw await refused(call, notAuthorized(declaration, 'its run has ended'), options);
    case 'cooling': {
      const minutes = ('coolDown' in declaration && declaration.coolDown?.minutes) || coolDownMinutes;
      const until = new Date(Date.parse(intent.earlier.at) + minutes * 60_000).toISOString();
      throw await refused(call, coolDown(declaration.provider, intent.earlier, until), options);
    }
    case 'conflict': {
      const what = intent.activity === declaration.name ? 'another input' : intent.activity;
      throw await refused(
        call,
        otherEffect(call, `the call with this number was made before, with ${what}`),
        options,
      );
    }
  }
}

/** The run has taken another way than it had: nothing is made twice, and nothing is passed off as something else. */
const otherEffect = ({ declaration, key }: Call, why: string) =>
  conflict(
    'Baton',
    `${declaration.name} is not made, as ${why} (${key}). Look at what was done, then let an event start a new run`,
  );

async function storedResult(result: unknown, call: Call, options: InterceptorOptions): Promise<unknown> {
  const parsed = call.declaration.output.safeParse(result);
  if (parsed.success) return parsed.data;
  throw await refused(
    call,
    otherEffect(call, 'what was stored of it is no result of this activity'),
    options,
  );
}

async function attempt(
  call: Call,
  options: InterceptorOptions,
  before: Pick<Attempt, 'uncertainSince' | 'made'> = {},
): Promise<unknown> {
  const { declaration, input, key } = call;
  const mark = simulationMark(declaration.provider, options.simulated);
  const result = await carryOut(declaration, input, {
    ...options.clients,
    attempt: {
      key,
      number: call.attempt,
      signal: signalOf(declaration),
      mark,
      ...before,
    },
  });
  const parsed = declaration.output.parse(result);
  forgetTries(key);
  return withinSize(declaration, scrubValue(parsed, options.scrub));
}

function signalOf({ kind, name }: AnyActivity): AbortSignal {
  if (name.startsWith('await')) return cancellationSignal();
  const cancelled = kind === 'read' ? cancellationSignal() : replaced();
  return AbortSignal.any([cancelled, AbortSignal.timeout(attemptMilliseconds)]);
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

const busy = (holder: string) =>
  ApplicationFailure.create({
    type: 'Busy',
    message: `Another change on the same target is being made by ${holder}`,
    nextRetryDelay: busyMilliseconds,
  });

/** Rebuilt, never handed on as it came: an error can hold headers, URLs and whole answers, in its cause and its stack too. */
function asFailure(error: unknown, provider: string, scrub: (text: string) => string): Error {
  if (error instanceof CancelledFailure) return error;
  if (error instanceof ApplicationFailure) return scrubbedFailure(error, scrub);
  if (error instanceof z.ZodError) return scrubbedFailure(ofAnotherShape(provider, error), scrub);
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (name === 'AbortError' || name === 'TimeoutError') {
    if (cancellationSignal().aborted) return new CancelledFailure('The attempt was cancelled');
    return unreachable(provider, `no answer within ${attemptMilliseconds / 1000} s`);
  }
  if (name === 'StoreUnavailable')
    return ApplicationFailure.create({ type: 'StoreUnavailable', message: scrub(message) });
  return ApplicationFailure.create({ type: name, message: scrub(message) });
}

function describe(failure: Error): { failure: Failure } {
  const type = failure instanceof ApplicationFailure ? (failure.type ?? 'Error') : failure.name;
  return { failure: { class: type, message: failure.message } };
}

/** A failure that does not say so may have come after the effect. */
function effectOf(failure: Error): 'none' | 'unknown' {
  const detail = failure instanceof ApplicationFailure ? (failure.details?.[0] as FailureDetail) : undefined;
  return detail?.effect ?? 'unknown';
}

function entryOf<Name extends keyof Details & `activity.${'intended' | 'refused' | 'failed' | 'completed'}`>(
  { declaration, input, key, runId, attempt: number, actor, subject }: Call,
  { simulated }: InterceptorOptions,
  action: Name,
  more: Omit<Details[Name], keyof AttemptDetail>,
): EntryOf<Name> {
  const { provider, name, kind } = declaration;
  return {
    at: new Date().toISOString(),
    actor: actor.kind === 'person' ? `person:${actor.email ?? actor.name}` : `${actor.kind}:${actor.name}`,
    via: 'worker',
    action,
    subject,
    detail: {
      run: runId,
      activity: name,
      kind,
      key,
      attempt: number,
      ...(action === 'activity.intended' || action === 'activity.refused' || kind === 'read'
        ? { input }
        : {}),
      ...(simulated.includes(provider) ? { simulated: true } : {}),
      ...more,
    } as Details[Name],
  };
}
