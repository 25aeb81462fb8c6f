import { sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { SetUpItem } from '../../domain/set-up.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { appendLines } from '../record/record.ts';

/** What setup has made at a provider for a connection. */
export interface SetUpTable {
  connection: string;
  kind: string;
  name: string;
  part_of: string;
  /** Null: it was about to be made. */
  id: string | null;
  /** What it takes the place of, until that is gone. */
  earlier: string | null;
  at: Time;
  by: string;
}

/** What setup has found for a connection and not made: taken away by nobody while the connection is there. */
export interface SetUpAdoptedTable {
  connection: string;
  kind: string;
  name: string;
  part_of: string;
  id: string;
}

/** A connection that was removed, as it lay in the store. */
export interface RemovedConnectionsTable {
  name: string;
  provider: string;
  encrypted: Uint8Array;
  key_id: string;
  created_at: Time;
  created_by: string;
  removed_at: Time;
  removed_by: string;
}

export const setUpSteps: string[] = [
  `create table set_up (
    connection text not null,
    kind text not null,
    name text not null,
    part_of text not null,
    id text,
    at timestamptz not null default now(),
    by text not null,
    primary key (connection, kind, name, part_of)
  )`,
  `create table removed_connections (
    name text primary key,
    provider text not null,
    encrypted bytea not null,
    key_id text not null,
    created_at timestamptz not null,
    created_by text not null,
    removed_at timestamptz not null default now(),
    removed_by text not null
  )`,
];

export const adoptedSteps: string[] = [
  `create table set_up_adopted (
    connection text not null,
    kind text not null,
    name text not null,
    part_of text not null,
    id text not null,
    primary key (connection, kind, name, part_of)
  )`,
];

export const earlierSteps: string[] = [`alter table set_up add column earlier text`];

/** Where one of them lies. */
export type SetUpPlace = Pick<SetUpItem, 'kind' | 'name' | 'of'>;

/** What was there, and is used by a connection. */
export type AdoptedBySetUp = SetUpPlace & { id: string };

/** What was made, with its line for the record. */
export type MadeBySetUp = SetUpPlace & { id: string; entry: Entry };

export interface SetUps {
  /** What setup has made for a connection, and what it was about to make. The oldest first. */
  listSetUp(connection: string): Promise<SetUpItem[]>;
  /** Keeps that something is about to be made, before it is; and in whose place, where there was one. */
  intendSetUp(connection: string, place: SetUpPlace, by: string): Promise<void>;
  /** It was made, and has this id. What makes it known together with new values is `changeConnection`. */
  noteSetUp(connection: string, made: MadeBySetUp): Promise<void>;
  /** It was not made. What was made is kept, also what it was to take the place of. */
  withdrawSetUp(connection: string, place: SetUpPlace): Promise<void>;
  /** That in whose place it was made is gone. */
  settleSetUp(connection: string, place: SetUpPlace): Promise<void>;
  /** It was taken away, with its line for the record; or is left to people. */
  forgetSetUp(connection: string, place: SetUpPlace, entry?: Entry): Promise<void>;
  /** What was there already, and a connection has by setup. */
  listAdopted(connection: string): Promise<AdoptedBySetUp[]>;
  noteAdopted(connection: string, adopted: AdoptedBySetUp): Promise<void>;
  /** What lies there is the connection's own now; without a place: it has nothing any more. */
  forgetAdopted(connection: string, place?: SetUpPlace): Promise<void>;
}

export function setUpsOn({ db, makeLine }: Context): SetUps {
  const at = (connection: string, { kind, name, of }: SetUpPlace) =>
    sql`connection = ${connection} and kind = ${kind} and name = ${name} and part_of = ${of}`;
  return {
    async listSetUp(connection) {
      const rows = await db
        .selectFrom('set_up')
        .selectAll()
        .where('connection', '=', connection)
        .orderBy('at')
        .orderBy('kind')
        .execute();
      return rows.map(({ kind, name, part_of, id, earlier, at: time, by }) => ({
        kind,
        name,
        of: part_of,
        id: id ?? undefined,
        ...(earlier === null ? {} : { earlier }),
        at: time.toISOString(),
        by,
      }));
    },

    async intendSetUp(connection, { kind, name, of }, by) {
      // Never the time of another one, however coarse the clock is: the oldest is told first.
      await sql`
        insert into set_up (connection, kind, name, part_of, by, at)
        select ${connection}, ${kind}, ${name}, ${of}, ${by}, greatest(now(), max(at) + interval '1 microsecond')
        from set_up where connection = ${connection}
        on conflict (connection, kind, name, part_of) do update
          set earlier = coalesce(set_up.id, set_up.earlier), id = null, at = excluded.at, by = excluded.by`.execute(
        db,
      );
    },

    async noteSetUp(connection, { id, entry, ...place }) {
      await sql`
        with noted as (update set_up set id = ${id} where ${at(connection, place)} returning id)
        ${appendLines([makeLine(entry)], sql`exists (select from noted)`)}`.execute(db);
    },

    async withdrawSetUp(connection, place) {
      await sql`
        with back as (
          update set_up set id = earlier, earlier = null
          where ${at(connection, place)} and id is null and earlier is not null returning id)
        delete from set_up where ${at(connection, place)} and id is null and earlier is null`.execute(db);
    },

    async settleSetUp(connection, place) {
      await sql`update set_up set earlier = null where ${at(connection, place)}`.execute(db);
    },

    async forgetSetUp(connection, place, entry) {
      await sql`
        with gone as (delete from set_up where ${at(connection, place)} returning id)
        ${appendLines(entry ? [makeLine(entry)] : [], sql`exists (select from gone)`)}`.execute(db);
    },

    async listAdopted(connection) {
      const rows = await db
        .selectFrom('set_up_adopted')
        .selectAll()
        .where('connection', '=', connection)
        .orderBy('kind')
        .orderBy('name')
        .execute();
      return rows.map(({ kind, name, part_of, id }) => ({ kind, name, of: part_of, id }));
    },

    async noteAdopted(connection, { kind, name, of, id }) {
      await sql`
        insert into set_up_adopted (connection, kind, name, part_of, id)
        values (${connection}, ${kind}, ${name}, ${of}, ${id})
        on conflict (connection, kind, name, part_of) do update set id = excluded.id`.execute(db);
    },

    async forgetAdopted(connection, place) {
      await sql`
        delete from set_up_adopted where ${place ? at(connection, place) : sql`connection = ${connection}`}`.execute(
        db,
      );
    },
  };
}
