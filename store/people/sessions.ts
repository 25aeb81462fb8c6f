import type { Generated } from 'kysely';
import { sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { Role, Scope } from '../../domain/rights.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { appendLines } from '../record/record.ts';
import { type Person, type PersonRow, personOf } from './people.ts';

/** A session ends when it was not used for so long, and at the latest so long after the sign-in. */
export const idleHours = 12;
export const longestDays = 7;

export interface SessionsTable {
  /** SHA-256 of the id, in hexadecimal. */
  hash: string;
  /** Null: it is of the user of this machine, whose name stands in `local_name`. */
  email: string | null;
  local_name: string | null;
  created_at: Generated<Date>;
  used_at: Generated<Date>;
}

/** A failed sign-in counts for so long after the first one. */
export const failuresWithinMinutes = 15;

export interface FailedSignInsTable {
  key: string;
  count: number;
  since: Time;
}

export interface Sessions {
  /**
   * Somebody whom the identity provider has vouched for signs in, under a session with this hash. `groupRole` is the role of their groups
   * now, and stands for the one of before; where that changes what counts, their other sessions end. Undefined, and no session made:
   * they have no role. What `lineOf` gives is written into the record with it, all or nothing.
   */
  signIn(
    hash: string,
    email: string,
    groupRole: Role | undefined,
    lineOf: (signedIn: SignedIn) => Entry,
  ): Promise<SignedIn | undefined>;
  /**
   * Whose session it is, where it lasts. Asked at each request: a removal or another role counts from the next one on. `email` is the name
   * of the user of this machine, where it is theirs.
   */
  findSession(
    hash: string,
  ): Promise<{ email: string; role: Role; scope: Scope; useIsOld: boolean } | undefined>;
  /** Notes that it is used, at most once a minute. */
  noteSessionUse(hash: string): Promise<void>;
  /** False: there was none. What `lineOf` gives is written into the record with it, all or nothing. */
  endSession(hash: string, lineOf?: (email: string) => Entry): Promise<boolean>;
  /** How many sign-ins under each of these keys have failed lately, and when the first of them will be forgotten. */
  failedSignIns(keys: readonly string[]): Promise<FailedSignIns[]>;
  /** One more has failed under each of these keys. */
  noteFailedSignIn(keys: readonly string[]): Promise<void>;
}

export interface SignedIn {
  person: Person & { role: Role };
  /** What counted before, where it was something else. */
  before?: Role;
}

export interface FailedSignIns {
  key: string;
  count: number;
  secondsLeft: number;
}

/** Under which the failures of an account (a token's id, or an e-mail address) from one address are counted. */
export const accountKey = (account: string, address: string) => `account:${account} from ${address}`;

/** Of a row of `failed_sign_ins`, where it still counts. */
export const secondsLeft = sql<number>`ceil(extract(epoch from since + make_interval(mins => ${sql.raw(String(failuresWithinMinutes))}) - now()))::integer`;

const lasts = sql.raw(
  `used_at > now() - interval '${idleHours} hours' and created_at > now() - interval '${longestDays} days'`,
);
export const lately = sql.raw(`since > now() - interval '${failuresWithinMinutes} minutes'`);

export function sessionsOn({ db, makeLine }: Context): Sessions {
  return {
    signIn: (hash, email, groupRole, lineOf) =>
      db.transaction().execute(async (transaction) => {
        const { rows: known } = await sql<PersonRow>`
          select * from people where email = ${email} for update`.execute(transaction);
        const before = known.map(personOf)[0];
        if (!before && groupRole === undefined) return undefined;
        const { rows } = await sql<PersonRow>`
          insert into people (email, group_role, signed_in_at) values (${email}, ${groupRole ?? null}, now())
          on conflict (email) do update set group_role = excluded.group_role,
            signed_in_at = case when coalesce(excluded.group_role, people.role) is null then people.signed_in_at else now() end
          returning *`.execute(transaction);
        const person = rows.map(personOf)[0];
        if (before?.role !== person?.role)
          await sql`delete from sessions where email = ${email}`.execute(transaction);
        if (!person?.role) return undefined;
        await sql`delete from sessions where hash = any (array(select hash from sessions where not (${lasts}) limit 100 for update skip locked))`.execute(
          transaction,
        );
        await sql`insert into sessions (hash, email) values (${hash}, ${email})`.execute(transaction);
        const isOther = before?.role !== undefined && before.role !== person.role;
        const signedIn = {
          person: { ...person, role: person.role },
          ...(isOther ? { before: before.role } : {}),
        };
        await appendLines([makeLine(lineOf(signedIn))]).execute(transaction);
        return signedIn;
      }),

    async findSession(hash) {
      const { rows } = await sql<{ email: string; role: Role; scope: Scope; old: boolean }>`
        select coalesce(email, local_name) as email, coalesce(group_role, role, 'admin') as role,
          coalesce(scope, '{}') as scope, used_at < now() - interval '1 minute' as old
        from sessions left join people using (email)
        where hash = ${hash} and ${lasts} and (local_name is not null or coalesce(group_role, role) is not null)`.execute(
        db,
      );
      return rows.map(({ old, ...row }) => ({ ...row, useIsOld: old }))[0];
    },

    async noteSessionUse(hash) {
      await sql`update sessions set used_at = now()
        where hash = ${hash} and ${lasts} and used_at < now() - interval '1 minute'`.execute(db);
    },

    endSession: (hash, lineOf) =>
      db.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ email: string }>`
          delete from sessions where hash = ${hash} returning coalesce(email, local_name) as email`.execute(
          transaction,
        );
        const lines = lineOf ? rows.map(({ email }) => makeLine(lineOf(email))) : [];
        if (lines.length > 0) await appendLines(lines).execute(transaction);
        return rows.length > 0;
      }),

    async failedSignIns(keys) {
      const { rows } = await sql<FailedSignIns>`
        select key, count, ${secondsLeft} as "secondsLeft"
        from failed_sign_ins where key = any (array(select jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb))) and ${lately}`.execute(
        db,
      );
      return rows;
    },

    async noteFailedSignIn(keys) {
      if (keys.length === 0) return;
      // In one order, so that two processes that note the same keys never wait for each other.
      await sql`
        insert into failed_sign_ins as known (key, count, since)
        select key, 1, now() from jsonb_array_elements_text(${JSON.stringify([...keys].sort())}::jsonb) as given (key)
        on conflict (key) do update set
          count = case when known.${lately} then known.count + 1 else 1 end,
          since = case when known.${lately} then known.since else now() end`.execute(db);
      await sql`delete from failed_sign_ins where key = any (array(
        select key from failed_sign_ins where not (${lately}) limit 100 for update skip locked))`.execute(db);
    },
  };
}
