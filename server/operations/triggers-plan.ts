import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import type { Answer, Trigger } from '../../triggers/trigger.ts';
import { Refusal } from '../refusal.ts';
import { begin, runIdFor } from './begin-run.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { isWithin } from './scope.ts';
import { runShape, subjectInput } from './shapes.ts';
import { findTrigger, storedEvent } from './triggers.ts';

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
    incident: subjectInput.optional().describe('Its newest event that the trigger answers is taken'),
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
    const { event } = await storedEvent(given ?? (await newestOf(wanted ?? '', trigger, context)), context);
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
        incident: subject === undefined ? undefined : await context.store.findIncident(subject),
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

/** The number of the incident's newest event that the trigger answers, else of the newest of its types. */
async function newestOf(subject: string, trigger: Trigger, context: OperationContext): Promise<string> {
  const none = () =>
    new Refusal(
      404,
      'No such event',
      `Nothing is stored of an incident ${subject} that this trigger answers (${trigger.on.join(', ')}). events.list tells what is.`,
    );
  if (!(await isWithin(subject, context))) throw none();
  const pages = await Promise.all(
    trigger.on.map((type) => context.store.pageOfEvents({ subject, type, limit: 1 })),
  );
  const seqs = pages.flatMap(({ items }) => items.map(({ seq }) => seq)).sort((one, other) => other - one);
  for (const seq of seqs) {
    const { event } = await storedEvent(String(seq), context);
    if (!('no' in answerOf(trigger, event))) return String(seq);
  }
  if (seqs[0] === undefined) throw none();
  return String(seqs[0]);
}
