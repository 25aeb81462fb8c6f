import { createHash } from 'node:crypto';

/** A cut name ends in so much of its digest, so that two long names stay apart. */
const digestLength = 8;

/**
 * A name as a provider takes it, at most so long. What it does not take is replaced: `fits` tells, character by character, what it does.
 */
export function toldName(name: string, { most, fits }: { most: number; fits: RegExp }): string {
  const told = Array.from(name, (character) => (fits.test(character) ? character : '-')).join('');
  if (told.length <= most) return told;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, digestLength);
  return `${told.slice(0, most - digestLength - 1)}-${digest}`;
}
