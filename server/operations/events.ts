import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { dispositions } from '../../domain/disposition.ts';
import { actorOf, authorize } from '../../domain/rights.ts';
import type { EventRow } from '../../store/events/events.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { isWithin } from './scope.ts';
import { eventShape, idInput, subjectInput } from './shapes.ts';

export const listEvents = defineOperation({
  name: 'events.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /events',
  summary: 'What came in and what became of it, newest first',
  within: ['services'],
  input: z.strictObject({
    subject: subjectInput.optional(),
    type: z.string().min(1).max(300).optional(),
    disposition: z.enum(['pending', ...dispositions]).optional(),
    ...pageInput,
  }),
  output: pageOutput(eventShape),
  async run(input, context) {
    const { subject, type, disposition, limit } = input;
    const list = { name: 'events.list', input, context };
    const page = await context.store.pageOfEvents({
      subject,
      type,
      disposition,
      services: context.principal.scope?.services,
      before: placeIn(list, z.int().positive()),
      limit,
    });
    return answered(list, page, (row) => row);
  },
});

const idOfEvent = { id: idInput.describe('Its number or its id') };

/** An event that is there, and within the services to which somebody is limited. */
export async function findEvent(id: string, context: OperationContext): Promise<EventRow> {
  const row = await context.store.findEvent(id);
  if (row && (await isWithin(row.subject, context))) return row;
  throw new Refusal(404, 'No such event', `There is no event ${id}. events.list tells those there are.`);
}

export const showEvent = defineOperation({
  name: 'events.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /events/{+id}',
  summary: 'One event, with its bytes as they came',
  within: ['services'],
  input: z.strictObject(idOfEvent),
  output: eventShape
    .extend({
      body: z
        .string()
        .exactOptional()
        .describe('Its bytes. Those from Slack hold credentials, and are for whoever may read the record'),
      encoding: z
        .enum(['utf8', 'base64'])
        .exactOptional()
        .describe('Of `body`: base64 where the bytes are no text'),
    })
    .meta({ id: 'WholeEvent' }),
  async run({ id }, context) {
    const { body, ...row } = await findEvent(id, context);
    // An address at which anybody can answer in our name, and the app's own token.
    const isSecret = row.source.startsWith('/slack');
    if (isSecret && !authorize(context.principal, 'record.read').allowed) return row;
    const encoding: 'utf8' | 'base64' = isUtf8(body) ? 'utf8' : 'base64';
    return { ...row, body: Buffer.from(body).toString(encoding), encoding };
  },
});

export const replayEvent = defineOperation({
  name: 'events.replay',
  kind: 'change',
  writesOwnLine: true,
  right: 'events.replay',
  route: 'POST /events/{+id}/replay',
  summary: 'Dispatches a stored event again. What a trigger has started for it is not started twice',
  within: ['services'],
  input: z.strictObject(idOfEvent),
  output: z.object({ seq: z.int(), replayed: z.literal(true), subject: z.string().optional() }),
  subject: ({ id }, output) => output?.subject ?? id,
  async run({ id }, context) {
    const { seq, subject, pruned, disposition, event, reason } = await findEvent(id, context);
    const conflict = (detail: string) => new Refusal(409, 'Cannot be replayed', detail);
    if (pruned)
      throw conflict(
        `Event ${seq} is older than BATON_RETENTION_DAYS. Its bytes were pruned, so there is nothing to send once more.`,
      );
    if (disposition && event === undefined)
      throw conflict(
        `Event ${seq} could not be read (${reason}), and its bytes would be unreadable again. Have the sender send a corrected one.`,
      );
    if (!(await context.store.replay(seq, actorOf(context.principal), context.via)))
      throw conflict(`Event ${seq} is pending already. It is taken up by itself.`);
    return { seq, replayed: true as const, ...(subject === undefined ? {} : { subject }) };
  },
});
