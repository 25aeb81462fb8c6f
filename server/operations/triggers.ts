import { z } from 'zod';
import type { Event, EventType } from '../../domain/event.ts';
import { modes, standings } from '../../domain/mode.ts';
import { detailOf } from '../../domain/record.ts';
import { whenOverdue } from '../../domain/run.ts';
import { asTheyStand, standingOf, type Trigger } from '../../triggers/trigger.ts';
import { Refusal } from '../refusal.ts';
import { findEvent } from './events.ts';
import { readGivenEvent } from './given-event.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { isWithin } from './scope.ts';

const answersShown = 5;
const linesLooked = 200;

export const triggerShape = z
  .object({
    name: z.string(),
    on: z.array(z.string()).describe('The event types that it answers'),
    workflow: z.string(),
    each: z.enum(['subject', 'event']),
    whenResolved: z.enum(['stop', 'continue']),
    whenAcknowledged: z
      .literal('pause')
      .optional()
      .describe(
        'Its runs leave to people what is destructive, once one of them has taken the incident in hand',
      ),
    storm: z
      .int()
      .optional()
      .describe(
        'Above so many new incidents of one service within a minute, further ones join a run of these',
      ),
    schedule: z
      .object({
        cron: z.string(),
        timeZone: z.string().optional(),
        overlap: z.enum(['skip', 'allow']).optional(),
      })
      .optional(),
    finish: z
      .object({ withinSeconds: z.number(), whenOverdue: z.enum(whenOverdue) })
      .optional()
      .describe('In which time a run is to end, and what becomes of one that does not'),
    mode: z.enum(modes).describe('How far its runs may go, as its file says'),
    reviewed: z.string().optional().describe('The day of the review that said so'),
    standing: z.enum(standings).describe('How far its runs may go now; off: it starts none'),
    lowered: z
      .object({ by: z.string(), at: z.string(), reason: z.string() })
      .optional()
      .describe('Who has lowered it to that, where its file says more'),
  })
  .meta({ id: 'Trigger' });

export function shownTrigger(trigger: Trigger): z.input<typeof triggerShape> {
  const { name, on, workflow, each, whenResolved, storm, schedule, finish, mode, reviewed, lowered } =
    trigger;
  return {
    name,
    on: [...on],
    workflow,
    each,
    whenResolved,
    ...(trigger.whenAcknowledged ? { whenAcknowledged: trigger.whenAcknowledged } : {}),
    ...(storm === undefined ? {} : { storm }),
    ...(schedule ? { schedule } : {}),
    ...(finish ? { finish } : {}),
    mode,
    ...(reviewed === undefined ? {} : { reviewed }),
    standing: standingOf(trigger),
    ...(lowered ? { lowered: { by: lowered.by, at: lowered.at, reason: lowered.reason } } : {}),
  };
}

/** The triggers of the workflows to which somebody is limited, as they stand now. */
export async function myTriggers({
  triggers,
  principal,
  store,
}: OperationContext): Promise<readonly Trigger[]> {
  const own = principal.scope?.workflows;
  return asTheyStand(await triggers(), await store.lowerings()).filter(
    ({ workflow }) => own === undefined || own.includes(workflow),
  );
}

export async function findTrigger(name: string, context: OperationContext): Promise<Trigger> {
  const mine = await myTriggers(context);
  const found = mine.find((each) => each.name === name);
  if (found) return found;
  const names = mine.map((each) => each.name).join(', ');
  throw new Refusal(404, 'No such trigger', `There is no trigger ${name}. There are: ${names}.`);
}

export const listTriggers = defineOperation({
  name: 'triggers.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /triggers',
  summary: 'Every trigger: what it answers and what it runs',
  within: ['workflows', 'services'],
  input: z.strictObject({}),
  output: z.object({ items: z.array(triggerShape) }),
  run: async (_, context) => ({ items: (await myTriggers(context)).map(shownTrigger) }),
});

export const showTrigger = defineOperation({
  name: 'triggers.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /triggers/{name}',
  summary: 'One trigger, and what it has said lately',
  within: ['workflows', 'services'],
  input: z.strictObject({ name: z.string().min(1).max(200) }),
  output: triggerShape.safeExtend({
    answers: z
      .array(
        z.object({
          at: z.string(),
          event: z.string(),
          subject: z.string(),
          answer: z.string(),
          reason: z.string(),
        }),
      )
      .describe(
        `The last ${answersShown} to events of its types, newest first, of the last ${linesLooked} events`,
      ),
  }),
  async run({ name }, context) {
    const trigger = await findTrigger(name, context);
    return { ...shownTrigger(trigger), answers: await lastAnswers(trigger, context) };
  },
});

/** What it has said lately to events that it is for, as far as whoever asks may see their incidents. */
async function lastAnswers({ name, on }: Trigger, context: OperationContext) {
  const { items } = await context.store.searchRecord({ action: 'event.answered', limit: linesLooked });
  const answers = items.flatMap((line) => {
    const { event = '', type = '', answers: said = [] } = detailOf(line, 'event.answered') ?? {};
    const own = on.includes(type as EventType) ? said.find(({ trigger }) => trigger === name) : undefined;
    return own ? [{ at: line.at, event, subject: line.subject, answer: own.answer, reason: own.reason }] : [];
  });
  const shown = [];
  for (const answer of answers) {
    if (shown.length === answersShown) break;
    if (await isWithin(answer.subject, context)) shown.push(answer);
  }
  return shown;
}

export async function storedEvent(
  id: string,
  context: OperationContext,
): Promise<{ event: Event; seq: number }> {
  const row = await findEvent(id, context);
  if (row.event === undefined)
    throw new Refusal(
      409,
      'No envelope',
      `Event ${row.seq} ${row.pruned ? 'was pruned' : `could not be read: ${row.reason}`}. Take another one.`,
    );
  return { event: readGivenEvent(row.event), seq: row.seq };
}
