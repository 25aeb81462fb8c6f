import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file that should hold the secret key cannot be trusted. */
export class SecretKeyUnusable extends Error {
  override name = 'SecretKeyUnusable';
}

/** `openssl rand -hex 32` has 64. */
export const shortestSecretKey = 16;

/**
 * The secret key that lies in the data folder, `<dataDir>/secret.key`, for this user alone. It is made at the first start. Whoever has it
 * can act as Baton's server; whoever loses it makes the changes of live runs be refused.
 */
export function secretKeyIn(dataDir: string): string {
  const path = join(dataDir, 'secret.key');
  mkdirSync(dataDir, { recursive: true });
  const found = readKey(path);
  if (found !== undefined) return found;
  // Written whole under another name first, so that a crash leaves no half of a key, nor a second start another one.
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const made = readKey(path);
  if (made === undefined) throw new SecretKeyUnusable(`The secret key ${path} was removed at this moment.`);
  return made;
}

function readKey(path: string): string | undefined {
  try {
    const file = lstatSync(path);
    const isOurs =
      file.isFile() && file.uid === (process.getuid?.() ?? file.uid) && (file.mode & 0o077) === 0;
    if (!isOurs)
      throw new SecretKeyUnusable(
        `The secret key ${path} is not a file of this user alone, so others may know it. Remove it, and the next start makes a ` +
          'new one (changes of live runs are then refused); or, where nobody else has read it, take the rights of others ' +
          `away: chmod 600 ${path}`,
      );
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const key = readFileSync(path, 'utf8').trim();
  if (key.length < shortestSecretKey)
    throw new SecretKeyUnusable(
      `The secret key ${path} is too short. Remove it: the next start makes a new one.`,
    );
  return key;
}

const isCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;
