import { sql } from 'kysely';
import type { Encrypted } from '../../secrets/encryption.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';

export type ConsentState = 'asked' | 'taken' | 'granted' | 'refused';

/** A consent that a user of a provider is asked for in a browser, as it lies in the store. */
export interface ConsentRow {
  id: string;
  provider: string;
  connection: string;
  /** Who has begun it, as the record names them. */
  by: string;
  state: ConsentState;
  /** Why it was refused. No secrets. */
  words: string;
  encrypted: Encrypted;
}

export interface ConsentsTable {
  id: string;
  /** SHA-256 of what comes back with the browser. */
  state_hash: string;
  provider: string;
  connection: string;
  begun_by: string;
  state: ConsentState;
  words: string;
  /** See `Encrypted`. */
  encrypted: Uint8Array;
  key_id: string;
  expires_at: Time;
}

export const consentSteps = [
  `create table consents (
    id text primary key,
    state_hash text not null unique,
    provider text not null,
    connection text not null,
    begun_by text not null,
    state text not null default 'asked' check (state in ('asked', 'taken', 'granted', 'refused')),
    words text not null default '',
    encrypted bytea not null,
    key_id text not null,
    expires_at timestamptz not null
  )`,
];

/** So long a user has to consent, and then whoever began it to go on. */
export const consentMinutes = 10;

export interface ConsentRows {
  keepConsent(consent: Omit<ConsentRow, 'state' | 'words'> & { stateHash: string }): Promise<void>;
  /** For whoever brings its state first, and in time: nobody else is given it. The time begins anew, so that it is there when it is settled. */
  takeConsent(stateHash: string): Promise<ConsentRow | undefined>;
  /** What came of one that was taken. The time begins anew. */
  settleConsent(
    id: string,
    result: { state: 'granted' | 'refused'; words: string; encrypted: Encrypted },
  ): Promise<void>;
  /** Undefined: there is none, or its time is over. */
  findConsent(id: string): Promise<ConsentRow | undefined>;
  forgetConsent(id: string): Promise<void>;
  /** Values that a connection has got by its use: what was found of it stays. False: it is not there, or not in this version any more. */
  renewConnection(name: string, version: number, encrypted: Encrypted): Promise<boolean>;
}

const columns = sql.raw('id, provider, connection, begun_by, state, words, encrypted, key_id');
type Row = Omit<ConsentsTable, 'state_hash' | 'expires_at'>;

export function consentsOn({ db }: Context): ConsentRows {
  return {
    async keepConsent({ id, stateHash, provider, connection, by, encrypted: { bytes, keyId } }) {
      await sql`delete from consents where expires_at < now()`.execute(db);
      await sql`
        insert into consents (id, state_hash, provider, connection, begun_by, encrypted, key_id, expires_at)
        values (${id}, ${stateHash}, ${provider}, ${connection}, ${by}, ${bytes}::bytea, ${keyId},
          now() + make_interval(mins => ${consentMinutes}))`.execute(db);
    },

    async takeConsent(stateHash) {
      const { rows } = await sql<Row>`
        update consents set state = 'taken', expires_at = now() + make_interval(mins => ${consentMinutes})
        where state_hash = ${stateHash} and state = 'asked' and expires_at > now() returning ${columns}`.execute(
        db,
      );
      return rows[0] && consentRow(rows[0]);
    },

    async settleConsent(id, { state, words, encrypted: { bytes, keyId } }) {
      await sql`
        update consents set state = ${state}, words = ${words}, encrypted = ${bytes}::bytea, key_id = ${keyId},
          expires_at = now() + make_interval(mins => ${consentMinutes})
        where id = ${id} and state = 'taken'`.execute(db);
    },

    async findConsent(id) {
      const { rows } = await sql<Row>`
        select ${columns} from consents where id = ${id} and expires_at > now()`.execute(db);
      return rows[0] && consentRow(rows[0]);
    },

    async forgetConsent(id) {
      await sql`delete from consents where id = ${id}`.execute(db);
    },

    async renewConnection(name, version, { bytes, keyId }) {
      const { rows } = await sql`
        with next as (update connections_version set version = version + 1 returning version)
        update connections set encrypted = ${bytes}::bytea, key_id = ${keyId}, version = (select version from next)
        where name = ${name} and version = ${version}::bigint returning name`.execute(db);
      return rows.length > 0;
    },
  };
}

const consentRow = ({ begun_by: by, encrypted, key_id: keyId, ...row }: Row): ConsentRow => ({
  ...row,
  by,
  encrypted: { keyId, bytes: Buffer.from(encrypted) },
});
