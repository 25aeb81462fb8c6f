import type { QueryResult } from 'kysely';
import { type messages, parse, protocol, together, types } from './pglite.ts';
import type { Session } from './session.ts';

/** A text that the database has parsed, and plans once for all its values. */
export interface Statement {
  name: string;
  /** The types of its parameters, by number (OID). */
  parameters: number[];
  /** Tells the columns of the rows; missing where it gives none. */
  columns: messages.RowDescriptionMessage | undefined;
}

export interface Statements {
  prepare(text: string): Promise<Statement>;
  /**
   * Is on its way before this returns. `durable`: what it has changed is on the disk before it is answered. `first` is done before it, in the same
   * message.
   */
  send(
    statement: Statement,
    values: readonly unknown[],
    durable: boolean,
    first?: Statement,
  ): Promise<QueryResult<never>>;
}

/** As it is said of a statement that PostgreSQL broke down in the middle of preparing: none is taken away otherwise. */
const noStatement = '26000';

/** How values are written and read, by their type's number. */
export interface Values {
  serializers: typeof types.serializers;
  parsers: typeof types.parsers;
}

const bytea = 17;
/** PGlite's own go byte by byte, and took most of the time of storing an event. */
const ownValues: Values = {
  serializers: {
    ...types.serializers,
    [bytea]: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`,
  },
  parsers: { ...types.parsers, [bytea]: (text: string) => Buffer.from(text.slice(2), 'hex') },
};

/** Arrays too, of each type that the database has. */
export async function valuesOf(session: Session): Promise<Values> {
  const { serializers, parsers } = {
    serializers: { ...ownValues.serializers },
    parsers: { ...ownValues.parsers },
  };
  const { prepare, send } = statementsOn(session, ownValues, false);
  const all = await prepare(
    `select typelem::integer as item, oid::integer as list from pg_type where typcategory = 'A'`,
  );
  const { rows } = await send(all, [], false);
  for (const { item, list } of rows as { item: number; list: number }[]) {
    serializers[list] = (given) => types.arraySerializer(given, serializers[item], list);
    parsers[list] = (text) => types.arrayParser(text, parsers[item] ?? String, list);
  }
  return { serializers, parsers };
}

/**
 * Asks with each text parsed and planned once, where it is kept. PGlite's own `query` does both every time, which took half the time of our
 * statements. Texts never hold values here, so there are few of them.
 */
export function statementsOn(session: Session, { serializers, parsers }: Values, keeps: boolean): Statements {
  const statements = new Map<string, Promise<Statement>>();

  /** In one message that ends with a sync, so that what follows an error is skipped and the next statement finds all in order. */
  async function exchange(parts: Uint8Array[], durable: boolean): Promise<Message[]> {
    const messages = messagesOf(
      await session.exchange(together([...parts, protocol.serialize.sync()]), durable),
    );
    const error = messages.find((message) => message instanceof Error);
    if (!error) return messages;
    throw (error as messages.DatabaseError).code === noStatement ? brokeDown() : error;
  }

  /**
   * What was done is told by a message of this name. Where PostgreSQL itself breaks down, as where its stack overflows, PGlite goes on without a
   * word: it would look as if all was done, and no row was found.
   */
  function mustTell(name: Message['name'], all: Message[]): void {
    if (!all.some((message) => message.name === name)) throw brokeDown();
  }
  const brokeDown = () => session.giveUp('PostgreSQL broke down in the middle of a statement');

  async function make(name: string, text: string): Promise<Statement> {
    const messages = await exchange(
      [protocol.serialize.parse({ name, text }), protocol.serialize.describe({ type: 'S', name })],
      false,
    );
    mustTell('parameterDescription', messages);
    const columns = messages.find((message) => message.name === 'rowDescription');
    return {
      name,
      parameters: parse.parseDescribeStatementResults(messages),
      columns: columns as messages.RowDescriptionMessage | undefined,
    };
  }

  function textOf(value: unknown, type: number | undefined): string | null {
    if (value === null || value === undefined) return null;
    const serialize = type === undefined ? undefined : serializers[type];
    return serialize ? serialize(value) : String(value);
  }

  return {
    prepare(text) {
      if (!keeps) return make('', text);
      const known = statements.get(text);
      if (known) return known;
      last += 1;
      const made = make(`s${last}`, text);
      statements.set(text, made);
      made.catch(() => statements.delete(text));
      return made;
    },

    async send({ name, parameters, columns }, values, durable, first) {
      const texts = values.map((value, place) => textOf(value, parameters[place]));
      const all = await exchange([...(first ? toDo(first.name, []) : []), ...toDo(name, texts)], durable);
      const messages = first ? all.slice(all.findIndex(isDone) + 1) : all;
      mustTell('commandComplete', messages);
      const [result] = parse.parseResults(columns ? [columns, ...messages] : messages, parsers);
      const changed = result?.affectedRows;
      return {
        rows: (result?.rows ?? []) as never[],
        ...(changed === undefined ? {} : { numAffectedRows: BigInt(changed) }),
      };
    },
  };
}

const toDo = (statement: string, values: (string | null)[]) => [
  protocol.serialize.bind({ statement, values }),
  protocol.serialize.execute({}),
];

const isDone = ({ name }: Message) => name === 'commandComplete';

/** Names are the session's, and never given twice: one whose text was refused may be there. */
let last = 0;

function messagesOf(bytes: Uint8Array): Message[] {
  const all: Message[] = [];
  new protocol.Parser().parse(bytes, (message) => all.push(message));
  return all;
}

type Message = Parameters<Parameters<InstanceType<typeof protocol.Parser>['parse']>[1]>[0];
