import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { Heartbeat } from '../domain/heartbeat.ts';
import { connectionNamePattern } from '../domain/subject.ts';

interface Declaration {
  /** The name of the source: `POST /webhooks/http/<source>`. */
  source: string;
  /** In which time the next one is to come: `'1 day'`. Give it what a late one may take. */
  every: Duration;
}

/** Less is no more than the watchdog can tell, which looks every 10 s. */
const leastSeconds = 30;

/** The sources that are expected to be heard of; throws where one cannot be meant, or is there twice. */
export function heartbeatList(declared: readonly Declaration[]): readonly Heartbeat[] {
  const sources = declared.map(({ source }) => source);
  return declared.map(({ source, every }, index) => {
    const fails = (why: string): never => {
      throw new Error(`The heartbeat of ${source || 'a source without a name'} ${why}`);
    };
    if (!connectionNamePattern.test(source))
      fails(
        'names no source: a name has up to 40 small letters, digits and hyphens. See baton connections list.',
      );
    if (sources.indexOf(source) !== index)
      fails('is there twice, and which of them is meant cannot be told. List it once.');
    const everySeconds = secondsOf(every);
    if (!(everySeconds >= leastSeconds))
      fails(
        `has no fitting time, ${every}: it is the time in which the next one is to come, ${leastSeconds} s at least. Write it as '1 day' or '5 minutes'.`,
      );
    return { source, everySeconds };
  });
}

function secondsOf(every: Duration): number {
  try {
    return msToNumber(every) / 1_000;
  } catch {
    return Number.NaN;
  }
}
