import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** The last line of the record at some time, as it was told to the log and to a file. */
export interface ToldHead {
  seq: number;
  hash: string;
  at: string;
}

/** What of the record was taken away, as `Checkpoint` says it without its signature. */
export interface PrunedSegment {
  firstSeq: number;
  lastSeq: number;
  lastHash: string;
  lines: number;
  at: string;
}

/** A segment of the record that was pruned: `lines` lines, up to the one whose hash is `lastHash`. */
export interface Checkpoint extends PrunedSegment {
  /** See `signSegment`. */
  signature?: string;
}

/** The signature of a head: whoever can write to the database or the file, and does not have the key, can make no other. */
export const signHead = (secretKey: string, { seq, hash, at }: ToldHead): string =>
  sign(secretKey, ['head', seq, hash, at]);

export const isHeadSigned = (secretKey: string, head: ToldHead, signature: string): boolean =>
  isSame(signHead(secretKey, head), signature);

/** The signature of a checkpoint. */
export const signSegment = (secretKey: string, segment: PrunedSegment): string =>
  sign(secretKey, [
    'checkpoint',
    segment.firstSeq,
    segment.lastSeq,
    segment.lastHash,
    segment.lines,
    segment.at,
  ]);

export const isSegmentSigned = (secretKey: string, segment: PrunedSegment, signature: string): boolean =>
  isSame(signSegment(secretKey, segment), signature);

/** A key of its own, so that a signature of the record can never stand for one of something else. */
function sign(secretKey: string, fields: (string | number)[]): string {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'baton/record', 32));
  return createHmac('sha256', key).update(JSON.stringify(fields)).digest('hex');
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
