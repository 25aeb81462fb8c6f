import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MadeToken, makeToken, readToken } from '../secrets/token.ts';
import type { NewToken } from '../store/people/tokens.ts';
import type { Store } from '../store/store.ts';

const days = 90;

/**
 * Makes the first admin's token and gives its text. Undefined where there is an admin already: then an admin makes tokens. The caller has
 * the database, and could write the row itself.
 */
export async function makeFirstToken(
  store: Pick<Store, 'createFirstToken'>,
  via: 'cli' | 'start',
): Promise<string | undefined> {
  const made = makeToken();
  return (await keepFirst(store, made, via)) ? made.text : undefined;
}

async function keepFirst(
  store: Pick<Store, 'createFirstToken'>,
  made: MadeToken,
  via: 'cli' | 'start',
): Promise<boolean> {
  const token: NewToken = {
    id: made.id,
    hash: made.hash,
    name: 'first-admin',
    role: 'admin',
    scope: {},
    days,
    createdBy: 'baton',
  };
  const kept = await store.createFirstToken(token, ({ id, name, role, expiresAt }) => ({
    at: new Date().toISOString(),
    actor: 'baton',
    via,
    action: 'tokens.create',
    subject: id,
    detail: { name, role, expiresAt, first: true },
  }));
  return kept !== undefined;
}

/**
 * Where there is no admin yet: a token of one in `<dataDir>/admin.token`, for this user alone. Gives its path where it was made now. The file
 * comes before the row, so that a crash between leaves a token that the next start puts in force, and never one whose text is lost.
 */
export async function firstTokenFile(
  store: Pick<Store, 'hasAdmin' | 'checkToken' | 'createFirstToken'>,
  dataDir: string,
): Promise<string | undefined> {
  if (await store.hasAdmin()) return undefined;
  const path = join(dataDir, 'admin.token');
  const lying = readOwn(path);
  const isUnused = lying !== undefined && (await store.checkToken(lying.id, '')) === undefined;
  const token = isUnused ? lying : writeNew(path);
  return (await keepFirst(store, token, 'start')) ? path : undefined;
}

/** What lies there. Whatever is not a token, or not in a file of this user alone, is replaced. */
function readOwn(path: string): MadeToken | undefined {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (!file?.isFile() || file.uid !== (process.getuid?.() ?? file.uid) || (file.mode & 0o077) !== 0)
    return undefined;
  return readToken(readFileSync(path, 'utf8').trim());
}

/** Written whole under another name first, so that no half of one ever lies there. */
function writeNew(path: string): MadeToken {
  const made = makeToken();
  const aside = `${path}.${process.pid}`;
  rmSync(aside, { force: true });
  writeFileSync(aside, `${made.text}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(aside, path);
  return made;
}
