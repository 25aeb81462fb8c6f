import { setTimeout as pause } from 'node:timers/promises';
import { median, percentile } from '../../bench/figures.ts';
import { deliver, now } from '../../bench/load.ts';
import { residentMegabytes } from '../../bench/sides.ts';
import { simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { signed, webhookBody } from '../fixtures/webhooks.ts';

/** What `sustain` has seen. Times are of the answers, in milliseconds. */
export interface Sustained {
  times: number[];
  /** What was not answered 202. */
  errors: string[];
  /** Resident MB of the process, once a second. */
  memory: number[];
}

let made = 0;

/** A new incident in which nothing is urgent or known: every trigger is asked, and none starts a run. */
function newWebhook() {
  made += 1;
  const id = `QNIGHT${made}`;
  const event = { occurred_at: new Date().toISOString() };
  const data = { id, title: 'Disk is 71 % full', priority: null, urgency: 'low' };
  const body = webhookBody('incident.triggered', data, event);
  return { incidentId: id, headers: signed(body, simulatedWebhookSecret), body };
}

/** Sends webhooks at a steady rate, whatever the answers take. */
export async function sustain(
  { url, pid }: { url: string; pid: number },
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<Sustained> {
  const seen: Sustained = { times: [], errors: [], memory: [] };
  const began = now();
  const answers: Promise<void>[] = [];
  for (let place = 0; place < perSecond * seconds; place += 1) {
    const due = began + (place * 1000) / perSecond;
    if (due > now()) await pause(due - now());
    if (place % perSecond === 0) seen.memory.push(residentMegabytes(pid));
    const answer = deliver(url, newWebhook()).then(
      (time) => void seen.times.push(time),
      (error: Error) => void seen.errors.push(error.message),
    );
    answers.push(answer);
  }
  await Promise.all(answers);
  return seen;
}

/** The figures of a load, in a line of the run's output. */
export function told({ times, errors, memory }: Sustained): string {
  const half = memory.slice(Math.floor(memory.length / 2));
  const whole = (value: number) => value.toFixed(0);
  return (
    `${times.length} answers: p50 ${whole(median(times))} ms, p99 ${whole(percentile(times, 0.99))} ms, ` +
    `slowest ${whole(Math.max(...times))} ms; ${errors.length} errors; ` +
    `${whole(memory.at(-1) ?? 0)} MB, in the last half ${whole((half.at(-1) ?? 0) - (half[0] ?? 0))} MB more`
  );
}
