import { sql, type Transaction } from 'kysely';
import { type LinkAnswer, type LinkCodes, linkCodeMinutes, mostLinkCodes } from '../../domain/link-code.ts';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { appendLines } from '../record/record.ts';
import type { Tables } from '../tables.ts';

export interface LinkCodesTable {
  /** SHA-256 of the code, in hexadecimal. */
  hash: string;
  slack_user: string;
  expires_at: Time;
  /** Key of the effect that has used it up, and what came of it. */
  used_by: string | null;
  answer: Json<LinkAnswer> | null;
}

/** A code that is over is kept for a day, so that whoever writes it is told why it does not count. */
export const linkCodeSteps: string[] = [
  `create table link_codes (
    hash text primary key,
    slack_user text not null,
    expires_at timestamptz not null,
    used_by text,
    answer jsonb
  )`,
  `create index link_codes_slack_user on link_codes (slack_user)`,
  `create index link_codes_expires_at on link_codes (expires_at)`,
];

const kept = sql.raw(`interval '1 day'`);

interface KnownCode {
  hash: string;
  slack_user: string;
  used_by: string | null;
  answer: LinkAnswer | null;
  fresh: boolean;
}

export function linkCodesOn({ db, makeLine }: Context): LinkCodes {
  return {
    keepLinkCode: (hash, slackUser) =>
      db.transaction().execute(async (transaction) => {
        await sql`delete from link_codes where hash = any (array(
          select hash from link_codes where expires_at < now() - ${kept} limit 100 for update skip locked))`.execute(
          transaction,
        );
        // Two that are asked for at once count each other.
        await sql`select pg_advisory_xact_lock(hashtextextended(${`link-codes/${slackUser}`}, 0))`.execute(
          transaction,
        );
        const { rows } = await sql<{ expires_at: Date }>`
          insert into link_codes (hash, slack_user, expires_at)
          select ${hash}, ${slackUser}, now() + make_interval(mins => ${linkCodeMinutes})
          where (select count(*) from link_codes
            where slack_user = ${slackUser} and used_by is null and expires_at > now()) < ${mostLinkCodes}
          returning expires_at`.execute(transaction);
        const [code] = rows;
        if (!code) return false;
        const line = makeLine({
          at: new Date().toISOString(),
          actor: 'baton',
          via: 'slack',
          action: 'link-code.given',
          subject: slackUser,
          detail: { slackUser, expiresAt: code.expires_at.toISOString() },
        });
        await appendLines([line]).execute(transaction);
        return true;
      }),

    redeemLinkCode: ({ hashes, email, key }) =>
      db.transaction().execute(async (transaction) => {
        const { rows } = await sql<KnownCode>`
          select hash, slack_user, used_by, answer, expires_at > now() as fresh from link_codes
          where hash = any (array(select jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb)))
          order by hash for update`.execute(transaction);
        const known = hashes.flatMap((hash) => rows.find((row) => row.hash === hash) ?? []);
        const own = known.find(({ used_by }) => used_by === key);
        if (own?.answer) return own.answer;
        const open = known.find(({ used_by, fresh }) => used_by === null && fresh);
        if (!open) return whyNot(known[0]);
        const answer = await link(open.slack_user, email, transaction);
        await sql`update link_codes set used_by = ${key}, answer = ${JSON.stringify(answer)}::jsonb
          where hash = ${open.hash}`.execute(transaction);
        const line = makeLine({
          at: new Date().toISOString(),
          actor: `person:${email}`,
          via: 'pagerduty',
          action: 'link-code.used',
          subject: email,
          detail: { email, ...answer },
        });
        await appendLines([line]).execute(transaction);
        return answer;
      }),
  };
}

const whyNot = (code: KnownCode | undefined): LinkAnswer =>
  code
    ? { state: code.used_by === null ? 'expired' : 'used', slackUser: code.slack_user }
    : { state: 'unknown' };

/** A link that the user of Slack had before is replaced; one that the address has is not. */
async function link(
  slackUser: string,
  email: string,
  transaction: Transaction<Tables>,
): Promise<{ state: 'linked' | 'taken'; slackUser: string; before?: string }> {
  const { rows } = await sql<{ email: string; slack_user: string | null }>`
    select email, slack_user from people where email = ${email} or slack_user = ${slackUser}
    order by email for update`.execute(transaction);
  const holder = rows.find((row) => row.email === email)?.slack_user ?? slackUser;
  if (holder !== slackUser) return { state: 'taken', slackUser };
  const before = rows.find((row) => row.slack_user === slackUser)?.email;
  await sql`update people set slack_user = null where slack_user = ${slackUser}`.execute(transaction);
  await sql`insert into people (email, slack_user) values (${email}, ${slackUser})
    on conflict (email) do update set slack_user = excluded.slack_user`.execute(transaction);
  return { state: 'linked', slackUser, ...(before === undefined ? {} : { before }) };
}
