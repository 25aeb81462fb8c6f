/**
 * A signal that fires when `signal` does, or after so many milliseconds, with a `TimeoutError` as that of `AbortSignal.timeout`. Nothing of it is left
 * once it has fired. `AbortSignal.any` would leave much: Node keeps what that makes of signals that it has made itself for ever (24.21), and
 * others before (https://github.com/nodejs/node/issues/64476).
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
