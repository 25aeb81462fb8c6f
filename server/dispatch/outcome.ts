import type { Disposition } from '../../domain/disposition.ts';
import { isDrill } from '../../domain/drill.ts';
import type { Event } from '../../domain/event.ts';
import type { ConnectionDoubt, Entry } from '../../domain/record.ts';
import type { Decision } from '../../store/events/dispatch.ts';
import type { Plan, Start } from './decide.ts';

/** The runs that a plan starts, as the store keeps them. */
export const runsOf = ({ starts }: Plan, eventSeq: number, { subject }: Event): Decision['runs'] =>
  starts.map(({ id, trigger, workflow, input, cause }) => ({
    id,
    trigger,
    workflow,
    ...(subject === undefined ? {} : { subject }),
    target: cause.target,
    eventSeq,
    input,
    cause,
    ...(cause.by ? { askedBy: cause.by.id } : {}),
  }));

/** What becomes of an event by its plan, once `told` live runs were told of it. */
export function dispositionOf(
  plan: Plan,
  told: number,
): { disposition: 'dispatched' | 'parked' | 'stale' | 'ignored'; reason: string } {
  const toldText = told > 0 ? `told ${told} live ${told === 1 ? 'run' : 'runs'}` : '';
  const faults = plan.answers.filter(({ answer }) => answer === 'failed');
  if (faults.length > 0) {
    const reason = faults.map(({ trigger, reason: why }) => `trigger ${trigger}: ${why}`).join('; ');
    return { disposition: 'parked', reason };
  }
  if (plan.hold) {
    const reason = [plan.hold.reason, toldText].filter(Boolean).join('; ');
    return { disposition: plan.hold.disposition, reason };
  }
  const done = [
    ...(plan.starts.length > 0 ? [`started ${plan.starts.map(({ id }) => id).join(', ')}`] : []),
    ...plan.joins.map(({ reason }) => `joined ${reason}`),
  ];
  if (done.length > 0) {
    const reason = [...done, plan.overtaken, toldText].filter(Boolean).join('; ');
    return { disposition: 'dispatched', reason };
  }
  if (plan.begun.length > 0)
    return { disposition: 'dispatched', reason: `has started ${plan.begun.join(', ')} before` };
  if (plan.rejoined.length > 0)
    return { disposition: 'dispatched', reason: `has joined ${plan.rejoined.join(', ')} before` };
  if (plan.overtaken)
    return { disposition: 'stale', reason: `${plan.overtaken}; no trigger starts anything` };
  if (told > 0) return { disposition: 'dispatched', reason: toldText };
  return { disposition: 'ignored', reason: 'no trigger matched' };
}

/** The answer of each trigger, as the record keeps it. */
export function answeredEntry(
  event: Event,
  plan: Pick<Plan, 'answers'> &
    Partial<Pick<Plan, 'tell'>> & { hold?: { disposition: Disposition; reason: string } },
): Entry {
  const { tell = [] } = plan;
  return {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'dispatch',
    action: 'event.answered',
    subject: event.subject ?? event.id,
    detail: {
      event: event.id,
      type: event.type,
      answers: plan.answers,
      ...(plan.hold ? { hold: plan.hold } : {}),
      ...(tell.length > 0 ? { tells: tell } : {}),
    },
  };
}

/** A run that a trigger has started, as the record keeps it. */
export function startedEntry(
  event: Event,
  { id, trigger, workflow, input, cause: { mode, incident } }: Start,
  doubts: ConnectionDoubt[],
): Entry {
  return {
    at: new Date().toISOString(),
    actor: `trigger:${trigger}`,
    via: 'dispatch',
    action: 'run.started',
    subject: event.subject ?? event.id,
    detail: {
      run: id,
      workflow,
      event: event.id,
      ...(mode ? { mode } : {}),
      ...(isDrill(incident) ? { drill: true as const } : {}),
      ...(doubts.length > 0 ? { doubts } : {}),
      input,
    },
  };
}
