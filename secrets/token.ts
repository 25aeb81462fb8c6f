import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const form = /^baton_([a-f0-9]{12})_([a-f0-9]{64})$/;

/** A token that was just made. Its text is shown once and kept nowhere; only its hash is. */
export interface MadeToken {
  id: string;
  text: string;
  hash: string;
}

/** `baton_<id>_<secret>`, which scanners for secrets and our own scrubber know by its looks. The secret has 256 bits. */
export function makeToken(): MadeToken {
  const id = randomBytes(6).toString('hex');
  const text = `baton_${id}_${randomBytes(32).toString('hex')}`;
  return { id, text, hash: secretHash(text) };
}

/** The id and the hash of a token; undefined where it is not of its form. */
export function readToken(text: string): MadeToken | undefined {
  const id = form.exec(text)?.[1];
  return id === undefined ? undefined : { id, text, hash: secretHash(text) };
}

/**
 * What is kept of a token or a session, in hexadecimal. A plain hash is enough: there is nothing to guess in 256 random bits, as there is
 * in a password.
 */
export const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** In a time that tells nothing of where two hashes differ. */
export const isSameHash = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
