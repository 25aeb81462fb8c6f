import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import type { IncidentRow } from '../../store/events/incidents.ts';
import type { Answer, Trigger } from '../../triggers/trigger.ts';
import { toldByLog } from '../pagerduty/log-entry.ts';
import { Refusal } from '../refusal.ts';
import { begin, runIdFor } from './begin-run.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { isWithin } from './scope.ts';
import { runShape, subjectInput } from './shapes.ts';
import { findTrigger, storedEvent } from './triggers.ts';
import { readUnseen } from './unseen-incident.ts';

export const planTrigger = defineOperation({
  name: 'triggers.plan',
  kind: 'change',
  writesOwnLine: true,
  isOneUnderKey: true,
  right: 'runs.start',
  route: 'POST /triggers/{name}/plan',
  summary:
    'What a trigger would have done: asks it about an event, and goes through its workflow in plan mode, which changes nothing',
  within: ['workflows', 'services'],
  input: z.strictObject({
    name: z.string().min(1).max(200),
    incident: subjectInput
      .optional()
      .describe(
        'Its newest event that the trigger answers is taken; of one that Baton has never seen, from its log in PagerDuty',
      ),
    event: z.string().min(1).max(1_000).optional().describe('The number or id of a stored event'),
  }),
  output: z.object({
    event: z.string(),
    type: z.string(),
    no: z.string().optional().describe('The condition that said no: nothing is planned then'),
    run: runShape.optional().describe('The run that plans. runs.timeline tells what it would do'),
  }),
  subject: ({ name, incident }) => incident ?? name,
  async run({ name, incident: wanted, event: given }, context) {
    if ((wanted === undefined) === (given === undefined))
      throw new Refusal(
        400,
        'Bad input',
        'Say either which incident (incident), or which stored event (event).',
      );
    const trigger = await findTrigger(name, context);
    const { event, unseen } =
      given === undefined ? await newestOf(wanted ?? '', trigger, context) : await stored(given, context);
    const answer = answerOf(trigger, event);
    const { id, type, subject } = event;
    if ('no' in answer) return { event: id, type, no: answer.no };
    const { run } = await begin(
      {
        id: runIdFor(context, 'plan'),
        trigger: 'plan',
        workflow: answer.start,
        input: answer.input,
        given: answer.input,
        subject,
        incident: unseen ?? (subject === undefined ? undefined : await context.store.findIncident(subject)),
        target: trigger.target(event),
        // What is over can be planned too.
        whenResolved: 'continue',
        reason: `what ${name} would have done about ${id}`,
        mode: 'plan',
        whenAcknowledged: trigger.whenAcknowledged,
      },
      context,
    );
    return { event: id, type, run };
  },
});

/** A fault in it parks a real event; here whoever asks is told. */
function answerOf(trigger: Trigger, event: Event): Answer {
  try {
    return trigger.respond(event);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      409,
      'Trigger failed',
      `${trigger.name} throws at ${event.id}: ${words}. Correct its conditions or its input.`,
    );
  }
}

/** An event, and its incident where nothing is stored of that. */
interface Planned {
  event: Event;
  unseen?: IncidentRow;
}

const stored = async (id: string, context: OperationContext): Promise<Planned> => ({
  event: (await storedEvent(id, context)).event,
});

/** The incident's newest event that the trigger answers, else the newest of its types: of those that are stored, else of those that PagerDuty tells. */
async function newestOf(subject: string, trigger: Trigger, context: OperationContext): Promise<Planned> {
  const none = (more: string) =>
    new Refusal(
      404,
      'No such event',
      `Nothing is stored of an incident ${subject} that this trigger answers (${trigger.on.join(', ')})${more}. events.list tells what is.`,
    );
  if (!(await isWithin(subject, context))) throw none('');
  const pages = await Promise.all(
    trigger.on.map((type) => context.store.pageOfEvents({ subject, type, limit: 1 })),
  );
  const seqs = pages.flatMap(({ items }) => items.map(({ seq }) => seq)).sort((one, other) => other - one);
  for (const seq of seqs) {
    const { event } = await storedEvent(String(seq), context);
    if (!('no' in answerOf(trigger, event))) return { event };
  }
  if (seqs[0] !== undefined) return stored(String(seqs[0]), context);
  if (!trigger.on.some((type) => toldByLog.includes(type))) throw none('');
  const unseen = await readUnseen(subject, context);
  const events = unseen?.events.filter(({ type }) => trigger.on.includes(type)) ?? [];
  const event = events.find((each) => !('no' in answerOf(trigger, each))) ?? events[0];
  if (unseen && event) return { event, unseen: unseen.incident };
  throw none(
    unseen
      ? ', nor is it in its log in PagerDuty'
      : ', and no PagerDuty account that is connected here shows it',
  );
}
