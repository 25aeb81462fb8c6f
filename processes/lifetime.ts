import { setTimeout as pause } from 'node:timers/promises';

/** All is closed within this, or what is left is cut off: the process's supervisor would kill it soon after. */
const drainMilliseconds = 14_000;

/** What a process has opened, closed newest first. */
export class Lifetime {
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #ending = Promise.withResolvers<void>();
  readonly #stop = new AbortController();

  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal = this.#stop.signal;

  /** A second Ctrl-C ends the process at once. */
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.signal.aborted && signal === 'SIGINT') process.exit(130);
    this.end();
  };

  constructor() {
    // A part may fail while the others are still being started, and nobody waits yet.
    this.#ending.promise.catch(() => undefined);
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** What takes its time to open, beside others: it is closed too where one of those has failed meanwhile. Its own failure is for whoever awaits it. */
  opens<Opened>(opening: Promise<Opened>, close: (opened: Opened) => Promise<unknown>): Promise<Opened> {
    this.onClose(() =>
      opening.then(
        (opened) => close(opened),
        () => undefined,
      ),
    );
    // It may come before anybody awaits it.
    opening.catch(() => undefined);
    return opening;
  }

  /** Ends the waiting, because all is done. */
  end(): void {
    this.#stop.abort();
    this.#ending.resolve();
  }

  /** Ends the waiting with an error: a part that the others need has failed. */
  fail(error: unknown): void {
    this.#stop.abort();
    this.#ending.reject(error);
  }

  /** Resolves at SIGINT or SIGTERM, rejects when a part fails. */
  untilEnd(): Promise<void> {
    return this.#ending.promise;
  }

  /** Closes everything. What fails to close is told and stops nothing else. */
  async close(tell: (error: Error) => void): Promise<void> {
    this.#stop.abort();
    const all = (async () => {
      for (const close of this.#closers.reverse()) await close().catch(tell);
      return true;
    })();
    const inTime = await Promise.race([all, pause(drainMilliseconds, false, { ref: false })]);
    if (!inTime) {
      tell(new Error(`Not everything stopped within ${drainMilliseconds / 1000} s`));
      process.exit(1);
    }
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
