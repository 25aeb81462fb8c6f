import type { Delivery } from './delivery.ts';
import type { Event, EventType } from './event.ts';
import type { Severity } from './page.ts';
import type { WorkerBuild } from './run.ts';

/** Something that is not as it should be, as the watchdog finds it. */
export interface Trouble {
  /** Tells it from others. Its page has this dedup key: there is one, whatever the number of things that it is about. */
  key: string;
  /** What is wrong, and what to look at. */
  summary: string;
  severity: Severity;
  component: string;
  class: string;
  /** What of it is meant: a target, a schedule, a connection. */
  group?: string;
  /** The run by which it is shown. */
  about?: { run: string; incidentUrl?: string; worker?: WorkerBuild };
  /** By which people are paged, where a policy names one. */
  connection?: string;
  /** A policy wants nobody to be paged: it is recorded alone. */
  isPaged?: false;
  /** The connections by which its page was raised, or may have been. Left out: of before there were policies, by `default`. */
  raisedBy?: readonly string[];
  details: Record<string, unknown>;
}

/** A trouble that is kept, from when it is noticed until it is over and its page is taken back. */
export interface Watched {
  condition: string;
  trouble: Trouble;
  /** When it was noticed. */
  since: string;
  /** `noticed`: it may pass by itself. `paging`: people are about to be told, or were. `paged`: they were, and it was looked whether that arrived. */
  stage: 'noticed' | 'paging' | 'paged';
  /** Since when it is no longer so. */
  overSince?: string;
}

/** The engine's own event that a trouble begins, or is over: the same for the same one, whoever tells of it. */
export function conditionEvent(
  type: EventType,
  { trouble: { key, summary, group = 'all' }, since }: Pick<Watched, 'trouble' | 'since'>,
  time: string,
): Omit<Delivery, 'body'> & { event: Event } {
  const id = `${type}/${key}/${since}`;
  const source = '/baton';
  const event = { id, source, type, subject: key, time, data: { about: group, summary, since } };
  return { source, eventId: id, type, subject: key, time, event, actor: 'baton', via: 'watchdog' };
}
