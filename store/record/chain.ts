import { hash } from 'node:crypto';

/** A line of the record as it is linked: all text as it is stored, `detail` as its canonical JSON. */
export interface ChainRow {
  seq: number;
  at: string;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: string;
  /** The hash of the line before; of the first line, 64 zeros. */
  previous: string;
  hash: string;
}

/** The last line of a chain: what the next one is linked to. */
export interface Head {
  seq: number;
  hash: string;
}

/** Before the first line. */
export const noLine: Head = { seq: 0, hash: '0'.repeat(64) };

export type ChainCheck = { ok: true; head: Head } | { ok: false; seq: number; reason: string };

/**
 * The hash of a line: SHA-256, in hex, over eight fields in the order seq, at, actor, via, action, subject, detail, previous.
 * Each field is written as the length of its UTF-8 bytes in decimal digits, a colon, and those bytes; `seq` as decimal digits.
 * So `seq` 12 is written `2:12`, and nothing stands between the fields.
 */
export function linkHash(row: Omit<ChainRow, 'hash'>): string {
  const fields = [
    String(row.seq),
    row.at,
    row.actor,
    row.via,
    row.action,
    row.subject,
    row.detail,
    row.previous,
  ];
  return hash('sha256', fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join(''), 'hex');
}

/** Checks lines in their order, from the one after `head` on. Names the first that is not what was linked. */
export function checkChain(rows: readonly ChainRow[], head: Head = noLine): ChainCheck {
  let last = head;
  for (const row of rows) {
    const expected = last.seq + 1;
    if (row.seq !== expected) return { ok: false, seq: expected, reason: `line ${expected} is missing` };
    const follows = row.previous === last.hash;
    if (linkHash(row) !== row.hash) {
      const what = follows ? 'was altered: its content does not give its hash' : 'was moved or replaced';
      return { ok: false, seq: row.seq, reason: `line ${row.seq} ${what}` };
    }
    if (!follows) {
      const reason = `line ${row.seq} does not follow the line before it: one of the two was replaced`;
      return { ok: false, seq: row.seq, reason };
    }
    last = { seq: row.seq, hash: row.hash };
  }
  return { ok: true, head: last };
}
