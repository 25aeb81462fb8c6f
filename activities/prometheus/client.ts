import { z } from 'zod';
import { withoutSlashAtEnd } from '../address.ts';
import { invalidInput, providerFailure, unreachable, unreadable } from '../failures.ts';
import { NoAnswer, sendHttp, wayTo } from '../http.ts';
import { decorative, listOf } from '../lenient.ts';
import { retryAfterSeconds } from '../retry-after.ts';

/** What a query gave, with what Prometheus says of it. */
export interface QueryAnswer {
  data: z.output<typeof wireData>;
  /** Warnings, then notes on what may be wrong with the query. */
  warnings: string[];
}

/** One Prometheus, or what speaks like it: Thanos, Mimir, VictoriaMetrics. */
export interface Prometheus {
  /** `path` is `query` or `query_range`. */
  query(
    path: 'query' | 'query_range',
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<QueryAnswer>;
}

export interface PrometheusSettings {
  PROMETHEUS_URL: string;
  PROMETHEUS_TOKEN?: string | undefined;
  PROMETHEUS_USERNAME?: string | undefined;
  PROMETHEUS_PASSWORD?: string | undefined;
}

export function connectPrometheus(settings: PrometheusSettings, env: NodeJS.ProcessEnv): Prometheus {
  const baseUrl = withoutSlashAtEnd(settings.PROMETHEUS_URL);
  const way = wayTo(baseUrl, env);
  const authorization = authorizationOf(settings);
  const secrets = [settings.PROMETHEUS_TOKEN, settings.PROMETHEUS_PASSWORD].filter(
    (secret) => secret !== undefined,
  );
  return {
    async query(path, parameters, signal) {
      const { status, headers, text } = await sendHttp({
        method: 'GET',
        url: `${baseUrl}/api/v1/${path}?${new URLSearchParams(parameters)}`,
        headers: { accept: 'application/json', ...(authorization ? { authorization } : {}) },
        way,
        signal,
      }).catch((error: unknown) => {
        throw error instanceof NoAnswer ? unreachable('Prometheus', error.message) : error;
      });
      const body = parseJson(text);
      if (status < 200 || status >= 300) {
        const words = secrets.reduce((said, secret) => said.replaceAll(secret, '…'), wordsIn(body));
        // The query is wrong, or cannot be executed.
        if (status === 400 || status === 422) throw invalidInput('Prometheus', words);
        throw providerFailure('Prometheus', status, words, retryAfterSeconds(headers));
      }
      const answer = wireAnswer.safeParse(body);
      if (!answer.success) throw unreadable('Prometheus');
      const { data, warnings, infos } = answer.data;
      return { data, warnings: [...warnings, ...infos] };
    },
  };
}

function authorizationOf(settings: PrometheusSettings): string | undefined {
  const { PROMETHEUS_TOKEN: token, PROMETHEUS_USERNAME: user, PROMETHEUS_PASSWORD: password } = settings;
  if (token) return `Bearer ${token}`;
  if (!password) return undefined;
  return `Basic ${Buffer.from(`${user ?? ''}:${password}`).toString('base64')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wireError = z.object({ error: decorative(z.string()), errorType: decorative(z.string()) });

function wordsIn(body: unknown): string {
  const { error, errorType } = wireError.safeParse(body).data ?? {};
  return [errorType, error].filter(Boolean).join(': ').slice(0, 500) || 'no reason given';
}

/** Seconds since 1970, and a number as text: https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats */
const sample = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string()).default({});

const wireData = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labels, value: sample.optional() })),
  }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labels, values: z.array(sample).optional() })),
  }),
  z.object({ resultType: z.literal('scalar'), result: sample }),
  z.object({ resultType: z.literal('string'), result: sample }),
]);

const wireAnswer = z.object({
  status: z.literal('success'),
  data: wireData,
  warnings: listOf(z.string()),
  infos: listOf(z.string()),
});
