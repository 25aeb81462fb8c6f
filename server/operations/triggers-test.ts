import { z } from 'zod';
import type { Event, EventType } from '../../domain/event.ts';
import { standings } from '../../domain/mode.ts';
import { standingOf, type Trigger } from '../../triggers/trigger.ts';
import { decide } from '../dispatch/decide.ts';
import { gatheringsOf } from '../dispatch/storm.ts';
import { Refusal } from '../refusal.ts';
import { answerOf, answerShape } from './events-test.ts';
import { readGivenEvent } from './given-event.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { isWithin } from './scope.ts';
import { findTrigger, storedEvent } from './triggers.ts';

const mostLast = 100;

const testedShape = answerShape.omit({ trigger: true }).extend({
  event: z.string(),
  seq: z.int().exactOptional().describe('Where it is stored'),
  type: z.string(),
  at: z.string(),
  subject: z.string().exactOptional(),
  forType: z.boolean().describe('The trigger is for events of this type'),
  joins: z
    .string()
    .exactOptional()
    .describe('As things stand now, it would join this run in place of starting one'),
  held: z
    .string()
    .exactOptional()
    .describe('Why the dispatcher would start nothing now, whatever the trigger says'),
});

export const testTrigger = defineOperation({
  name: 'triggers.test',
  kind: 'read',
  right: 'incidents.read',
  route: 'POST /triggers/{name}/test',
  summary:
    'What a trigger says to a stored event, a given one, or the newest ones of its types; starts nothing',
  within: ['workflows', 'services'],
  input: z.strictObject({
    name: z.string().min(1).max(200),
    event: z.string().min(1).max(1_000).optional().describe('The number or id of a stored event'),
    given: z
      .unknown()
      .optional()
      .describe('An event itself: a webhook of PagerDuty, or as events.show tells it'),
    last: z.int().min(1).max(mostLast).optional().describe('The newest so many stored events of its types'),
  }),
  output: z.object({
    trigger: z.string(),
    mode: z.enum(standings).describe('How far its runs may go now; off: it starts none'),
    items: z.array(testedShape),
    left: z
      .array(z.object({ seq: z.int(), why: z.string() }))
      .describe('Stored events to which no trigger can be put any more'),
  }),
  async run({ name, event, given, last }, context) {
    if ([event, given, last].filter((each) => each !== undefined).length !== 1)
      throw new Refusal(
        400,
        'Bad input',
        'Say which event: a stored one (event), the event itself (given), or the newest ones (last).',
      );
    const trigger = await findTrigger(name, context);
    const mode = standingOf(trigger);
    if (given !== undefined)
      return {
        trigger: name,
        mode,
        items: [await tested(trigger, { event: readGivenEvent(given) }, context)],
        left: [],
      };
    if (event !== undefined)
      return {
        trigger: name,
        mode,
        items: [await tested(trigger, await storedEvent(event, context), context)],
        left: [],
      };
    return { trigger: name, mode, ...(await testedLast(trigger, last ?? 0, context)) };
  },
});

async function testedLast(trigger: Trigger, last: number, context: OperationContext) {
  const { services } = context.principal.scope ?? {};
  const pages = await Promise.all(
    trigger.on.map((type) => context.store.pageOfEvents({ type, services, limit: last })),
  );
  const rows = pages
    .flatMap(({ items }) => items)
    .sort((one, other) => other.seq - one.seq)
    .slice(0, last);
  const items: z.input<typeof testedShape>[] = [];
  const left: { seq: number; why: string }[] = [];
  for (const row of rows) {
    if (!(await isWithin(row.subject, context))) continue;
    if (row.event === undefined)
      left.push({ seq: row.seq, why: row.pruned ? 'it was pruned' : `it could not be read: ${row.reason}` });
    else items.push(await tested(trigger, { event: readGivenEvent(row.event), seq: row.seq }, context));
  }
  return { items, left };
}

/** By the dispatcher's own code, as things stand now. */
async function tested(
  trigger: Trigger,
  { event, seq }: { event: Event; seq?: number },
  { store }: OperationContext,
): Promise<z.input<typeof testedShape>> {
  const { trigger: _, ...answer } = answerOf(trigger, event);
  const about = {
    event: event.id,
    type: event.type,
    at: event.time,
    ...(seq === undefined ? {} : { seq }),
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    forType: trigger.on.includes(event.type as EventType),
  };
  if (answer.answer !== 'yes' || seq === undefined) return { ...about, ...answer };
  const situation = event.subject === undefined ? { runs: [] } : await store.situation(event.subject, seq);
  const stored = { seq, event };
  const gatherings = await gatheringsOf(stored, [trigger], store);
  const { answers, hold } = decide(stored, situation, [trigger], undefined, [], gatherings);
  const [said] = answers;
  if (said?.answer === 'no' && !hold) return { ...about, answer: 'no', reason: said.reason };
  return {
    ...about,
    ...answer,
    ...(hold ? { held: hold.reason } : {}),
    ...(said?.answer === 'joined' ? { joins: said.reason } : {}),
  };
}
