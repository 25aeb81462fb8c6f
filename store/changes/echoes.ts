import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import type { EffectIntent } from './effects.ts';

export interface Echo {
  runId: string;
  activity: string;
  actor: EffectIntent['actor'];
}

/** The events that tell of our own changes. */
export interface Echoes {
  /**
   * The effect of ours that an event tells of, if there is one: same subject, `causes` holds the type as often as events of this
   * type have taken it and once more, and an attempt at it was under way at the time of the event. That is compared by the event's
   * own time, some way apart as clocks are; an event that arrives while or right after an attempt counts however wrong its clock is.
   * The same event gets the same answer again.
   */
  claimEcho(echo: {
    subject: string;
    type: string;
    eventId: string;
    source: string;
    /** When it happened. */
    time: string;
    receivedAt: string;
  }): Promise<Echo | undefined>;
}

/** How long an attempt may be at work. */
const attemptSeconds = 10;
/** How far apart the clocks of a provider and of ours may be, and how late an event that comes at once. */
const apartSeconds = 30;

export function echoesOn({ db }: Context): Echoes {
  return {
    async claimEcho({ subject, type, eventId, source, time, receivedAt }) {
      const event = keyText(eventId);
      const { rows } = await sql<{ run_id: string; activity: string; actor: EffectIntent['actor'] }>`
        with event as materialized (
          select ${time}::timestamptz as happened_at, coalesce(
            (select received_at from inbox where event_id = ${event} and source = ${keyText(source)} and duplicate_of is null order by seq limit 1),
            ${receivedAt}::timestamptz
          ) as arrived_at
        ), echoed as (
          select key from effects cross join event
          where subject = ${keyText(subject)} and causes @> jsonb_build_array(${type}::text)
            and (taken ? ${event}::text or
              (select count(*) from jsonb_array_elements_text(causes) as cause where cause = ${type}::text)
                > (select count(*) from jsonb_each_text(taken) as told where told.value = ${type}::text)
              and exists (
                select from unnest(acted_at) as act (began_at)
                where happened_at between began_at - make_interval(secs => ${apartSeconds})
                    and began_at + make_interval(secs => ${attemptSeconds + apartSeconds})
                  -- The store's times are finer than those that it is given.
                  or arrived_at between date_trunc('milliseconds', began_at)
                    and began_at + make_interval(secs => ${attemptSeconds + apartSeconds})
              ))
          order by taken ? ${event}::text desc, acted_at limit 1 for update of effects
        )
        update effects set taken = taken || jsonb_build_object(${event}::text, ${type}::text)
        from echoed where effects.key = echoed.key
        returning run_id, activity, actor`.execute(db);
      const row = rows[0];
      return row && { runId: row.run_id, activity: row.activity, actor: row.actor };
    },
  };
}
