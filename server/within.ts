/** The promise, for as long as the signal lets it: what does not hear the signal is left behind. */
export function within<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  const over = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([promise, over]);
}
