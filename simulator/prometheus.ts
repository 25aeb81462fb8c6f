import type { Express, Request, Response } from 'express';
import { defineSimulator, startUnhurried } from './provider.ts';
import { newSecret } from './secret.ts';
import type { Simulation } from './simulator.ts';

interface SimulatedSeries {
  metric: Record<string, string>;
  /** The value at all times, as Prometheus writes it: `0.5`, `NaN`, `+Inf`. */
  value: string;
}

export interface PrometheusWorld {
  /** What a query gives: the series of a metric's name, or of a whole expression. A number gives itself. */
  series: Record<string, SimulatedSeries[]>;
  warnings: string[];
  infos: string[];
  /** The token is known, and may not query. */
  isDenied?: boolean;
}

const token = newSecret();

/** Prometheus's HTTP API: queries, which it knows by their text. */
export function prometheusSimulation(): Simulation<PrometheusWorld> {
  return {
    provider: 'prometheus',
    world: {
      series: {
        up: [
          { metric: { __name__: 'up', job: 'checkout', instance: '10.0.1.7:9090' }, value: '1' },
          { metric: { __name__: 'up', job: 'search', instance: '10.0.1.8:9090' }, value: '0' },
        ],
      },
      warnings: [],
      infos: [],
    },
    routes: mount,
    errorBody: (status) => ({
      status: 'error',
      errorType: status === 503 ? 'timeout' : 'internal',
      error: `An ordered error ${status}`,
    }),
  };
}

/** The settings that connect Baton to the simulator at `url`. */
export const prometheusEnvironment = (url: string): Record<string, string> => ({
  PROMETHEUS_URL: url,
  PROMETHEUS_TOKEN: token,
});

export const simulatedPrometheus = defineSimulator({
  provider: 'prometheus',
  start: (options) => startUnhurried(prometheusSimulation(), options, prometheusEnvironment),
});

/** Prometheus answers no more points than these in one series. */
const mostPoints = 11_000;

function mount(app: Express, world: PrometheusWorld): void {
  const route = (path: string, give: (request: Request, query: string) => object | string) =>
    app.get(`/api/v1/${path}`, (request: Request, response: Response) => {
      // Whatever stands before a Prometheus and asks for a token answers in words of its own.
      if (request.headers.authorization !== `Bearer ${token}`)
        return void response.status(401).send('Unauthorized');
      if (world.isDenied) return void response.status(403).send('Forbidden');
      const query = String(request.query.query ?? '');
      const given = isParsed(query) ? give(request, query) : 'invalid parameter "query": 1:1: parse error';
      if (typeof given === 'string')
        return void response.status(400).json({ status: 'error', errorType: 'bad_data', error: given });
      const { warnings, infos } = world;
      return void response.json({
        status: 'success',
        data: given,
        ...(warnings.length > 0 ? { warnings } : {}),
        ...(infos.length > 0 ? { infos } : {}),
      });
    });

  route('query', (request, query) => {
    const at = Number(request.query.time ?? Date.now() / 1000);
    if (isNumber(query)) return { resultType: 'scalar', result: [at, query] };
    const series = world.series[query] ?? [];
    return {
      resultType: 'vector',
      result: series.map(({ metric, value }) => ({ metric, value: [at, value] })),
    };
  });
  route('query_range', (request, query) => {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(request.query[name]));
    if (start === undefined || end === undefined || !step) return 'invalid parameter "step"';
    if ((end - start) / step > mostPoints)
      return 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution';
    const times = Array.from(
      { length: Math.floor((end - start) / step) + 1 },
      (_, index) => start + index * step,
    );
    const series = isNumber(query) ? [{ metric: {}, value: query }] : (world.series[query] ?? []);
    return {
      resultType: 'matrix',
      result: series.map(({ metric, value }) => ({ metric, values: times.map((at) => [at, value]) })),
    };
  });
  app.use((_, response) => void response.status(404).send('404 page not found'));
}

const isNumber = (query: string) => /^-?\d+(\.\d+)?$/.test(query);

/** As far as a stand-in can tell: something, with all that is opened closed. */
function isParsed(query: string): boolean {
  const pairs = [
    ['(', ')'],
    ['{', '}'],
    ['[', ']'],
  ] as const;
  return (
    query.trim() !== '' && pairs.every(([open, end]) => query.split(open).length === query.split(end).length)
  );
}
