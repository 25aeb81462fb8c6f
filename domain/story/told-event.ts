import type { Event } from '../event.ts';
import type { Incident, Reference } from '../incident.ts';
import { detailOf, type RecordRow } from '../record.ts';
import { dated, type Known, type MakeStep, type Step, shortened, unknown } from './step.ts';

/** What a line about an event tells; undefined for any other line. */
export function toldOfEvent(row: RecordRow, make: MakeStep, { events }: Known): Step[] | undefined {
  const received = detailOf(row, 'event.received');
  if (received) {
    const { eventId = '', type = unknown, duplicateOf } = received;
    const event = events.get(eventId);
    const { text, isOwn } = eventInWords(type, event);
    if (duplicateOf !== undefined)
      return [make('ignored', `${text} (the same delivery again, as number ${duplicateOf}: it is dropped)`)];
    const by = event?.agent?.kind === 'person' ? { actor: `person:${event.agent.name}` } : {};
    return [make(isOwn ? 'read' : 'event', text, by)];
  }
  const answered = detailOf(row, 'event.answered');
  if (answered) return answersIn(answered, make);
  const replayed = detailOf(row, 'event.replayed');
  if (!replayed) return undefined;
  const { seq = unknown, disposition = unknown } = replayed;
  return [make('operation', `has event ${seq} sent the same way once more; it was ${disposition} before`)];
}

/** What of an incident has changed by an event of PagerDuty, as `<who> …`. */
const incidentVerbs: Readonly<Record<string, string>> = {
  triggered: 'triggered the incident',
  acknowledged: 'acknowledged the incident',
  unacknowledged: 'acknowledges it no more',
  resolved: 'resolved the incident',
  reopened: 'reopened the incident',
  escalated: 'escalated the incident',
  delegated: 'delegated the incident',
  reassigned: 'reassigned the incident',
};

/** An event in a sentence. `isOwn`: the engine's own, which another line tells in other words. */
export function eventInWords(type: string, event?: Event): { text: string; isOwn: boolean } {
  const isOwn = /^(run|activity|approval|question|callback)\./.test(type);
  const [, verb = ''] = /^pagerduty\.incident\.(.+)$/.exec(type) ?? [];
  const who = event?.agent?.name ?? 'PagerDuty';
  const data = (event?.data ?? {}) as Partial<Incident> & { content?: string; message?: string };
  const known = incidentVerbs[verb];
  if (known !== undefined) return { text: `${who} ${known}${detailsOf(verb, data)}`, isOwn };
  if (verb === 'annotated' && data.content !== undefined)
    return { text: `${who} noted: "${shortened(data.content)}"`, isOwn };
  if (verb === 'status_update_published' && data.message !== undefined)
    return { text: `${who} published: "${shortened(data.message)}"`, isOwn };
  if (verb === 'priority_updated')
    return { text: `${who} set the priority to ${data.priority?.name ?? 'none'}`, isOwn };
  return { text: `the event ${type} came${event?.agent ? ` from ${who}` : ''}`, isOwn };
}

function detailsOf(verb: string, { title, service, urgency, assignees = [] }: Partial<Incident>): string {
  const names = assignees.map(({ name }: Reference) => name).join(', ');
  if (verb === 'triggered' && title !== undefined)
    return `: "${shortened(title)}"${service ? `, of ${service.name}` : ''}${urgency ? `, urgency ${urgency}` : ''}`;
  if (/^(escalated|delegated|reassigned)$/.test(verb) && names !== '') return ` to ${names}`;
  return '';
}

interface Answered {
  type?: string;
  answers?: { trigger: string; answer: string; reason: string; mode?: string }[];
  hold?: { disposition: string; reason: string };
  tells?: string[];
}

/** The condition of a trigger that does not answer events of this type: nothing that a reader has to be told. */
export const isOtherType = (reason: string) => /^is an? [\w.-]+( or [\w.-]+|, [\w.-]+)* event$/.test(reason);

/** Triggers that say no for the same reason share a step. */
function answersIn({ type = unknown, answers = [], hold, tells = [] }: Answered, make: MakeStep): Step[] {
  const own = answers.filter(({ answer, reason }) => answer !== 'no' || !isOtherType(reason));
  const no = Map.groupBy(
    own.filter(({ answer, reason }) => answer === 'no' && reason !== hold?.reason),
    ({ reason }) => reason,
  );
  const steps = [
    ...(tells.length > 0 ? [make('answer', `${type} is passed on to ${tells.join(', ')}`)] : []),
    ...(hold
      ? [make('ignored', `${type} starts nothing${tells.length > 0 ? ' new' : ''}: ${holdInWords(hold)}`)]
      : []),
    ...[...no].map(([reason, group]) => {
      const names = group.map(({ trigger }) => trigger).join(', ');
      return make('answer', `${names}: no, ${conditionInWords(reason)}`);
    }),
    ...own.flatMap(({ trigger, answer, reason, mode }) => {
      const actor = `trigger:${trigger}`;
      const how = mode === undefined ? '' : `, in the mode ${mode}`;
      if (answer === 'matched')
        return [make('answer', `${trigger}: yes, all its conditions hold${how}`, { actor, run: reason })];
      if (answer === 'joined') return [make('started', `${trigger}: joins ${reason}`, { actor })];
      if (answer === 'failed')
        return [make('problem', `${trigger} failed, and the event is parked: ${reason}`)];
      return [];
    }),
  ];
  return steps.length > 0 ? steps : [make('answer', `no trigger answers events of the type ${type}`)];
}

/** Why nothing may start, whatever triggers say. */
export function holdInWords({ disposition, reason }: { disposition: string; reason: string }): string {
  const [, activity, run] = /^echo of (\S+) by (\S+)$/.exec(reason) ?? [];
  if (activity !== undefined) return `it is what Baton itself has just done (${activity} of ${run})`;
  const [, seenAt, status] = /^older than the state of (\S+) \((\w+)\)$/.exec(reason) ?? [];
  if (seenAt !== undefined) return `it came late: the incident was ${status} at ${dated(seenAt)} already`;
  return disposition === 'duplicate' ? `a duplicate: it ${reason}` : reason;
}

/** Most reasons of a no are the names of conditions; the dispatcher has some sentences of its own. */
export const isCondition = (reason: string) =>
  !/^(was switched off|is about a run that|raised by Baton|has not run for it before|echo of|older than|the incident is)/.test(
    reason,
  );

/** Why a trigger said no. */
export function conditionInWords(reason: string): string {
  if (isCondition(reason)) return `"${reason}" does not hold`;
  const [, before] = /^has not run for it before \((.+)\)$/.exec(reason) ?? [];
  if (before !== undefined) return `it has run for it before (${before})`;
  return reason.startsWith('was switched off') ? `it ${reason}` : reason;
}
