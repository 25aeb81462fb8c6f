import type { Generated } from 'kysely';
import { type Selectable, sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { Role, Scope } from '../../domain/rights.ts';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { isUniqueViolation } from '../errors.ts';
import { appendLines } from '../record/record.ts';
import { accountKey, type FailedSignIns, lately, secondsLeft } from './sessions.ts';

/** A token as it is kept: never its secret. */
export interface Token {
  id: string;
  /** No two live ones have the same. */
  name: string;
  role: Role;
  scope: Scope;
  createdAt: string;
  /** An actor, as the record has it. */
  createdBy: string;
  /** The address of the person whose it is, where one is known: what is done with it is theirs. */
  owner?: string;
  expiresAt: string;
  /** To about a minute. */
  usedAt?: string;
  revokedAt?: string;
}

export interface NewToken {
  id: string;
  name: string;
  /** SHA-256 of the whole token, in hexadecimal. */
  hash: string;
  role: Role;
  scope: Scope;
  createdBy: string;
  /** In small letters. */
  owner?: string | undefined;
  days: number;
}

/** A token as it is checked. */
export interface CheckedToken {
  name: string;
  hash: string;
  role: Role;
  scope: Scope;
  owner?: string;
  state: 'live' | 'expired' | 'revoked';
  /** It has not been noted for a minute that it is used. */
  useIsOld: boolean;
  /** Sign-ins that have failed under its id from there lately. */
  failures: FailedSignIns;
}

export interface TokensTable {
  id: string;
  name: string;
  hash: string;
  role: Role;
  scope: Json<Scope>;
  created_at: Generated<Date>;
  created_by: string;
  owner: string | null;
  expires_at: Time;
  used_at: Time | null;
  revoked_at: Time | null;
}

/** Each change writes its line into the record, all or nothing. */
export interface Tokens {
  /** Undefined: a live token has that name. */
  createToken(token: NewToken, line: Entry): Promise<Token | undefined>;
  /** The first token of an admin. Undefined, and nothing done, where there is an admin: a live token, or a person. */
  createFirstToken(token: NewToken, lineOf: (kept: Token) => Entry): Promise<Token | undefined>;
  /** Whether somebody is an admin: a live token or a person, without limits. */
  hasAdmin(): Promise<boolean>;
  /** One row by its key, asked at each request: what was revoked is so from the next request on, in every process. `address`: from where. */
  checkToken(id: string, address: string): Promise<CheckedToken | undefined>;
  /** Notes that it is used, at most once a minute. */
  noteTokenUse(id: string): Promise<void>;
  /** Undefined: there is none. One that was revoked before keeps its time. */
  revokeToken(id: string, line: Entry): Promise<Token | undefined>;
  /** Newest first, from the one after `after` (an id) on. */
  listTokens(page: { after?: string | undefined; limit: number }): Promise<Token[]>;
}

/** The name of the advisory lock under which the first admin is made. */
const firstAdminLock = 7_229_005;
/** Tokens that ended longer ago are taken away, a few whenever one is made; their lines in the record stay. */
const keptDays = 90;

const columns = [
  'id',
  'name',
  'role',
  'scope',
  'created_at',
  'created_by',
  'owner',
  'expires_at',
  'used_at',
  'revoked_at',
] as const;
const columnList = sql.raw(columns.join(', '));

export function tokensOn({ db, makeLine }: Context): Tokens {
  const insert = ({ id, name, hash, role, scope, createdBy, owner, days }: NewToken) => sql<TokenRow>`
    insert into tokens (id, name, hash, role, scope, created_by, owner, expires_at)
    values (${id}, ${name}, ${hash}, ${role}, ${JSON.stringify(scope)}::jsonb, ${createdBy}, ${owner ?? null}, now() + make_interval(days => ${days}::integer))
    returning ${columnList}`;
  const adminExists = sql<{ exists: boolean }>`
    select exists (select from tokens where role = 'admin' and scope = '{}' and revoked_at is null and expires_at > now())
      or exists (select from people where coalesce(group_role, role) = 'admin' and scope = '{}') as exists`;
  /** An expired one gives its name away. */
  const freeName = (name: string) => sql`
    update tokens set revoked_at = expires_at where name = ${name} and revoked_at is null and expires_at <= now()`;
  const forgetOld = sql`
    delete from tokens where id = any (array(
      select id from tokens where least(revoked_at, expires_at) < now() - make_interval(days => ${keptDays}::integer)
      limit 100 for update skip locked))`;

  return {
    async createToken(token, line) {
      try {
        return await db.transaction().execute(async (transaction) => {
          await forgetOld.execute(transaction);
          await freeName(token.name).execute(transaction);
          const { rows } = await insert(token).execute(transaction);
          await appendLines([makeLine(line)]).execute(transaction);
          return rows.map(tokenOf)[0];
        });
      } catch (error) {
        if (isUniqueViolation(error)) return undefined;
        throw error;
      }
    },

    createFirstToken: (token, lineOf) =>
      db.transaction().execute(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${firstAdminLock}::bigint)`.execute(transaction);
        const { rows } = await adminExists.execute(transaction);
        if (rows[0]?.exists) return undefined;
        await freeName(token.name).execute(transaction);
        const [kept] = (await insert(token).execute(transaction)).rows.map(tokenOf);
        if (kept) await appendLines([makeLine(lineOf(kept))]).execute(transaction);
        return kept;
      }),

    async hasAdmin() {
      return (await adminExists.execute(db)).rows[0]?.exists === true;
    },

    async checkToken(id, address) {
      const key = accountKey(id, address);
      const { rows } = await sql<CheckedRow>`
        select name, hash, role, scope, owner,
          case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'live' end as state,
          (used_at < now() - interval '1 minute') is not false as old,
          coalesce(count, 0) as failed, coalesce(${secondsLeft}, 0) as left
        from tokens left join failed_sign_ins on key = ${key} and ${lately}
        where id = ${id}`.execute(db);
      return rows.map(({ old, failed, left, owner, ...row }) => ({
        ...row,
        ...(owner !== null && { owner }),
        useIsOld: old,
        failures: { key, count: failed, secondsLeft: left },
      }))[0];
    },

    async noteTokenUse(id) {
      await sql`update tokens set used_at = now()
        where id = ${id} and (used_at < now() - interval '1 minute') is not false`.execute(db);
    },

    async revokeToken(id, line) {
      const { rows } = await sql<TokenRow>`
        with revoked as (
          update tokens set revoked_at = coalesce(revoked_at, now()) where id = ${id} returning ${columnList}
        ), noted as (${appendLines([makeLine(line)], sql`exists (select from revoked)`)})
        select ${columnList} from revoked`.execute(db);
      return rows.map(tokenOf)[0];
    },

    async listTokens({ after, limit }) {
      let query = db
        .selectFrom('tokens')
        .select(columns)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit);
      if (after !== undefined)
        query = query.where(
          sql<boolean>`(created_at, id) < (select created_at, id from tokens as last where last.id = ${after})`,
        );
      return (await query.execute()).map(tokenOf);
    },
  };
}

type TokenRow = Pick<Selectable<TokensTable>, (typeof columns)[number]>;
type CheckedRow = Omit<CheckedToken, 'owner' | 'useIsOld' | 'failures'> & {
  owner: string | null;
  old: boolean;
  failed: number;
  left: number;
};

const tokenOf = (row: TokenRow): Token => ({
  id: row.id,
  name: row.name,
  role: row.role,
  scope: row.scope,
  createdAt: row.created_at.toISOString(),
  createdBy: row.created_by,
  ...(row.owner !== null && { owner: row.owner }),
  expiresAt: row.expires_at.toISOString(),
  ...(row.used_at && { usedAt: row.used_at.toISOString() }),
  ...(row.revoked_at && { revokedAt: row.revoked_at.toISOString() }),
});
