import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
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
    const { event } = await storedEvent(
      given ?? (await newestOf(wanted ?? '', trigger.on, context)),
      context,
    );
    const answer = trigger.respond(event);
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
      },
      context,
    );
    return { event: id, type, run };
  },
});

/** The number of the incident's newest event of these types. */
async function newestOf(
  subject: string,
  types: readonly Event['type'][],
  context: OperationContext,
): Promise<string> {
  const none = () =>
    new Refusal(
      404,
      'No such event',
      `Nothing is stored of an incident ${subject} that this trigger answers (${types.join(', ')}). events.list tells what is.`,
    );
  if (!(await isWithin(subject, context))) throw none();
  for (const type of types) {
    const { items } = await context.store.pageOfEvents({ subject, type, limit: 1 });
    if (items[0]) return String(items[0].seq);
  }
  throw none();
}
