import { type RawBuilder, sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { Route } from '../../domain/route.ts';
import type { Encrypted } from '../../secrets/encryption.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { appendLines } from '../record/record.ts';
import type { MadeBySetUp } from './set-up.ts';

/** What is known of a connection: it was not tried yet; it works; it was taken, which proves nothing; it does not work. */
export const connectionStates = ['unverified', 'confirmed', 'accepted', 'rejected'] as const;

export interface ConnectionState {
  state: (typeof connectionStates)[number];
  /** ISO time. */
  at: string;
  /** What was found, for people. No secrets. */
  words: string;
}

/** A connection as it lies in the store. */
export interface ConnectionRow extends ConnectionState {
  name: string;
  provider: string;
  encrypted: Encrypted;
  /** Grows with each change of its values, and is no other connection's. */
  version: number;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
}

export interface ConnectionsTable {
  name: string;
  provider: string;
  /** See `Encrypted`. */
  encrypted: Uint8Array;
  key_id: string;
  version: number;
  state: ConnectionState['state'];
  state_at: Time;
  state_words: string;
  created_at: Time;
  created_by: string;
  updated_at: Time;
  updated_by: string;
}

export interface RoutesTable {
  provider: string;
  /** Empty in these three: for any. */
  purpose: string;
  workflow: string;
  service: string;
  connection: string;
  set_at: Time;
  set_by: string;
}

/** What was found of the connection `default` of a provider, when its settings had this digest. */
export interface JudgedDefault extends ConnectionState {
  provider: string;
  digest: string;
}

export interface DefaultConnectionsTable {
  provider: string;
  digest: string;
  state: ConnectionState['state'];
  state_at: Time;
  state_words: string;
}

/** All connections and routes at one moment. */
export interface ConnectionTables {
  /** Grows with each change of any of them. */
  version: number;
  connections: ConnectionRow[];
  routes: Route[];
  defaults: JudgedDefault[];
}

/** A connection that was removed, and can be restored until then. */
export interface RemovedConnection {
  name: string;
  provider: string;
  removedAt: string;
  removedBy: string;
  until: string;
}

/** A run that has not ended and was given a connection. */
export interface ConnectionUser {
  run: string;
  subject?: string;
}

/**
 * The named connections, encrypted, and the routes to them. Each change writes its line into the record, all or nothing. What they hold
 * in the clear is the matter of `stored-connections.ts`.
 */
export interface ConnectionRows {
  /** The number that grows with each change of a connection or a route. */
  connectionsVersion(): Promise<number>;
  loadConnections(): Promise<ConnectionTables>;
  /** False: the name is taken, or there are as many as there may be. */
  addConnection(connection: {
    name: string;
    provider: string;
    encrypted: Encrypted;
    by: string;
    entry: Entry;
  }): Promise<boolean>;
  /** New values, which nobody has tried yet. False: it is not there, or not in this version any more. */
  changeConnection(change: {
    name: string;
    version: number;
    encrypted: Encrypted;
    by: string;
    entry: Entry;
    /** What setup has just made, of which the values are: both are kept, or neither. */
    made?: MadeBySetUp;
  }): Promise<boolean>;
  /** The same values under another key. False: it has been changed meanwhile. */
  reencryptConnection(name: string, version: number, encrypted: Encrypted): Promise<boolean>;
  /** Those that can be restored, as they lie in the store. */
  loadRemovedConnections(): Promise<Pick<ConnectionRow, 'name' | 'provider' | 'encrypted'>[]>;
  /** The same values of one of these under another key. False: it is there no more, or with other values. */
  reencryptRemovedConnection(name: string, former: Encrypted, encrypted: Encrypted): Promise<boolean>;
  /** What a test of it found. False: it is not in this version any more. */
  judgeConnection(name: string, version: number, found: ConnectionState, entry: Entry): Promise<boolean>;
  /** What a test of the connection `default` of a provider found. */
  judgeDefault(found: JudgedDefault, entry: Entry): Promise<boolean>;
  /** False: it is not there. Routes to it stay, so that nothing goes by another account instead. It can be restored for 30 days. */
  removeConnection(name: string, by: string, entry: Entry): Promise<boolean>;
  /** Those that can be restored, without their values: the last that was removed of each name. */
  listRemovedConnections(): Promise<RemovedConnection[]>;
  /** With the values that it had, which nobody has tried yet. False: there is none to restore, or its name is taken. */
  restoreConnection(name: string, by: string, entry: Entry): Promise<boolean>;

  /** The live runs that were given it, at most 20. */
  connectionUsers(name: string): Promise<ConnectionUser[]>;
  /** Sets the route for this provider, purpose, workflow and service. False: there are as many as there may be. */
  setRoute(route: Route, by: string, entry: Entry): Promise<boolean>;
  /** False: there is no such route. */
  removeRoute(route: Omit<Route, 'connection'>, entry: Entry): Promise<boolean>;
}

/** All of them are held in the memory of each process that uses one. */
export const mostConnections = 500;
export const mostRoutes = 2_000;
/** For so long a connection that was removed can be restored. */
export const restorableDays = 30;
const usersShown = 20;

export function connectionsOn({ db, makeLine }: Context): ConnectionRows {
  /**
   * `change` is a statement that gives a row for what it changed, and may use the next version; `beside` is made with it, and looks into
   * `changed`. Changes are made one after the other.
   */
  async function changed(
    change: RawBuilder<unknown>,
    entries: Entry | Entry[],
    beside: RawBuilder<unknown> = sql`select`,
  ): Promise<boolean> {
    const { rows } = await sql<{ changed: boolean }>`
      with next as (update connections_version set version = version + 1 returning version),
      changed as (${change}),
      beside as (${beside}),
      noted as (${appendLines([entries].flat().map(makeLine), sql`exists (select from changed)`)})
      select exists (select from changed) as changed`.execute(db);
    return rows[0]?.changed === true;
  }
  const nextVersion = sql`(select version from next)`;

  return {
    async connectionsVersion() {
      const { rows } = await sql<{ version: number }>`select version from connections_version`.execute(db);
      return rows[0]?.version ?? 0;
    },

    async loadConnections() {
      const { rows } = await sql<{
        version: number;
        connections: JsonRow[];
        routes: Record<string, string>[];
        defaults: Record<string, string>[];
      }>`
        select (select version from connections_version) as version,
          (select coalesce(jsonb_agg(to_jsonb(connections) || jsonb_build_object('encrypted', encode(encrypted, 'base64'))
            order by name), '[]') from connections) as connections,
          (select coalesce(jsonb_agg(to_jsonb(routes) order by provider, purpose, workflow, service), '[]') from routes) as routes,
          (select coalesce(jsonb_agg(to_jsonb(default_connections)), '[]') from default_connections) as defaults`.execute(
        db,
      );
      const { version = 0, connections = [], routes = [], defaults = [] } = rows[0] ?? {};
      return {
        version,
        connections: connections.map(connectionRow),
        routes: routes.map(routeRow),
        defaults: defaults.map(defaultRow),
      };
    },

    addConnection: ({ name, provider, encrypted, by, entry }) =>
      changed(
        sql`insert into connections (name, provider, encrypted, key_id, version, created_by, updated_by)
          select ${name}, ${provider}, ${encrypted.bytes}::bytea, ${encrypted.keyId}, ${nextVersion}, ${by}, ${by}
          where (select count(*) from connections) < ${mostConnections}::integer
          on conflict do nothing returning name`,
        entry,
      ),

    changeConnection: ({ name, version, encrypted, by, entry, made }) =>
      changed(
        sql`update connections set encrypted = ${encrypted.bytes}::bytea, key_id = ${encrypted.keyId}, version = ${nextVersion},
            state = 'unverified', state_at = now(), state_words = '', updated_at = now(), updated_by = ${by}
          where name = ${name} and version = ${version}::bigint returning name`,
        made ? [entry, made.entry] : entry,
        made &&
          sql`update set_up set id = ${made.id} where connection = ${name} and kind = ${made.kind} and name = ${made.name}
            and part_of = ${made.of} and exists (select from changed)`,
      ),

    async reencryptConnection(name, version, { keyId, bytes }) {
      const { rows } = await sql`
        update connections set encrypted = ${bytes}::bytea, key_id = ${keyId}
        where name = ${name} and version = ${version}::bigint returning name`.execute(db);
      return rows.length > 0;
    },

    async loadRemovedConnections() {
      const rows = await db.selectFrom('removed_connections').selectAll().execute();
      return rows.map(({ name, provider, key_id: keyId, encrypted }) => ({
        name,
        provider,
        encrypted: { keyId, bytes: Buffer.from(encrypted) },
      }));
    },

    async reencryptRemovedConnection(name, former, { keyId, bytes }) {
      const { rows } = await sql`
        update removed_connections set encrypted = ${bytes}::bytea, key_id = ${keyId}
        where name = ${name} and encrypted = ${former.bytes}::bytea returning name`.execute(db);
      return rows.length > 0;
    },

    judgeConnection: (name, version, { state, at, words }, entry) =>
      changed(
        sql`update connections set state = ${state}, state_at = ${at}::timestamptz, state_words = ${words}
          where name = ${name} and version = ${version}::bigint returning name`,
        entry,
      ),

    judgeDefault: ({ provider, digest, state, at, words }, entry) =>
      changed(
        sql`insert into default_connections (provider, digest, state, state_at, state_words)
          values (${provider}, ${digest}, ${state}, ${at}::timestamptz, ${words})
          on conflict (provider) do update set digest = excluded.digest, state = excluded.state,
            state_at = excluded.state_at, state_words = excluded.state_words
          returning provider`,
        entry,
      ),

    removeConnection: (name, by, entry) =>
      changed(
        sql`delete from connections where name = ${name} returning *`,
        entry,
        sql`insert into removed_connections (name, provider, encrypted, key_id, created_at, created_by, removed_by)
          select name, provider, encrypted, key_id, created_at, created_by, ${by} from changed
          on conflict (name) do update set provider = excluded.provider, encrypted = excluded.encrypted, key_id = excluded.key_id,
            created_at = excluded.created_at, created_by = excluded.created_by, removed_at = now(), removed_by = excluded.removed_by`,
      ),

    async listRemovedConnections() {
      const { rows } = await sql<{ name: string; provider: string; at: Date; by: string }>`
        select name, provider, removed_at as at, removed_by as by from removed_connections
        where removed_at > now() - make_interval(days => ${restorableDays}) order by removed_at desc, name limit ${mostConnections}`.execute(
        db,
      );
      return rows.map(({ name, provider, at, by }) => ({
        name,
        provider,
        removedAt: at.toISOString(),
        removedBy: by,
        until: new Date(at.getTime() + restorableDays * 24 * 3_600_000).toISOString(),
      }));
    },

    restoreConnection: (name, by, entry) =>
      changed(
        sql`insert into connections (name, provider, encrypted, key_id, version, created_at, created_by, updated_by)
          select name, provider, encrypted, key_id, ${nextVersion}, created_at, created_by, ${by} from removed_connections
          where name = ${name} and removed_at > now() - make_interval(days => ${restorableDays})
            and (select count(*) from connections) < ${mostConnections}::integer
          on conflict do nothing returning name`,
        entry,
        sql`delete from removed_connections where name in (select name from changed)`,
      ),

    async connectionUsers(name) {
      // The text may hold what jsonb does not take, so it is only looked through here, and read below.
      const { rows } = await sql<{ id: string; subject: string | null; cause: string }>`
        select id, subject, cause from runs
        where state in ('starting', 'running') and cause like ${`%"connection%"${name}"%`}
        order by event_seq, id limit 1000`.execute(db);
      return rows
        .filter(({ cause }) => isGiven(name, JSON.parse(cause)))
        .slice(0, usersShown)
        .map(({ id, subject }) => ({ run: id, ...(subject === null ? {} : { subject }) }));
    },

    setRoute: ({ provider, purpose = '', workflow = '', service = '', connection }, by, entry) =>
      changed(
        sql`insert into routes (provider, purpose, workflow, service, connection, set_by)
          select ${provider}, ${purpose}, ${workflow}, ${service}, ${connection}, ${by}
          where (select count(*) from routes) < ${mostRoutes}::integer or exists (select from routes
            where provider = ${provider} and purpose = ${purpose} and workflow = ${workflow} and service = ${service})
          on conflict (provider, purpose, workflow, service)
            do update set connection = excluded.connection, set_at = now(), set_by = excluded.set_by
          returning provider`,
        entry,
      ),

    removeRoute: ({ provider, purpose = '', workflow = '', service = '' }, entry) =>
      changed(
        sql`delete from routes where provider = ${provider} and purpose = ${purpose} and workflow = ${workflow}
          and service = ${service} returning provider`,
        entry,
      ),
  };
}

function isGiven(
  name: string,
  cause: { connection?: string; connections?: Record<string, string> },
): boolean {
  return cause.connection === name || Object.values(cause.connections ?? {}).includes(name);
}

/** A row as PostgreSQL writes it as JSON. */
interface JsonRow extends Omit<ConnectionsTable, 'encrypted' | 'state_at' | 'created_at' | 'updated_at'> {
  encrypted: string;
  state_at: string;
  created_at: string;
  updated_at: string;
}

const isoTime = (text: string) => new Date(text).toISOString();

function connectionRow(row: JsonRow): ConnectionRow {
  return {
    name: row.name,
    provider: row.provider,
    encrypted: { keyId: row.key_id, bytes: Buffer.from(row.encrypted, 'base64') },
    version: row.version,
    state: row.state,
    at: isoTime(row.state_at),
    words: row.state_words,
    createdAt: isoTime(row.created_at),
    createdBy: row.created_by,
    updatedAt: isoTime(row.updated_at),
    updatedBy: row.updated_by,
  };
}

function routeRow({
  provider = '',
  purpose,
  workflow,
  service,
  connection = '',
}: Record<string, string>): Route {
  return {
    provider,
    ...(purpose ? { purpose: purpose as NonNullable<Route['purpose']> } : {}),
    ...(workflow ? { workflow } : {}),
    ...(service ? { service } : {}),
    connection,
  };
}

const defaultRow = ({
  provider = '',
  digest = '',
  state,
  state_at = '',
  state_words = '',
}: Record<string, string>) => ({
  provider,
  digest,
  state: state as ConnectionState['state'],
  at: isoTime(state_at),
  words: state_words,
});
