/**
 * A signal that fires when `signal` does, or after so many milliseconds, then with the `TimeoutError` of `AbortSignal.timeout`. Once it has fired,
 * nothing holds it any more. `AbortSignal.any` is not used for this: Node 24.21 never lets go of a signal that was made from another one of
 * its own, older versions of others besides (https://github.com/nodejs/node/issues/64476). Not for workflows, which have timers of Temporal.
 */
export function boundedSignal(signal: AbortSignal, milliseconds: number): AbortSignal {
  const bounded = new AbortController();
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', end);
    bounded.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  }, milliseconds);
  // It keeps no process alive: whoever waits for it does.
  timer.unref();
  const end = () => {
    clearTimeout(timer);
    bounded.abort(signal.reason);
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return bounded.signal;
}
