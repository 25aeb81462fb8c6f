import { StoreUnavailable } from '../domain/store-unavailable.ts';

const mostItems = 200;
/** A batch travels as one statement; with the largest bodies it holds sixteen of them. */
const mostBytes = 8 * 1024 * 1024;
const mostWaiting = 5000;
const mostWaitingBytes = 64 * 1024 * 1024;
/** A failure that took this long would cost each batch that waits its own wait. */
const slowFailureMs = 500;

interface Waiter<Item, Result> {
  item: Item;
  bytes: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
  answered: boolean;
}

/**
 * Lets writers that wait at the same moment share one `write`, which gives a result for each item, in order. One `write` runs at
 * a time. When it fails with `StoreUnavailable`, all of its items fail with that one error, and none is tried again: what was asked may
 * have happened. Where the store took long to fail, those who wait fail with it. For another reason each item is tried alone, so that
 * one bad item fails alone.
 * The function it gives rejects with `StoreUnavailable` when too many wait, or when there is no answer within `answerWithinMs`;
 * an item that was still waiting then is not written.
 */
export function groupCommit<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  bytesOf: (item: Item) => number,
  answerWithinMs?: number,
): (item: Item) => Promise<Result> {
  const waiting: Waiter<Item, Result>[] = [];
  let waitingBytes = 0;
  let writing = false;

  function takeBatch(): Waiter<Item, Result>[] {
    let count = 0;
    let bytes = 0;
    for (const waiter of waiting) {
      if (count === mostItems || (count > 0 && bytes + waiter.bytes > mostBytes)) break;
      count += 1;
      bytes += waiter.bytes;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, count).filter((waiter) => !waiter.answered);
  }

  /** Gives the error where the store was not available. */
  async function commit(batch: Waiter<Item, Result>[]): Promise<StoreUnavailable | undefined> {
    try {
      const results = await write(batch.map(({ item }) => item));
      batch.forEach((waiter, index) => {
        const result = results[index];
        if (result === undefined) waiter.reject(new Error('An item of the batch has no result'));
        else waiter.resolve(result);
      });
      return undefined;
    } catch (error) {
      if (batch.length === 1 || error instanceof StoreUnavailable) {
        for (const waiter of batch) waiter.reject(error);
        return error instanceof StoreUnavailable ? error : undefined;
      }
      return commitSingly(batch);
    }
  }

  async function commitSingly(batch: Waiter<Item, Result>[]): Promise<StoreUnavailable | undefined> {
    let away: StoreUnavailable | undefined;
    for (const waiter of batch) {
      if (away) waiter.reject(away);
      else away = await commit([waiter]);
    }
    return away;
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      if (batch.length === 0) continue;
      const began = performance.now();
      const away = await commit(batch);
      if (away && away.kind !== 'busy' && performance.now() - began > slowFailureMs) {
        waitingBytes = 0;
        for (const waiter of waiting.splice(0)) waiter.reject(away);
      }
    }
    writing = false;
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      const bytes = bytesOf(item);
      if (waiting.length >= mostWaiting || waitingBytes + bytes > mostWaitingBytes) {
        reject(new StoreUnavailable('The store is not available: too many writers wait'));
        return;
      }
      const answer = (give: () => void) => {
        clearTimeout(timer);
        waiter.answered = true;
        give();
      };
      const waiter: Waiter<Item, Result> = {
        item,
        bytes,
        answered: false,
        resolve: (result) => answer(() => resolve(result)),
        reject: (error) => answer(() => reject(error)),
      };
      const timer =
        answerWithinMs === undefined
          ? undefined
          : setTimeout(() => {
              waiter.reject(new StoreUnavailable('The store is not available: it did not answer in time'));
            }, answerWithinMs);
      waiting.push(waiter);
      waitingBytes += bytes;
      if (!writing) {
        writing = true;
        // What arrived in the same turn of the event loop goes into the first batch.
        setImmediate(() => void writeAll());
      }
    });
}
