import { signal } from '@preact/signals';
import { zone } from '../settings.ts';
import { absolute, countdown, lasting, relative } from '../time.ts';

/** Moves each second, for all that says how long ago something was. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
document.addEventListener('visibilitychange', () => {
  now.value = Date.now();
});

/** `4 min ago (03:02:09 UTC)`. */
export function When({ at, only }: { at: string | number; only?: 'relative' | 'absolute' }) {
  const time = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(time)) return <span>–</span>;
  const exact = absolute(time, zone.value, now.value);
  const about = relative(time, now.value);
  const words = only === 'relative' ? about : only === 'absolute' ? exact : `${about} (${exact})`;
  return (
    <time dateTime={new Date(time).toISOString()} title={only === 'relative' ? exact : about}>
      {words}
    </time>
  );
}

/** `11:42 left`, or that it is over. */
export function Deadline({ at }: { at: string }) {
  const time = Date.parse(at);
  const isOver = time <= now.value;
  return (
    <time dateTime={at} title={absolute(time, zone.value, now.value)} class="nowrap">
      {isOver ? 'time is up' : `${countdown(time, now.value)} left`}
    </time>
  );
}

/** How long something took, or has taken so far. */
export function Lasts({ from, to }: { from: string; to?: string | undefined }) {
  const end = to === undefined ? now.value : Date.parse(to);
  return <span class="nowrap">{lasting(end - Date.parse(from))}</span>;
}
