import { z } from 'zod';
import { dispositions } from '../../domain/disposition.ts';
import { guards, holdKinds } from '../../domain/guard.ts';
import { kinds } from '../../domain/kind.ts';
import { lowerModes, runModes, standings } from '../../domain/mode.ts';
import type { Action, Details } from '../../domain/record.ts';
import { stuckReasons, whenOverdue } from '../../domain/run.ts';
import {
  answerShape,
  approversShape,
  callShape,
  dryRunShape,
  inverseShape,
  states,
} from './approval-shapes.ts';
import { holdScope } from './hold-shapes.ts';
import { formShape, parkedShape, questionAnswerShape, questionStates } from './question-shapes.ts';

/** What lines of the record say, by their action, for those who read them over the API. The compiler holds it to `Details`. */

const text = z.string();
const count = z.int();
const unknown = z.unknown();
const texts = z.array(text).readonly();
const failure = z.object({ class: text, message: text, activity: text.exactOptional() });
const disposition = z.enum(dispositions);
const mode = z.enum(runModes).exactOptional().describe('Of the run; left out: auto');

const plan = z.object({
  summary: text,
  calls: texts,
  values: unknown,
  before: unknown.exactOptional(),
  after: unknown.exactOptional(),
  inverse: inverseShape,
  output: unknown,
});

const started = { run: text, workflow: text };
const attempt = {
  run: text,
  activity: text,
  kind: z.enum(kinds),
  key: text.describe('Of the effect: the same over all attempts'),
  attempt: count,
  input: unknown.exactOptional(),
  approval: text.exactOptional().describe('By which it is made'),
  simulated: z.literal(true).exactOptional(),
  doubt: text
    .exactOptional()
    .describe('The state of the named connection that it goes by, where no test has confirmed it'),
};
const step = {
  ...started,
  activity: text,
  kind: z.enum(kinds),
  key: text.describe('Of the effect: the same over all attempts'),
  targets: texts,
  scheduledAt: text,
};
const planned = z.object({ ...attempt, targets: texts });
const ended = z.object({
  ...started,
  outcome: text,
  failure: failure.exactOptional(),
  mode,
  verified: z.boolean().exactOptional().describe('Whether what it has done has helped'),
  worker: z.object({ build: text, commit: text.exactOptional() }).exactOptional(),
  healthy: z.boolean(),
});
const asked = { approval: text, run: text, digest: text.describe('Of the plan that was shown') };
const { state } = z.object({ state: z.enum(states) }).shape;
const question = { question: text, run: text, digest: text.describe('Of what was asked') };
const callback = z.object({ callback: text, run: text });
const operation = z.object({
  operation: text.describe('Its name: `runs.stop`'),
  input: unknown.describe('What was asked, without what is secret'),
});
const connection = { name: text.describe('Of the connection') };
const changed = z.object({ ...connection, provider: text, variables: texts });
const setUpItem = z.object({ ...connection, kind: text, id: text, thing: text.describe('Its name') });
const routed = z.object({ ...connection, route: unknown });

const held = z.object({ guard: text, reason: text }).exactOptional().describe('The guard that would hold it');

const told = {
  run: text,
  activity: text,
  key: text.describe('Of the effect that PagerDuty was to be told of'),
};
const condition = { condition: text, key: text.describe('The dedup key of its page') };
const process = {
  process: text.describe('`start`, `server`'),
  host: text,
  commit: text.exactOptional(),
};
const unconfirmed = text.exactOptional().describe('Why it could not be seen to have arrived');

export const lineDetails = {
  'event.received': z.object({
    eventId: text,
    type: text,
    deliveryId: text.optional(),
    bytes: count,
    sha256: text,
    duplicateOf: count.optional().describe('The number of the event that it repeats'),
  }),
  'event.answered': z.object({
    event: text,
    type: text,
    answers: z.array(
      z.object({
        trigger: text,
        answer: z.enum(['matched', 'joined', 'no', 'failed']),
        reason: text.describe('The run, the condition that said no, or the fault'),
        mode,
      }),
    ),
    hold: z
      .object({ disposition, reason: text })
      .exactOptional()
      .describe('Why nothing may start, whatever the triggers say'),
    tells: z.array(text).exactOptional().describe('The live runs that it is passed on to, which go on by it'),
  }),
  'process.started': z.object({
    ...process,
    before: z
      .object({ clean: z.boolean(), lastAt: text.exactOptional() })
      .exactOptional()
      .describe('How the one before it ended, and when the record heard of it last'),
  }),
  'process.stopped': z.object(process),
  'event.replayed': z.object({ seq: count, eventId: text, disposition, reason: text.optional() }),
  'run.started': z.object({
    ...started,
    event: text.exactOptional(),
    reason: text.exactOptional(),
    mode,
    drill: z.literal(true).exactOptional().describe('Of the incident of a drill'),
    doubts: z
      .array(z.object({ provider: text, connection: text, state: text }))
      .exactOptional()
      .describe('Connections that it may use and that no test has confirmed'),
    input: unknown,
  }),
  'run.restarted': z.object({ ...started, trigger: text, event: text, reason: text, input: unknown }),
  'run.stuck': z.object({
    ...started,
    reason: z.enum(stuckReasons),
    message: text,
  }),
  'run.overdue': z.object({ ...started, dueAt: text, whenOverdue: z.enum(whenOverdue) }),
  'run.went_on': z.object(started),
  'condition.began': z.object({ ...condition, since: text, summary: text }),
  'condition.paged': z.object({
    ...condition,
    by: text.exactOptional(),
    instead: text.exactOptional(),
    unconfirmed,
  }),
  'condition.over': z.object({ ...condition, unconfirmed }),
  'change.told': z.object({
    ...told,
    unconfirmed: z
      .literal(true)
      .exactOptional()
      .describe('An attempt was cut off, and nobody can see whether it came first'),
  }),
  'change.not_told': z.object({ ...told, reason: text }),
  'run.said': z.object({
    run: text,
    text,
    links: z.array(z.object({ text, url: text })).exactOptional(),
  }),
  'run.completed': ended,
  'run.failed': ended,
  'run.timed_out': ended,
  'run.cancelled': ended,
  'activity.planned': z.union([
    planned.extend({ plan, digest: text, dryRun: dryRunShape.exactOptional(), held }),
    planned.extend({ done: unknown }),
  ]),
  'activity.intended': z.object({ ...attempt, targets: texts.exactOptional() }),
  'activity.refused': z.object({
    ...attempt,
    failure,
    held: z
      .object({ guard: z.enum(guards), retryAt: text.exactOptional() })
      .exactOptional()
      .describe('By which guard, and when it may be tried again, where that is known'),
  }),
  'activity.failed': z.object({ ...attempt, failure }),
  'activity.scheduled': z.object(step),
  'activity.started': z.object({ ...step, attempt: count }),
  'activity.timed_out': z.object({ ...step, failure }),
  'activity.cancelled': z.object(step),
  'activity.completed': z.object({
    ...attempt,
    result: unknown,
    summary: text.exactOptional().describe('What was changed, in words'),
    before: unknown.exactOptional(),
    after: unknown.exactOptional(),
    inverse: inverseShape.exactOptional(),
    digest: text.exactOptional().describe('Of the plan by which a change was made'),
  }),
  'approval.asked': z.object({
    ...asked,
    summary: text,
    calls: z.array(callShape).readonly(),
    approvers: approversShape,
    required: count,
    expiresAt: text,
    overridesGuards: z.boolean(),
  }),
  'approval.answered': answerShape.extend({
    ...asked,
    state,
    alsoKnownAs: texts.exactOptional().describe('Under what else Baton knows whoever it was'),
  }),
  'approval.closed': z.object({ ...asked, state, because: text }),
  'hold.set': z.object({
    ...holdScope,
    kind: z.enum(holdKinds),
    reason: text,
    run: text.describe('After which it was set'),
  }),
  'question.asked': z.object({
    ...question,
    summary: text,
    form: formShape,
    parked: parkedShape.exactOptional(),
    approvers: approversShape,
    expiresAt: text,
  }),
  'question.answered': questionAnswerShape.extend({
    ...question,
    state: z.enum(questionStates),
    alsoKnownAs: texts.exactOptional().describe('Under what else Baton knows whoever it was'),
  }),
  'question.closed': z.object({ ...question, state: z.enum(questionStates), because: text }),
  'callback.opened': callback,
  'callback.received': callback.extend({ bytes: count }),
  'callback.closed': callback.extend({ because: text }),
  'operation.intended': operation,
  'operation.done': operation,
  'operation.refused': z.object({
    operation: text,
    input: unknown.exactOptional(),
    status: count,
    reason: text,
  }),
  'connection.added': changed,
  'connection.changed': changed,
  'connection.removed': z.object({ ...connection, users: unknown, force: z.boolean() }),
  'connection.restored': z.object(connection),
  'connection.set_up': setUpItem,
  'connection.torn_down': setUpItem,
  'webhook.enabled': z.object({ connection: text, subscription: text }),
  'delivery.exhausted': z.object({
    subscription: text,
    event: text,
    type: text,
    attempts: count,
    reason: text,
  }),
  'delivery.replayed': z.object({ subscription: text, deliveries: count }),
  'subscription.stopped': z.object({ subscription: text, reason: text }),
  'subscription.resumed': z.object({ subscription: text }),
  'connection.judged': z.object({ ...connection, provider: text, state: text, reason: text }),
  'connections.checked': z.object({
    missing: z
      .array(z.object({ provider: text, connection: text, what: text, reason: text, neededBy: texts }))
      .readonly(),
  }),
  'trigger.lowered': z.object({
    trigger: text,
    mode: z.enum(lowerModes),
    before: z.enum(standings),
    reason: text,
  }),
  'trigger.enabled': z.object({ trigger: text, reason: text }),
  'route.set': routed,
  'route.removed': routed,
  'tokens.create': z.object({ name: text, role: text, expiresAt: text, first: z.literal(true) }),
  'sign-in.succeeded': z.object({ role: text, from: text, subject: text, before: text.exactOptional() }),
  'sign-in.failed': z.object({ reason: text, address: text }),
  'sign-in.ended': z.record(text, z.never()),
  'link-code.given': z.object({ slackUser: text, expiresAt: text }),
  'link-code.used': z.object({
    email: text,
    slackUser: text,
    state: z.enum(['linked', 'taken']),
    before: text.exactOptional(),
  }),
} satisfies { [Name in Action]: z.ZodType<Details[Name]> };
