import { connectionNamePattern } from '../domain/subject.ts';
import type { Monitor } from '../workflows/kit/monitor.ts';
import { faultOfLimits, timeOf } from '../workflows/kit/threshold.ts';

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,54}[a-z0-9])?$/;
/** More often nobody would look. */
const leastEveryMs = 10_000;

/** The monitors whose conditions are kept as alerts; throws where one cannot be meant, or two have one name or one source. */
export function monitorList(monitors: readonly Monitor[]): readonly Monitor[] {
  const sources = monitors.flatMap(({ from }) => ('source' in from ? [from.source] : []));
  monitors.forEach((monitor, index) => {
    const fault = faultOf(monitor);
    if (fault !== undefined) throw new Error(`The monitor ${monitor.name || 'without a name'} ${fault}.`);
    const isTwice = monitors.findIndex(({ name }) => name === monitor.name) !== index;
    const isSharing =
      sources.filter((source) => 'source' in monitor.from && source === monitor.from.source).length > 1;
    if (isTwice || isSharing)
      throw new Error(
        `The monitor ${monitor.name} has the name or the source of another one, and which of them is meant cannot be told. Give it its own.`,
      );
  });
  return monitors;
}

/** What is wrong, and what to do; undefined where nothing is. */
function faultOf({ name, connection, from, limits, of, normalFor }: Monitor): string | undefined {
  if (!namePattern.test(name))
    return 'has no fitting name: its key and its runs begin with it. Use up to 56 small letters, digits and hyphens';
  if (!connectionNamePattern.test(connection))
    return `names no connection, "${connection}". See baton connections list`;
  if (!(timeOf(normalFor) >= 0)) return `has no fitting normalFor, ${normalFor}. Write it as '5 minutes'`;
  const faulty = limits && faultOfLimits(limits);
  if (faulty !== undefined) return faulty;
  if (typeof of === 'number' && !(Number.isInteger(of) && of >= 1))
    return `has no fitting number of targets, ${of}. Use a whole number from 1 on`;
  if ('source' in from) {
    if (!connectionNamePattern.test(from.source))
      return `names no source, "${from.source}". See baton connections list`;
    if (of === 'all') return 'cannot tell how many all targets of a source are. Say the number';
    return undefined;
  }
  if (from.reads.length === 0)
    return "reads nothing. Name a query, or an address with a path: { target: 'checkout', query: '…' }";
  if (!limits) return 'reads numbers, and has no limits that say how bad they are';
  if (!(timeOf(from.every) >= leastEveryMs))
    return `has no fitting every, ${from.every}. Write it as '30 seconds'; 10 s is the least`;
  return undefined;
}
