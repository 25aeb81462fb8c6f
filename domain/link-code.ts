/**
 * Codes by which somebody in Slack proves who they are in PagerDuty: a code is told to them in private, they write it as a note on an
 * incident, and PagerDuty says whose note it is. Baton keeps hashes only.
 */

/** For how long a code counts. */
export const linkCodeMinutes = 10;
/** How many codes of one user of Slack may be open at a time. */
export const mostLinkCodes = 5;

/** What all codes begin with; 16 letters and digits follow, which are 80 bits. */
export const linkCodePrefix = 'baton-link-';
export const linkCodeAlphabet = 'abcdefghijklmnopqrstuvwxyz234567';
export const linkCodeLength = 16;

const form = new RegExp(`^${linkCodePrefix}[${linkCodeAlphabet}]{${linkCodeLength}}$`);

/** The code that a text consists of; undefined where it says anything else. It says nothing of whether there is such a code. */
export function linkCodeIn(text: string): string | undefined {
  const code = text.trim().toLowerCase();
  return form.test(code) ? code : undefined;
}

/** A code that was written by a PagerDuty user with this address. */
export interface LinkProof {
  /** Of the codes that this user has written there, newest first. The first that is open counts. */
  hashes: readonly string[];
  /** In small letters. */
  email: string;
  /** The effect's: asked again under it, the answer is the same. */
  key: string;
}

/**
 * What came of a code. `linked`: `before` is the address that the user of Slack was linked to before, if any. `taken`: the address is linked to
 * another user of Slack. But for `linked`, nothing is changed.
 */
export type LinkAnswer =
  | { state: 'linked' | 'taken' | 'used' | 'expired'; slackUser: string; before?: string }
  | { state: 'unknown' };

export interface LinkCodes {
  /** Keeps the hash of a code for a user of Slack. False: they have as many open ones as they may. */
  keepLinkCode(hash: string, slackUser: string): Promise<boolean>;
  /** Uses up a code, and links its user of Slack to the address, with the line in the record. */
  redeemLinkCode(proof: LinkProof): Promise<LinkAnswer>;
}
