/** How many requests may go to one account or channel: `most` at once, and `perSecond` after that. In any minute `most + 60 × perSecond`. */
export interface Bucket {
  perSecond: number;
  most: number;
}

/** Requests that a process may make now, out of the bucket that all processes share. */
export interface Lease {
  granted: number;
  /** Seconds until the bucket has one more. 0 where something was granted. */
  waitSeconds: number;
}

/**
 * Takes up to `wanted` requests out of the bucket of this name. An urgent ask that gets nothing keeps the bucket for urgent ones until its turn:
 * whoever else asks gets nothing until then.
 */
export type LeaseRequests = (
  name: string,
  bucket: Bucket,
  wanted: number,
  isUrgent?: boolean,
) => Promise<Lease>;
