import { describe, expect, it, onTestFinished } from 'vitest';
import { prometheus } from '../../../activities/prometheus/provider.ts';
import { queryPrometheus } from '../../../activities/prometheus/query.ts';
import { prometheusEnvironment, prometheusSimulation } from '../../../simulator/prometheus.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, type Reply, runnerFor, startServing } from '../run.ts';

async function startPrometheus() {
  const simulator = await startSimulator(prometheusSimulation());
  onTestFinished(() => simulator.close());
  const settings = prometheusEnvironment(simulator.url);
  return { simulator, settings, run: runnerFor(settings) };
}

/** A Prometheus that always answers so. */
async function startAnswering(reply: Reply, env: NodeJS.ProcessEnv = {}) {
  const server = await startServing(() => reply);
  return { ...server, run: runnerFor({ PROMETHEUS_URL: `${server.url}/prefix/`, ...env }) };
}
const success = (resultType: string, result: unknown, more: object = {}): Reply => ({
  status: 200,
  body: JSON.stringify({ status: 'success', data: { resultType, result }, ...more }),
});
const at = '2026-11-26T09:00:00.000Z';
const seconds = Date.parse(at) / 1000;

describe('a query', () => {
  it('gives the labels, the value and its time', async () => {
    const { run } = await startPrometheus();
    expect(await run(queryPrometheus, { query: 'up', at })).toEqual({
      rows: [
        { labels: { __name__: 'up', job: 'checkout', instance: '10.0.1.7:9090' }, value: 1, at },
        { labels: { __name__: 'up', job: 'search', instance: '10.0.1.8:9090' }, value: 0, at },
      ],
      warnings: [],
    });
    expect(await run(queryPrometheus, { query: 'up{job="nobody"}' })).toEqual({ rows: [], warnings: [] });
    expect(await run(queryPrometheus, { query: '42', at })).toEqual({
      rows: [{ labels: {}, value: 42, at }],
      warnings: [],
    });
  });

  it('of a window gives a value for each step', async () => {
    const { simulator, run } = await startPrometheus();
    const { rows } = await run(queryPrometheus, { query: 'up', at, window: '10m', step: '5m' });
    expect(rows[0]).toEqual({
      labels: { __name__: 'up', job: 'checkout', instance: '10.0.1.7:9090' },
      values: ['2026-11-26T08:50:00.000Z', '2026-11-26T08:55:00.000Z', at].map((time) => ({
        at: time,
        value: 1,
      })),
    });
    const { rows: usual } = await run(queryPrometheus, { query: 'up', at, window: '1h' });
    expect(usual[0]?.values).toHaveLength(61);
    expect(simulator.calls.at(-1)?.path).toContain(`start=${seconds - 3600}&end=${seconds}&step=60`);
  });

  it.each([
    ['NaN', 'NaN'],
    ['+Inf', '+Inf'],
    ['-Inf', '-Inf'],
    ['1e3', 1000],
    ['-0.5', -0.5],
  ])('gives %s as %s', async (value, given) => {
    const { run } = await startAnswering(success('vector', [{ metric: {}, value: [seconds, value] }]));
    expect(await run(queryPrometheus, { query: 'x' })).toMatchObject({ rows: [{ value: given, at }] });
  });

  it('may give a text', async () => {
    const { run } = await startAnswering(success('string', [seconds, 'words']));
    expect((await run(queryPrometheus, { query: '"words"' })).rows).toEqual([
      { labels: {}, value: 'words', at },
    ]);
  });

  it('keeps what Prometheus warns of, and tells of what it leaves out', async () => {
    const result = [{ metric: { a: 'b' }, histogram: [seconds, { count: '1' }] }];
    const { run } = await startAnswering(
      success('vector', result, { warnings: ['incomplete'], infos: ['odd'] }),
    );
    expect(await run(queryPrometheus, { query: 'x' })).toEqual({
      rows: [],
      warnings: ['incomplete', 'odd', '1 native histograms are left out; take histogram_quantile() of them'],
    });
  });

  it('is bounded in its rows, its values and its texts', async () => {
    const vector = Array.from({ length: 150 }, (_, n) => ({
      metric: { n: 'x'.repeat(2_000) },
      value: [seconds, `${n}`],
    }));
    const { run } = await startAnswering(success('vector', vector));
    const few = await run(queryPrometheus, { query: 'x' });
    expect([few.rows.length, few.truncated, few.rows[0]?.labels.n?.length]).toEqual([100, true, 1_000]);
    const values = Array.from({ length: 1_001 }, (_, n) => [seconds + n, '1']);
    const matrix = Array.from({ length: 10 }, () => ({ metric: {}, values }));
    const wide = await startAnswering(success('matrix', matrix));
    const { rows, truncated } = await wide.run(queryPrometheus, { query: 'x', window: '1h' });
    expect([rows.length, truncated]).toEqual([4, true]);
  });

  it.each([
    ['a step without a window', { step: '1m' }, /step goes with a window/],
    ['more steps than are kept', { window: '7d', step: '1m' }, /take a longer step/],
  ])('is refused before a call: %s', async (_, input, message) => {
    const { simulator, run } = await startPrometheus();
    expect(await failureOf(run(queryPrometheus, { query: 'up', ...input }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(message),
    });
    expect(simulator.calls).toEqual([]);
  });

  it.each(['5', '0m', '-5m', '5 m', '1h30m', '5y', ''])('has no such window: "%s"', (window) => {
    expect(queryPrometheus.input.safeParse({ query: 'up', window }).success).toBe(false);
  });
});

describe('what Prometheus refuses', () => {
  const error = (errorType: string, words: string) =>
    JSON.stringify({ status: 'error', errorType, error: words });
  it.each([
    [400, error('bad_data', '1:3: parse error'), 'InvalidInput', /bad_data: 1:3: parse error/],
    [422, error('execution', 'many-to-many matching'), 'InvalidInput', /many-to-many/],
    [503, error('timeout', 'query timed out'), 'ProviderUnavailable', /query timed out/],
    [401, 'Unauthorized', 'ProviderRefused', /401/],
    [403, '<html>', 'ProviderRefused', /no reason given/],
    [429, '', 'RateLimited', /limits the rate/],
    [302, '', 'ProviderRefused', /302/],
    [200, '<html>', 'AnswerUnreadable', /cannot be read/],
    [200, error('x', 'y'), 'AnswerUnreadable', /cannot be read/],
  ])('is told from its status: %s %s', async (status, body, type, message) => {
    const { run } = await startAnswering({ status, body });
    const failure = await failureOf(run(queryPrometheus, { query: 'up(' }));
    expect(failure).toMatchObject({ type, message: expect.stringMatching(message) });
  });

  it('is told in its own words by the simulator as well', async () => {
    const { run } = await startPrometheus();
    expect(await failureOf(run(queryPrometheus, { query: 'sum(up' }))).toMatchObject({
      type: 'InvalidInput',
    });
  });
});

describe('the settings of Prometheus', () => {
  const ok = success('vector', []);

  it.each([
    [{ PROMETHEUS_TOKEN: 'token-of-a-test' }, 'Bearer token-of-a-test'],
    [{ PROMETHEUS_USERNAME: 'ada', PROMETHEUS_PASSWORD: 'x' }, `Basic ${btoa('ada:x')}`],
    [{}, undefined],
  ])('give the credentials, and the path before /api: %j', async (env, authorization) => {
    const { run, heard } = await startAnswering(ok, env);
    await run(queryPrometheus, { query: 'up', at });
    expect(heard[0]?.headers.authorization).toBe(authorization);
    expect(heard[0]?.call).toBe(`GET /prefix/api/v1/query?query=up&timeout=8s&time=${seconds}`);
  });

  it.each([
    [{ PROMETHEUS_URL: 'http://prometheus.monitoring.svc:9090' }, true],
    [{ PROMETHEUS_URL: 'https://prometheus.example', PROMETHEUS_TOKEN: 'x' }, true],
    [{ PROMETHEUS_URL: 'http://127.0.0.1:9090', PROMETHEUS_TOKEN: 'x' }, true],
    [
      { PROMETHEUS_URL: 'http://prometheus.monitoring.svc:9090', PROMETHEUS_TOKEN: 'x' },
      /PROMETHEUS_URL.*https:/,
    ],
    [
      { PROMETHEUS_URL: 'http://prometheus.monitoring.svc:9090', PROMETHEUS_PASSWORD: 'x' },
      /PROMETHEUS_URL.*https:/,
    ],
    [{ PROMETHEUS_URL: 'https://ada:x@prometheus.example' }, /PROMETHEUS_URL.* has a user/],
    [{ PROMETHEUS_URL: 'prometheus:9090' }, /PROMETHEUS_URL.* is not/],
    [{}, /set PROMETHEUS_URL$/],
  ])('let plain http be spoken where nothing is secret: %j', async (env, outcome) => {
    const connecting = clientsFor(env).prometheus('default');
    if (outcome === true) expect(await connecting).toBeDefined();
    else
      expect(await failureOf(connecting)).toMatchObject({
        type: 'NotConnected',
        message: expect.stringMatching(outcome as RegExp),
      });
  });

  it('never stand in a failure', async () => {
    const env = { PROMETHEUS_TOKEN: 'token-of-a-test' };
    const body = JSON.stringify({ status: 'error', error: 'proxy saw token-of-a-test' });
    const { run } = await startAnswering({ status: 400, body }, env);
    expect(String(await failureOf(run(queryPrometheus, { query: 'up' })))).not.toContain('token-of-a-test');
  });

  it('are checked by a query', async () => {
    const { settings } = await startPrometheus();
    const check = async (env: NodeJS.ProcessEnv) =>
      prometheus.check(await clientsFor(env).prometheus('default'), new AbortController().signal, {
        rights: [],
        settings: {},
      });
    expect(await check(settings)).toEqual([{ what: 'query', ok: true }]);
    expect(await check({ ...settings, PROMETHEUS_TOKEN: 'other' })).toMatchObject([
      { what: 'query', ok: false },
    ]);
    expect(await check({ PROMETHEUS_URL: 'http://127.0.0.1:1' })).toMatchObject([
      { what: 'query', ok: undefined },
    ]);
  });
});
