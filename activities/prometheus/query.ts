import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import type { QueryAnswer } from './client.ts';

/** As Prometheus writes them, of one unit. */
const duration = z.string().regex(/^[1-9]\d{0,5}(ms|s|m|h|d|w)$/, 'must be a duration such as 15m');

const units = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const secondsOf = (text: string) =>
  Number.parseInt(text, 10) * units[text.replace(/^\d+/, '') as keyof typeof units];

/** A number; what JSON has no number for is a text: `NaN`, `+Inf`, `-Inf`. */
const value = z.union([z.number(), z.string()]);

/** Together with what else a run reads this stays below what a history takes. */
const mostValues = 5_000;
const mostPoints = 1_000;
const mostTextLength = 1_000;

/**
 * Asks for the values of now, or of another time; with `window` for those of the time up to then, one for each `step` (a sixtieth of the
 * window). Rows beyond `limit`, and beyond 5 000 values in all, are left out and `truncated` says so.
 */
export const queryPrometheus = defineActivity({
  name: 'queryPrometheus',
  kind: 'read',
  provider: 'prometheus',
  summary: 'Asks Prometheus',
  permissions: ['query'],
  example: {
    query: 'sum by (service) (rate(http_requests_total{code=~"5.."}[5m]))',
    window: '30m',
    step: '1m',
  },
  input: z.object({
    connection: connectionName,
    query: z.string().min(1).max(4_000),
    /** Left out: now. */
    at: z.iso.datetime({ offset: true }).optional(),
    window: duration.optional(),
    step: duration.optional(),
    limit: z.number().int().min(1).max(500).default(100),
  }),
  output: z.object({
    rows: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        /** The value, and its time; of a window in place of them `values`. */
        value: value.optional(),
        at: z.string().optional(),
        values: z.array(z.object({ at: z.string(), value })).optional(),
      }),
    ),
    /** What Prometheus says of the answer: it may be incomplete. */
    warnings: z.array(z.string()),
    truncated: z.boolean().optional(),
  }),
  async run({ connection, query, at, window, step, limit }, { prometheus: connect, attempt: { signal } }) {
    if (step !== undefined && window === undefined)
      throw invalidInput('Prometheus', 'a step goes with a window only');
    const prometheus = await connect(connection);
    const end = at === undefined ? Date.now() / 1000 : Date.parse(at) / 1000;
    const shared = { query, timeout: '8s' };
    if (window === undefined)
      return rowsOf(await prometheus.query('query', { ...shared, time: `${end}` }, signal), limit);
    const seconds = secondsOf(window);
    const each = step === undefined ? Math.max(1, Math.ceil(seconds / 60)) : secondsOf(step);
    if (seconds / each > mostPoints)
      throw invalidInput(
        'Prometheus',
        `${window} in steps of ${step} are more than ${mostPoints}; take a longer step`,
      );
    const range = { ...shared, start: `${end - seconds}`, end: `${end}`, step: `${each}` };
    return rowsOf(await prometheus.query('query_range', range, signal), limit);
  },
});

const toValue = (text: string) => (Number.isFinite(Number(text)) && text !== '' ? Number(text) : cut(text));
const toTime = (seconds: number) => new Date(seconds * 1000).toISOString();
const cut = (text: string) => text.slice(0, mostTextLength).toWellFormed();
const toPoint = ([at, text]: [number, string]) => ({ at: toTime(at), value: toValue(text) });
const labelsOf = (metric: Record<string, string>) =>
  Object.fromEntries(Object.entries(metric).map(([name, text]) => [name, cut(text)]));

function rowsOf({ data, warnings }: QueryAnswer, limit: number) {
  const all = allRows(data);
  // A native histogram has no value.
  const histograms = all.filter((row) => !('value' in row) && !('values' in row)).length;
  const rows = all.filter((row) => 'value' in row || 'values' in row);
  let left = mostValues;
  const kept = rows.slice(0, limit).filter((row) => {
    left -= row.values?.length ?? 1;
    return left >= 0;
  });
  return {
    rows: kept,
    warnings: [
      ...warnings.slice(0, 20).map(cut),
      ...(histograms > 0
        ? [`${histograms} native histograms are left out; take histogram_quantile() of them`]
        : []),
    ],
    ...(kept.length < rows.length ? { truncated: true } : {}),
  };
}

interface Row {
  labels: Record<string, string>;
  value?: number | string;
  at?: string;
  values?: { at: string; value: number | string }[];
}

function allRows(data: QueryAnswer['data']): Row[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.map((row) => ({
        labels: labelsOf(row.metric),
        ...(row.value ? toPoint(row.value) : {}),
      }));
    case 'matrix':
      return data.result.map((row) => ({
        labels: labelsOf(row.metric),
        ...(row.values ? { values: row.values.map(toPoint) } : {}),
      }));
    case 'scalar':
      return [{ labels: {}, ...toPoint(data.result) }];
    case 'string':
      return [{ labels: {}, at: toTime(data.result[0]), value: cut(data.result[1]) }];
  }
}
