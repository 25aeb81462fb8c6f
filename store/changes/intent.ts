import type { HeldBy } from '../../domain/guard.ts';
import type { EffectsTable } from './effects.ts';
import { type Guarded, type GuardRow, heldBy, withStop } from './guards.ts';

/**
 * - `go`: make the change. `attempt` is the how-manieth at this effect. `uncertainSince`: an earlier one began then and may have
 *   made it.
 * - `done`: an earlier attempt of the same key made it, with this result; make no other.
 * - `busy`: another effect on one of the targets is open; try again soon.
 * - `held`: a guard holds it.
 * - `conflict`: this key is known for another activity or input, and that one was or may have been made.
 * - `ended`: the run has ended, so nothing more is done in its name.
 */
export type Intent =
  | { answer: 'go'; attempt: number; uncertainSince?: string; made?: unknown }
  | { answer: 'done'; result: unknown }
  | { answer: 'busy'; heldBy: string }
  /** `isUncertain`: an earlier attempt may have made it. */
  | { answer: 'held'; by: HeldBy; isUncertain: boolean }
  | { answer: 'conflict'; activity: string }
  | { answer: 'ended' };

/** What the statement tells that asks whether an effect may be made. */
export interface IntentRow extends GuardRow {
  /** The hold that was set just now. */
  stopped: string | null;
  attempt: number | null;
  uncertain_since: Date | null;
  state: EffectsTable['state'] | null;
  result: string | null;
  clash: string | null;
  held_by: string | null;
  made: string | null;
  ended: boolean;
}

/** Undefined: another process came first at the same moment. */
export function answerOf(row: IntentRow, guarded: Guarded): Intent | undefined {
  if (row.ended) return { answer: 'ended' };
  if (row.clash !== null) return { answer: 'conflict', activity: row.clash };
  if (row.state === 'done')
    return { answer: 'done', result: row.result === null ? undefined : JSON.parse(row.result) };
  if (row.held_by !== null) return { answer: 'busy', heldBy: row.held_by };
  const held = withStop(heldBy(row, guarded), row.stopped);
  const isUncertain = row.state === 'open' || row.state === 'unknown';
  if (held) return { answer: 'held', by: held, isUncertain };
  if (row.attempt === null) return undefined;
  return {
    answer: 'go',
    attempt: row.attempt,
    ...(row.uncertain_since === null ? {} : { uncertainSince: row.uncertain_since.toISOString() }),
    ...(row.made === null ? {} : { made: JSON.parse(row.made) }),
  };
}
