import { type RawBuilder, sql } from 'kysely';
import type { Takeover } from '../../domain/takeover.ts';
import type { Time } from '../columns.ts';
import { canonicalJson, cleanText, keyText } from '../json.ts';

export interface TakeoversTable {
  /** The subject of its events. */
  incident: string;
  event_id: string;
  how: Told['how'];
  by: string;
  at: Time;
}

export const takeoverSteps: string[] = [
  `create table takeovers (
    incident text not null,
    event_id text not null,
    how text not null,
    by text not null,
    at timestamptz not null,
    primary key (incident, event_id)
  )`,
  `create index takeovers_at on takeovers (at)`,
];

/** A takeover, or its end: the acknowledgement has run out, or was taken back. `by`: whose doing that was, where it is known. */
type Told = Takeover | (Omit<Takeover, 'how'> & { how: 'unacknowledged' });

/** What an event tells of it. */
export type ToldTakeover = Told & { incident: string; eventId: string };

/** The part of another statement that keeps them: none where there are none. In whichever order events come, each is kept once. */
export function keepTakeovers(
  decisions: readonly { seq: number; takenOver?: ToldTakeover }[],
  condition: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  const told = decisions.flatMap(({ seq, takenOver }) => {
    if (!takenOver) return [];
    const { incident, eventId, how, by, at } = takenOver;
    return [{ seq, incident: keyText(incident), event_id: keyText(eventId), how, by: cleanText(by), at }];
  });
  if (told.length === 0) return sql``;
  return sql`, taken as (
    insert into takeovers (incident, event_id, how, by, at)
    select incident, event_id, how, by, at from jsonb_to_recordset(${canonicalJson(told)}::jsonb)
      as told (seq bigint, incident text, event_id text, how text, by text, at timestamptz)
    where ${condition} on conflict do nothing
  )`;
}

/** When a takeover is asked about: by the incident, and by what the run has seen itself. */
export interface UnlessTaken {
  incident: string;
  /** Who has acknowledged it, where the run has asked PagerDuty. Baton itself may be among them. */
  seen?: readonly Takeover[];
  /** When people approved the change, which is their word on it: what was taken over before does not hold it. */
  approvedAt?: string;
}

/** Seconds between a change of ours and the time that its provider tells of it. */
const apartSeconds = 60;

/**
 * The newest takeover of an incident since it was reopened last, and since an acknowledgement ran out last: by an event, by a person's own
 * request in Slack, whose event may not have come yet, or as the run has seen it. An acknowledgement of Baton's own is none. That somebody
 * reassigned it counts where it was after the run began.
 */
export function takeoverOf(asked: UnlessTaken | undefined, runId: string): RawBuilder<unknown> {
  const { incident = null, seen = [], approvedAt = null } = asked ?? {};
  const subject = incident === null ? null : keyText(incident);
  return sql`select how, by, at from (
      select how, by, at from takeovers where incident = ${subject}::text and how <> 'unacknowledged'
      union all
      select 'acknowledged', actor ->> 'name', acted_at[cardinality(acted_at)] from effects
        where subject = ${subject}::text and causes @> '["pagerduty.incident.acknowledged"]'::jsonb
          and actor ->> 'kind' = 'person' and state = 'done' and cardinality(acted_at) > 0
      union all
      select how, by, at from jsonb_to_recordset(${canonicalJson(seen)}::jsonb) as seen (how text, by text, at timestamptz)
        where not exists (
          select from effects, unnest(acted_at) as own (acted)
          where subject = ${subject}::text and causes @> '["pagerduty.incident.acknowledged"]'::jsonb
            and actor ->> 'kind' <> 'person' and abs(extract(epoch from acted - seen.at)) < ${apartSeconds})
    ) as told
    where (how = 'acknowledged' or at > (select created_at from runs where id = ${runId}))
      and at > coalesce((select (data ->> 'reopenedAt')::timestamptz from incidents where id = ${subject}::text), '-infinity')
      and at > coalesce((select max(at) from takeovers where incident = ${subject}::text and how = 'unacknowledged'), '-infinity')
      and at > coalesce(${approvedAt}::timestamptz, '-infinity')
    order by at desc limit 1`;
}
