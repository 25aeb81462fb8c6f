/** For what a run waits by itself, as it says so to Temporal, and as it is read from there. */

export interface SaidWait {
  for: string;
  /** ISO time. */
  until?: string;
}

export const waitInWords = (what: string, until?: number): string =>
  `Waits for ${what}${until === undefined ? '' : ` until ${new Date(until).toISOString()}`}`;

/** Undefined: it says nothing of the kind. */
export function readWait(details: string): SaidWait | undefined {
  const [, all] = /^Waits for (.+)$/.exec(details) ?? [];
  if (all === undefined) return undefined;
  const [, what, until] = /^(.+) until (\d{4}-\S+Z)$/.exec(all) ?? [];
  return what === undefined || until === undefined ? { for: all } : { for: what, until };
}
