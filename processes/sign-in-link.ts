import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { secretHash } from '../secrets/token.ts';
import { isPrivate } from '../server/address.ts';
import type { Store } from '../store/store.ts';
import { CliFailure, exits } from './failure.ts';

/** A link is used at once or not at all: whoever needs another one makes it. */
export const linkMinutes = 15;

/**
 * A link by which the user of this machine signs in to the console, once. The code stands behind the #, which browsers send to nobody. Only
 * its hash is kept. Undefined where it could be read on the way.
 */
export async function makeSignInLink(
  store: Pick<Store, 'keepSignInLink'>,
  publicUrl: string,
): Promise<string | undefined> {
  if (!isPrivate(new URL(publicUrl))) return undefined;
  const code = randomBytes(32).toString('base64url');
  const { username: name } = userInfo();
  await store.keepSignInLink({ hash: secretHash(code), name, minutes: linkMinutes });
  return `${publicUrl.replace(/\/$/, '')}/sign-in/link#${code}`;
}

/** The same, for whoever asked for it. */
export async function signInLink(store: Pick<Store, 'keepSignInLink'>, publicUrl: string): Promise<string> {
  const link = await makeSignInLink(store, publicUrl);
  if (link !== undefined) return link;
  throw new CliFailure(`Nobody signs in at ${publicUrl}`, {
    why: 'It is plain http:// to another machine, and whoever is on the way could read the session.',
    next: 'Give Baton an https:// address (BATON_PUBLIC_URL), or reach it on this machine.',
    exit: exits.conflict,
  });
}
