import { type ColumnType, sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { Role, Scope } from '../../domain/rights.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { isUniqueViolation } from '../errors.ts';
import { appendLines } from '../record/record.ts';

/** Somebody who may sign in, or whose user in Slack is known. */
export interface Person {
  /** In small letters. */
  email: string;
  /** What counts: that of their groups, else the one that an admin gave. Left out: none, and they may not sign in. */
  role?: Role;
  /** That of their groups at the identity provider, at their last sign-in. */
  groupRole?: Role;
  /** The one that an admin gave. */
  givenRole?: Role;
  /** To what they are limited, whichever role counts. Left out: nothing. */
  scope?: Scope;
  slackUser?: string;
  signedInAt?: string;
}

export interface PeopleTable {
  email: string;
  role: Role | null;
  group_role: Role | null;
  scope: ColumnType<Scope, string | undefined, string>;
  slack_user: string | null;
  signed_in_at: Time | null;
}

/** Addresses in small letters throughout. Each change writes its line into the record, all or nothing. */
export interface People {
  /** In the order of their addresses, from the one after `after` on. */
  listPeople(page: { after?: string | undefined; limit: number }): Promise<Person[]>;
  /** Those whose user in Slack is known, in the order of its id, from the one after `after` on. */
  listLinked(page: {
    after?: string | undefined;
    limit: number;
  }): Promise<{ slackUser: string; email: string }[]>;
  /** Gives somebody a role and limits; without a scope, none. Their sessions end where what counts has changed. */
  setRole(email: string, role: Role, line: Entry, scope?: Scope): Promise<Person>;
  /** False: there is nobody. Their sessions end. */
  removePerson(email: string, line: Entry): Promise<boolean>;
  /** Says which user of Slack somebody is; undefined: none any more. Undefined: that user is another person's. */
  linkSlackUser(email: string, slackUser: string | undefined, line: Entry): Promise<Person | undefined>;
  findPerson(email: string): Promise<Person | undefined>;
  /** Who a user of Slack is. */
  findPersonInSlack(slackUser: string): Promise<Person | undefined>;
}

export function peopleOn({ db, makeLine }: Context): People {
  const people = db.selectFrom('people').selectAll();
  return {
    async listPeople({ after, limit }) {
      const query = people.orderBy('email').limit(limit);
      const rows = await (after === undefined ? query : query.where('email', '>', after)).execute();
      return rows.map(personOf);
    },

    async listLinked({ after, limit }) {
      const { rows } = await sql<{ slackUser: string; email: string }>`
        select slack_user as "slackUser", email from people where slack_user collate "C" > ${after ?? ''}
        order by slack_user collate "C" limit ${limit}`.execute(db);
      return rows;
    },

    setRole: (email, role, line, scope = {}) =>
      db.transaction().execute(async (transaction) => {
        const own = transaction.selectFrom('people').selectAll().where('email', '=', email).forUpdate();
        const before = await own.executeTakeFirst();
        const after = await transaction
          .insertInto('people')
          .values({ email, role, scope: JSON.stringify(scope) })
          .onConflict((on) => on.column('email').doUpdateSet({ role, scope: JSON.stringify(scope) }))
          .returningAll()
          .executeTakeFirstOrThrow();
        // A new role has new sessions: what was stolen before it is worth nothing after it.
        if (before && whatCounts(before) !== whatCounts(after))
          await transaction.deleteFrom('sessions').where('email', '=', email).execute();
        await appendLines([makeLine(line)]).execute(transaction);
        return personOf(after);
      }),

    async removePerson(email, line) {
      const { rows } = await sql`
        with removed as (delete from people where email = ${email} returning email),
        noted as (${appendLines([makeLine(line)], sql`exists (select from removed)`)})
        select email from removed`.execute(db);
      return rows.length > 0;
    },

    async linkSlackUser(email, slackUser, line) {
      try {
        const { rows } = await sql<PersonRow>`
          with linked as (
            insert into people (email, slack_user) values (${email}, ${slackUser ?? null})
            on conflict (email) do update set slack_user = excluded.slack_user returning *
          ), noted as (${appendLines([makeLine(line)])})
          select * from linked`.execute(db);
        return rows.map(personOf)[0];
      } catch (error) {
        if (isUniqueViolation(error)) return undefined;
        throw error;
      }
    },

    async findPerson(email) {
      const row = await people.where('email', '=', email).executeTakeFirst();
      return row && personOf(row as PersonRow);
    },

    async findPersonInSlack(slackUser) {
      const { rows } = await sql<PersonRow>`select * from people where slack_user = ${slackUser}`.execute(db);
      return rows.map(personOf)[0];
    },
  };
}

export interface PersonRow {
  email: string;
  role: Role | null;
  group_role: Role | null;
  scope: Scope;
  slack_user: string | null;
  signed_in_at: Date | null;
}

/** Of a person's rights, to be compared. */
const whatCounts = (row: PersonRow): string => {
  const { role, scope = {} } = personOf(row);
  return JSON.stringify([role, scope.workflows, scope.services]);
};

export function personOf({ email, role, group_role, scope, slack_user, signed_in_at }: PersonRow): Person {
  const counts = group_role ?? role;
  return {
    email,
    ...(counts && { role: counts }),
    ...(group_role && { groupRole: group_role }),
    ...(role && { givenRole: role }),
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(slack_user && { slackUser: slack_user }),
    ...(signed_in_at && { signedInAt: signed_in_at.toISOString() }),
  };
}
