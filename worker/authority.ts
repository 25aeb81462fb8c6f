import { ApplicationFailure, activityInfo, cancellationSignal } from '@temporalio/activity';
import type { ActivityExecuteInput } from '@temporalio/worker';
import { z } from 'zod';
import type { Actor, AnyActivity } from '../activities/activity.ts';
import type { Clients } from '../activities/clients.ts';
import type { FailureDetail } from '../activities/failures.ts';
import { identifyPerson } from '../activities/person.ts';
import { boundedSignal } from '../domain/bounded-signal.ts';
import type { Limits } from '../domain/guard.ts';
import { causeName, splitLastArgument } from '../domain/last-argument.ts';
import { runModes } from '../domain/mode.ts';
import { behalfOf } from '../domain/run-beginning.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { Takeover } from '../domain/takeover.ts';
import type { Authority, SignedRun } from '../secrets/authority.ts';

/** What is read of a call's cause here. The signature covers all of it. */
export const causeSchema = z.looseObject({
  trigger: z.string(),
  subject: z.string().optional(),
  connection: z.string().optional(),
  connections: z.record(z.string(), z.string()).optional(),
  startedBy: z
    .object({
      kind: z.enum(['person', 'token', 'baton']),
      name: z.string(),
      alsoKnownAs: z.array(z.string()).exactOptional(),
    })
    .optional(),
  by: z.object({ kind: z.literal('person'), id: z.string(), name: z.string() }).optional(),
  incident: z
    .looseObject({
      id: z.string().optional(),
      number: z.number().optional(),
      service: z.looseObject({ id: z.string() }),
      url: z.string().optional(),
    })
    .optional(),
  // A mode that is not known here is a cause that is not understood, and changes nothing.
  mode: z.enum(runModes).optional(),
  whenAcknowledged: z.literal('pause').optional(),
  tags: z.array(z.string()).optional(),
  chain: z.array(z.string()).optional(),
  heard: z.record(z.string(), z.array(z.string())).optional(),
});
export type CauseOfCall = z.infer<typeof causeSchema>;

const limitsSchema = z.object({
  coolDown: z.object({ seconds: z.int().min(0), repeats: z.boolean() }).exactOptional(),
  perIncident: z.int().min(0).exactOptional(),
  perDay: z.int().min(0).exactOptional(),
  stopsAfter: z.object({ times: z.int().min(1), days: z.int().min(1) }).exactOptional(),
  group: z.object({ targets: z.array(z.string()).min(1).max(1_000), most: z.int().min(0) }).exactOptional(),
});

const callSchema = z.object({
  cause: z.unknown(),
  input: z.unknown(),
  signature: z.string(),
  // Of the run's code, which people have reviewed.
  limits: z.record(z.string(), limitsSchema).exactOptional(),
  // It can only hold more back.
  acknowledged: z
    .array(z.object({ how: z.literal('acknowledged'), by: z.string(), at: z.iso.datetime() }))
    .max(20)
    .exactOptional(),
});

/** Why a call is made, as a server of ours has signed it; or why that cannot be said. */
export type Shown =
  | { cause: CauseOfCall; limits?: GivenLimits; acknowledged?: readonly Takeover[] }
  | { refusal: string };

/** The limits that the run has given for targets. */
export type GivenLimits = Readonly<Record<string, Partial<Limits>>>;

/** Runs at work at the same time, more or less. */
const mostRemembered = 1_000;

/** The cause as JSON: from the header, or where payloads are encrypted from the argument behind the activity's own. Neither is believed. */
function causeIn({ args, headers }: ActivityExecuteInput): string | undefined {
  const header = headers[causeName];
  if (header) return Buffer.from(header.data ?? []).toString('utf8');
  return JSON.stringify(splitLastArgument(args, causeName).value);
}

/**
 * Gives the function that checks the cause that came with the current activity. All calls of a run bring the same one, so what was
 * found good is remembered.
 */
export function causeReader(authority: Authority): (call: ActivityExecuteInput) => Shown {
  const good = new Map<string, Shown>();
  return (call) => {
    const { workflowExecution, workflowType } = activityInfo();
    if (workflowExecution === undefined || workflowType === undefined)
      return { refusal: 'it was called by itself, and not by a run' };
    const told = causeIn(call);
    if (told === undefined) return { refusal: 'the call names no cause' };
    const run = { runId: workflowExecution.workflowId, workflow: workflowType };
    const key = JSON.stringify([run, told]);
    const known = good.get(key);
    if (known) return known;
    const shown = shownCause(told, run, authority);
    if ('refusal' in shown) return shown;
    if (good.size >= mostRemembered) good.clear();
    good.set(key, shown);
    return shown;
  };
}

/**
 * Which run and which workflow it is of is told by Temporal and not by the header, so that a cause that was copied from another run is
 * worth nothing.
 */
function shownCause(
  told: string,
  { runId, workflow }: Pick<SignedRun, 'runId' | 'workflow'>,
  authority: Authority,
): Shown {
  const read = callSchema.safeParse(parseJson(told));
  if (!read.success) return { refusal: 'the run was not started by a server of Baton' };
  const { cause, input, signature, limits, acknowledged } = read.data;
  const run = { runId, workflow, input, cause };
  const parsed = causeSchema.safeParse(cause);
  if (!parsed.success || !authority.isSigned(run, signature))
    return {
      refusal:
        'the signature of its cause is not that of this run, this workflow and this input (where it is, server and worker have not ' +
        'the same BATON_SECRET_KEY)',
    };
  return { cause: parsed.data, ...(limits ? { limits } : {}), ...(acknowledged ? { acknowledged } : {}) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** On whose behalf, for the record. Nobody is taken at his word: without a signed cause it is nobody's. */
export function actorOf(shown: Shown): Actor {
  if ('refusal' in shown) return { kind: 'trigger', name: 'none' };
  return behalfOf(shown.cause);
}

/**
 * The actor of a change with all that its provider needs to know. A message in Slack needs no more than the name, and answers a person
 * also while Slack does not tell who that is.
 */
export async function actorOfChange(
  shown: Shown,
  { provider }: AnyActivity,
  clients: Clients,
  within: number,
): Promise<Actor> {
  const cause = 'cause' in shown ? shown.cause : undefined;
  if (cause?.by === undefined || provider === 'slack') return actorOf(shown);
  // Where they asked is where they are known: the cause of what was asked for in Slack has that connection.
  const member = { ...cause.by, connection: cause.connections?.slack ?? defaultConnection };
  return identifyPerson(member, clients, boundedSignal(cancellationSignal(), within));
}

/** Final, and before any call: the same call would be refused again. */
export function notAuthorized({ name, provider }: AnyActivity, why: string): ApplicationFailure {
  const detail: FailureDetail = { provider, effect: 'none' };
  return ApplicationFailure.nonRetryable(
    `${name} is refused: ${why}. A change is made only by a run that a server of Baton has started and that has not ended. ` +
      'Let a new event start one (a replay starts no run twice), or look who else reaches Temporal',
    'NotAuthorized',
    detail,
  );
}
