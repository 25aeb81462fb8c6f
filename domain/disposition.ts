/** What became of an event. Until one of these, it is pending. */
export const dispositions = ['dispatched', 'duplicate', 'ignored', 'stale', 'parked'] as const;
export type Disposition = (typeof dispositions)[number];
