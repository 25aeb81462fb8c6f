import type { Logger } from 'pino';
import type { EntryOf } from '../../domain/record.ts';
import type { ToTell } from '../../store/changes/journal.ts';
import type { Store } from '../../store/store.ts';
import { allToTheirEnd, startRounds } from './rounds.ts';

/** How PagerDuty was told of a change. */
export type Telling =
  /** `isUnconfirmed`: an earlier attempt may have told it, which cannot be seen, so it was not told again. */
  | { state: 'told'; isUnconfirmed: boolean }
  /** It would be refused again. */
  | { state: 'refused'; reason: string }
  /** `isUncertain`: it may have been told. `waitMs`: how long PagerDuty wants to be left alone. */
  | { state: 'later'; reason: string; isUncertain: boolean; waitMs?: number };

/** Tells PagerDuty of a change. May be called again for the same one. Rejects only where nothing was sent. */
export type Tell = (change: ToTell, signal: AbortSignal) => Promise<Telling>;

interface Options {
  store: Pick<Store, 'takeJournal' | 'tellLater' | 'settleJournal'>;
  tell: Tell;
  log: Logger;
}

const mostAtOnce = 10;
/** Longer than an attempt takes: after this another process may try. */
const heldSeconds = 60;
const firstWaitSeconds = 1;
const longestWaitSeconds = 600;
/** Change events can be looked for a day back. What PagerDuty does not take for so long is in the record, and is given up. */
const triedForMilliseconds = 12 * 3_600_000;

/**
 * Tells PagerDuty of the changes that policies ask for, apart from the runs that have made them: none of them waits for it, or fails by it.
 * They lie in the store from the moment in which they were made, and any server takes those that are due.
 */
export function startJournal({ store, tell, log }: Options): { stop(): Promise<void> } {
  async function tellOne(change: ToTell, stopping: AbortSignal): Promise<void> {
    const told = await tell(change, stopping).catch(notSent);
    const { run, activity, subject } = change.entry;
    const line = { at: new Date().toISOString(), actor: 'baton', via: 'journal', subject };
    const detail = { run, activity, key: change.key };
    if (told.state === 'told') {
      const more = told.isUnconfirmed ? { unconfirmed: true as const } : {};
      return store.settleJournal(change.key, {
        ...line,
        action: 'change.told',
        detail: { ...detail, ...more },
      });
    }
    const { reason } = told;
    const isOver = Date.now() - Date.parse(change.leftAt) >= triedForMilliseconds;
    if (told.state === 'refused' || isOver) {
      log.warn({ run, activity, reason }, 'PagerDuty is not told of a change');
      const entry: EntryOf<'change.not_told'> = {
        ...line,
        action: 'change.not_told',
        detail: { ...detail, reason },
      };
      return store.settleJournal(change.key, entry);
    }
    if (change.attempt === 1) log.warn({ run, activity, reason }, 'PagerDuty is told of a change later');
    const usual = Math.min(firstWaitSeconds * 2 ** (change.attempt - 1), longestWaitSeconds);
    return store.tellLater(change, Math.max(usual, (told.waitMs ?? 0) / 1_000), told.isUncertain);
  }

  const notSent = (error: unknown): Telling => ({
    state: 'later',
    reason: error instanceof Error ? error.message : String(error),
    isUncertain: false,
  });

  return startRounds({
    async round(stopping) {
      const due = await store.takeJournal(mostAtOnce, heldSeconds);
      await allToTheirEnd(due.map((change) => tellOne(change, stopping)));
      return false;
    },
    onFault: (error) =>
      log.warn({ err: error }, 'The changes that PagerDuty is to be told of could not be seen to'),
  });
}
