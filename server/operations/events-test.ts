import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { decide } from '../dispatch/decide.ts';
import { gatheringsOf } from '../dispatch/storm.ts';
import { Refusal } from '../refusal.ts';
import { readGivenEvent } from './given-event.ts';
import { defineOperation } from './operation.ts';
import { findTrigger, myTriggers, storedEvent } from './triggers.ts';

export const answerShape = z.object({
  trigger: z.string(),
  answer: z.enum(['yes', 'no', 'failed']),
  reason: z.string().optional().describe('The condition that said no, or the fault'),
  start: z.string().optional().describe('The workflow that it would start'),
  id: z.string().optional().describe('The run that this would be'),
  input: z.unknown().optional().describe('With what'),
});

export const testEvent = defineOperation({
  name: 'events.test',
  kind: 'read',
  right: 'incidents.read',
  route: 'POST /events/test',
  summary: 'What each trigger says to a stored or given event; starts nothing',
  within: ['workflows', 'services'],
  input: z.strictObject({
    trigger: z.string().min(1).max(200).optional().describe('Only this one'),
    event: z.string().min(1).max(1_000).optional().describe('The number or id of a stored event'),
    given: z
      .unknown()
      .optional()
      .describe('An event itself: a webhook of PagerDuty, or as events.show tells it'),
  }),
  output: z.object({
    event: z.string(),
    type: z.string(),
    answers: z.array(answerShape),
    now: z
      .object({
        answers: z.array(z.object({ trigger: z.string(), answer: z.string(), reason: z.string() })),
        hold: z.object({ disposition: z.string(), reason: z.string() }).optional(),
      })
      .optional()
      .describe('Of a stored event: what the dispatcher would decide as things stand now'),
  }),
  async run({ trigger, event: stored, given }, context) {
    if ((stored === undefined) === (given === undefined))
      throw new Refusal(
        400,
        'Bad input',
        'Say either which stored event (event), or the event itself (given).',
      );
    const asked = trigger === undefined ? await myTriggers(context) : [await findTrigger(trigger, context)];
    const { event, seq } =
      stored === undefined
        ? { event: readGivenEvent(given), seq: undefined }
        : await storedEvent(stored, context);
    const answers = asked.map((each) => answerOf(each, event));
    if (seq === undefined) return { event: event.id, type: event.type, answers };
    const situation =
      event.subject === undefined ? { runs: [] } : await context.store.situation(event.subject, seq);
    const gatherings = await gatheringsOf({ seq, event }, asked, context.store);
    const { answers: said, hold } = decide({ seq, event }, situation, asked, undefined, [], gatherings);
    return { event: event.id, type: event.type, answers, now: { answers: said, ...(hold ? { hold } : {}) } };
  },
});

/** Its conditions asked alone, whatever else there is. */
export function answerOf(trigger: Trigger, event: Event): z.input<typeof answerShape> {
  try {
    const answer = trigger.respond(event);
    if ('no' in answer) return { trigger: trigger.name, answer: 'no', reason: answer.no };
    return { trigger: trigger.name, answer: 'yes', ...answer };
  } catch (error) {
    return {
      trigger: trigger.name,
      answer: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    };
  }
}
