import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import express from 'express';
import type { Logger } from 'pino';
import type { Store } from '../store/store.ts';
import { addressOf } from './address.ts';
import { createHttpServer } from './app.ts';
import { askedOnceASecond } from './fresh.ts';
import { answerHealth, answerMetrics, answerReadiness } from './health.ts';
import type { Metrics } from './metrics.ts';
import { answerError, Refusal } from './refusal.ts';
import { watchTemporal } from './temporal/temporal-state.ts';

export interface MonitorOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  store: Pick<Store, 'ping' | 'backlog' | 'head'>;
  /** Asked every few seconds whether Temporal answers. */
  client: Client;
  namespace: string;
  metrics: Metrics;
  /** What keeps providers from being connected in full. */
  halves?: readonly string[];
  log: Logger;
}

export interface RunningMonitor {
  /** Where it listens. */
  url: string;
  stop(): Promise<void>;
}

/** Listens for a process that takes nothing in, as a worker: whether it lives, whether it can work, and its metrics. */
export async function startMonitor(options: MonitorOptions): Promise<RunningMonitor> {
  const { host, port, store, metrics, log } = options;
  // A worker's own connection tells nobody when Temporal is away.
  const temporal = watchTemporal({ ...options, count: metrics.temporalFailure });
  const health = {
    store: askedOnceASecond(store),
    metrics,
    simulated: [],
    halves: options.halves ?? [],
    temporalState: () => temporal,
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', answerHealth);
  app.get('/readyz', answerReadiness(health));
  app.get('/metrics', answerMetrics(health));
  app.use(() => {
    throw new Refusal(404, 'No such route', 'Here are /healthz, /readyz and /metrics only.');
  });
  app.use(answerError(log));
  const http = createHttpServer(app);
  http.listen(port, host);
  await once(http, 'listening').catch(async (error: unknown) => {
    await temporal.stop();
    throw error;
  });
  return {
    url: addressOf(host, (http.address() as AddressInfo).port),
    async stop() {
      await temporal.stop();
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
