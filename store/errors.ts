import { StoreUnavailable } from '../domain/store-unavailable.ts';

/**
 * Classes and codes by which PostgreSQL says that it cannot serve now: connection lost (08), sign-in refused (28), no such
 * database (3D000), idle for too long in a transaction (25P03, 25P04), rolled back for another (40), resources: disk, memory,
 * connections (53), lock not available (55P03), shut down or cancelled (57), trouble of its system (58), read-only (25006).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const passingSqlState = /^(08...|28...|3D000|40...|53...|55P03|57...|58...|25006|25P03|25P04)$/;
/** One of them is told to a statement alone: rolled back for another, no lock in time, not done in time. */
const busySqlState = /^(40...|55P03|57014)$/;

const passingSystemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTCONN',
  'ENOBUFS',
  'EIO',
  'ENOENT',
  'EMFILE',
  'ENOSPC',
  'EROFS',
]);

/**
 * What the clients say without a code of its own: of a lost or never made connection, of a store that was closed, and of a plan that a
 * newer version's migration made void.
 */
const passingMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|cached plan must not change|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|driver has already been destroyed|PGlite (instance )?is (already )?clos|Postgres connection has been discarded|The server does not support SSL|There was an error establishing an SSL connection)/;

/**
 * `StoreUnavailable` where the database is away, overloaded or read-only; any other error is a bug or a broken rule, and stays as
 * it is. Only the cause's code and message are kept, which name host and user at most.
 */
export function storeError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error;
  // A host name with several addresses fails with one error for each.
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = codeOf(cause);
  const passing =
    (code !== undefined && (passingSqlState.test(code) || passingSystemCodes.has(code))) ||
    passingMessages.test(cause.message);
  if (!passing) return error;
  const reason = code && !cause.message.includes(code) ? `${cause.message} (${code})` : cause.message;
  return new StoreUnavailable(`The store is not available: ${reason}`, kindOf(code));
}

function kindOf(code: string | undefined): StoreUnavailable['kind'] {
  if (code === undefined) return 'away';
  if (busySqlState.test(code)) return 'busy';
  if (code === '53100' || code === 'ENOSPC') return 'full';
  return code === '25006' || code === 'EROFS' ? 'read-only' : 'away';
}

/** True for a broken unique rule. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === '23505';
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
