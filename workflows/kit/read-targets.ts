import { steps } from './activities.ts';
import { numberAt, numberOf, type Reading } from './monitor.ts';
import { inTime, type Unavailable } from './parts.ts';

/** The numbers that a reading gives now, by target; or why there are none. A query that gives no series gives no number. */
export async function readTargets(
  reading: Reading,
): Promise<{ values: { target: string; value: number }[] } | Unavailable> {
  const { target, by } = reading;
  const connection = by === undefined ? {} : { connection: by };
  if ('query' in reading) {
    const { query } = reading;
    const found = await inTime(() => steps.queryPrometheus({ query, ...connection }));
    if ('unavailable' in found) return found;
    return {
      values: found.rows.flatMap(({ labels, value }) => {
        const number = numberOf(value);
        return number === undefined
          ? []
          : [{ target: `${target} ${labelText(labels)}`.trim(), value: number }];
      }),
    };
  }
  const { url, path } = reading;
  const found = await inTime(() => steps.readHttpResource({ url, ...connection }));
  if ('unavailable' in found) return found;
  const value = numberAt(found.body, path);
  return value === undefined
    ? { unavailable: `there is no number at ${path}` }
    : { values: [{ target, value }] };
}

const labelText = (labels: Record<string, string>) =>
  Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, text]) => `${name}=${text}`)
    .sort()
    .join(' ');
