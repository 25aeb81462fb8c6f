import { createHash, randomBytes } from 'node:crypto';
import { linkCodeAlphabet, linkCodeLength, linkCodePrefix } from '../domain/link-code.ts';

/** A code that nobody can guess: 80 random bits. The alphabet has 32 signs, so each of them is as likely. */
export const newLinkCode = (): string =>
  linkCodePrefix +
  Array.from(randomBytes(linkCodeLength), (byte) => linkCodeAlphabet[byte % linkCodeAlphabet.length]).join(
    '',
  );

/** By which the store knows a code: SHA-256, in hexadecimal. A code is too long to be guessed from it. */
export const linkCodeHash = (code: string): string => createHash('sha256').update(code).digest('hex');
