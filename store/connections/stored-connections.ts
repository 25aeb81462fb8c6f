import type { Entry } from '../../domain/record.ts';
import type { Route } from '../../domain/route.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { Encrypted, Encryption } from '../../secrets/encryption.ts';
import { soughtOf } from '../../secrets/passwords.ts';
import type { Store } from '../store.ts';
import type { ConnectionRow, ConnectionState, ConnectionTables } from './connections.ts';
import { renewValues } from './renewal.ts';
import type { MadeBySetUp } from './set-up.ts';
import { type StoredConsents, storedConsents } from './stored-consents.ts';

/** The settings of one connection, by the names of the variables that define `default`. */
export type ConnectionValues = Record<string, string>;

/** A named connection, read. */
export interface StoredConnection extends Omit<ConnectionRow, 'encrypted'> {
  /** Undefined where none of our keys reads them. */
  values: ConnectionValues | undefined;
  /** Those of the values that are secret. */
  secrets: readonly string[];
}

/** All connections and routes at one moment. */
export interface KnownConnections {
  version: number;
  connections: ReadonlyMap<string, StoredConnection>;
  routes: readonly Route[];
  /** What is known of the connection `default`, by provider: of those that the environment defines, as it defines them now. */
  defaults: ReadonlyMap<string, ConnectionState['state']>;
}

/** A connection `default` that the environment defines. */
export interface DefaultConnection {
  provider: string;
  /** Of its settings. */
  digest: string;
}

/** The named connections of the store, in the clear within this process. */
export interface StoredConnections {
  /**
   * The settings of a connection, at most 3 s old; the version changes with them. Undefined where there is none of this name and
   * provider, and of `default`, which is the environment's. Rejects with `ConnectionUnreadable`, and with `StoreUnavailable`.
   */
  settingsOf(
    provider: string,
    connection: string,
  ): Promise<{ values: ConnectionValues; version: string } | undefined>;
  /** What is known, at most 3 s old: the store is asked for one number where it is older. */
  known(): Promise<KnownConnections>;
  /** Asks the store now. */
  look(): Promise<KnownConnections>;
  add(given: {
    name: string;
    provider: string;
    values: ConnectionValues;
    secrets: readonly string[];
    by: string;
    entry: Entry;
  }): Promise<boolean>;
  /** Replaces all values of a connection that has this version. False: it has another one by now. */
  change(
    connection: Pick<StoredConnection, 'name' | 'provider' | 'version'>,
    given: {
      values: ConnectionValues;
      secrets: readonly string[];
      by: string;
      entry: Entry;
      /** What setup has just made. */
      made?: MadeBySetUp;
    },
  ): Promise<boolean>;
  /** What a test of the connection `default` of a provider found. False: the environment defines none, or it is simulated. */
  judgeDefault(provider: string, found: ConnectionState, entry: Entry): Promise<boolean>;
  /** See `renewValues`. What was found of the connection stays. */
  renew(
    provider: string,
    connection: string,
    renewal: (values: ConnectionValues) => Promise<ConnectionValues | undefined>,
  ): Promise<ConnectionValues>;
  /** Those that users of providers are asked for. */
  consents: StoredConsents;
  /** Writes what is under a former key anew, under the newest, also what can be restored. Returns how many. */
  renewKeys(): Promise<number>;
}

/** A connection as it lies in the store, also one that was removed. */
type Sealed = Pick<ConnectionRow, 'name' | 'provider' | 'encrypted'>;

/** None of our keys reads it. */
export class ConnectionUnreadable extends Error {
  override name = 'ConnectionUnreadable';
  constructor(names: readonly string[]) {
    super(
      `The connection ${names.join(', ')} cannot be decrypted: it was stored under another secret key. Add that key to ` +
        'BATON_FORMER_SECRET_KEYS and restart, or give the connection all its values again (baton connections change)',
    );
  }
}

/** A change is seen by all processes within 5 s. */
const freshMilliseconds = 3_000;

/**
 * Reads and writes the named connections. `learn` is told of each secret before anybody is given it, so that no log and no record
 * ever holds it.
 */
export function storedConnections({
  store,
  encryption,
  defaults: own = [],
  learn,
}: {
  store: Store;
  encryption: Encryption;
  /** Left out: none is defined. */
  defaults?: readonly DefaultConnection[];
  learn: (secrets: readonly string[]) => void;
}): StoredConnections {
  let last: { known: KnownConnections; at: number } | undefined;
  let looking: Promise<KnownConnections> | undefined;

  /** Undefined: none of our keys reads it. */
  function decrypt({ encrypted, ...row }: Sealed) {
    const text = encryption.decrypt(encrypted, aboutOf(row));
    if (text === undefined) return undefined;
    const { values, secrets } = JSON.parse(text) as { values: ConnectionValues; secrets: string[] };
    learn(secretParts(values, secrets));
    return { values, secrets };
  }

  function read(whole: ConnectionRow): StoredConnection {
    const { encrypted: _, ...row } = whole;
    return { ...row, ...(decrypt(whole) ?? { values: undefined, secrets: [] }) };
  }

  function encrypt(
    about: { name: string; provider: string },
    values: ConnectionValues,
    secrets: readonly string[],
  ) {
    learn(secretParts(values, secrets));
    return encryption.encrypt(JSON.stringify({ values, secrets }), aboutOf(about));
  }

  async function lookNow(): Promise<KnownConnections> {
    const at = performance.now();
    const isSame = last !== undefined && (await store.connectionsVersion()) === last.known.version;
    const known = last && isSame ? last.known : readAll(await store.loadConnections());
    last = { known, at };
    return known;
  }

  function readAll({ version, connections, routes, defaults }: ConnectionTables): KnownConnections {
    const stateOf = ({ provider, digest }: DefaultConnection) =>
      defaults.find((row) => row.provider === provider && row.digest === digest)?.state ?? 'unverified';
    return {
      version,
      routes,
      connections: new Map(connections.map((row) => [row.name, read(row)])),
      defaults: new Map(own.map((each) => [each.provider, stateOf(each)])),
    };
  }

  /** Who asks while somebody looks waits for the same answer. */
  function look(): Promise<KnownConnections> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function known(): Promise<KnownConnections> {
    return last && performance.now() - last.at < freshMilliseconds ? last.known : look();
  }

  /** One that has begun may have read before what the caller knows to be changed. */
  async function lookAnew(): Promise<KnownConnections> {
    await looking?.catch(() => undefined);
    return look();
  }

  return {
    known,
    look: lookAnew,
    renew: (provider, connection, renewal) =>
      renewValues(connection, renewal, {
        store,
        look: lookAnew,
        keep: ({ name, version, secrets }, values) =>
          store.renewConnection(name, version, encrypt({ name, provider }, values, secrets)),
      }),
    consents: storedConsents(store, encryption, (texts, secrets) => learn(secretParts(texts, secrets))),
    async settingsOf(provider, connection) {
      if (connection === defaultConnection) return undefined;
      const found = (await known()).connections.get(connection);
      if (found?.provider !== provider) return undefined;
      if (!found.values) throw new ConnectionUnreadable([connection]);
      return { values: found.values, version: String(found.version) };
    },
    add: ({ name, provider, values, secrets, by, entry }) =>
      store.addConnection({
        name,
        provider,
        encrypted: encrypt({ name, provider }, values, secrets),
        by,
        entry,
      }),
    change: ({ name, provider, version }, { values, secrets, by, entry, made }) =>
      store.changeConnection({
        name,
        version,
        encrypted: encrypt({ name, provider }, values, secrets),
        by,
        entry,
        ...(made ? { made } : {}),
      }),
    async judgeDefault(provider, found, entry) {
      const defined = own.find((each) => each.provider === provider);
      return defined !== undefined && store.judgeDefault({ ...defined, ...found }, entry);
    },
    async renewKeys() {
      let renewed = 0;
      async function renew(row: Sealed, keep: (anew: Encrypted) => Promise<boolean>) {
        if (row.encrypted.keyId === encryption.keyId) return;
        const opened = decrypt(row);
        if (opened && (await keep(encrypt(row, opened.values, opened.secrets)))) renewed += 1;
      }
      // The removed ones first: one that is restored meanwhile is then among the others.
      for (const row of await store.loadRemovedConnections())
        await renew(row, (anew) => store.reencryptRemovedConnection(row.name, row.encrypted, anew));
      for (const row of (await store.loadConnections()).connections)
        await renew(row, (anew) => store.reencryptConnection(row.name, row.version, anew));
      return renewed;
    },
  };
}

/** What the encryption is bound to: a row that is copied under another name or provider cannot be read. */
const aboutOf = ({ provider, name }: { provider: string; name: string }) => ['connection', provider, name];

/** What is to be looked for of the secrets among these values. */
export const secretParts = (values: ConnectionValues, secrets: readonly string[]): string[] =>
  secrets.flatMap((name) => soughtOf(values[name] ?? ''));
