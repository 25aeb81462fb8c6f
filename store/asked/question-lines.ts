import type { Delivery } from '../../domain/delivery.ts';
import type { Question, QuestionEvent } from '../../domain/question.ts';
import type { Entry } from '../../domain/record.ts';
import { type Closed, deliveryOf, type Told, toldBy } from './asked-event.ts';

/** The line about one that was asked. */
export function askedEntry(question: Question): Entry {
  const { id, runId, subject = runId, trigger, askedAt, digest } = question;
  const { summary, form, parked, approvers, expiresAt } = question;
  const about = { ...(parked ? { parked } : {}), approvers, expiresAt };
  const detail = { question: id, run: runId, digest, summary, form, ...about };
  return {
    at: askedAt,
    actor: `trigger:${trigger}`,
    via: 'worker',
    action: 'question.asked',
    subject,
    detail,
  };
}

/** The line about one that ended without an answer. */
export function closedEntry(question: Question, closed: Closed): Entry {
  const { id, runId, subject = runId, digest } = question;
  const { because, via, at } = closed;
  // Nothing takes the place of a question: another one is a question of its own.
  const state = closed.state === 'expired' ? 'expired' : 'withdrawn';
  const detail = { question: id, run: runId, digest, state, because } as const;
  return { at, actor: 'baton', via, action: 'question.closed', subject, detail };
}

/** The engine's own event. */
export function eventOf(question: Question, time: string): Told {
  const type = question.state === 'pending' ? 'question.asked' : (`question.${question.state}` as const);
  return toldBy(newsOf(question, { type, time }));
}

/** The event that one still waits. Each reminder of it has its own. */
export const waitingDelivery = (question: Question, reminder: number, time: string): Delivery =>
  deliveryOf(newsOf(question, { type: 'question.waiting', reminder, time }));

function newsOf(question: Question, news: { type: `question.${string}`; reminder?: number; time: string }) {
  const { id, runId, workflow, state, summary, parked } = question;
  const data: Omit<QuestionEvent, 'incidentId'> = {
    questionId: id,
    runId,
    workflow,
    state,
    summary,
    ...(parked ? { isParked: true } : {}),
  };
  return { ...news, asked: question, data, via: 'questions' };
}
