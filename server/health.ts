import type { Request, Response } from 'express';
import type { Store } from '../store/store.ts';
import type { Metrics, StoredGauges } from './metrics.ts';

export interface HealthOptions {
  store: Pick<Store, 'ping' | 'backlog' | 'head'>;
  temporalState: () => { up: boolean; since: string };
  metrics: Metrics;
  /** The providers that are simulated. */
  simulated: readonly string[];
}

/** 200 while the process lives: nothing else is asked, so that no outage elsewhere gets it killed. */
export function answerHealth(_: Request, response: Response): void {
  response.json({ status: 'ok' });
}

/** 200 while events can be taken, also with Temporal away (`degraded`); 503 without a store, which answers within 2 s. */
export function answerReadiness({ store, temporalState, simulated }: HealthOptions) {
  return async (_: Request, response: Response) => {
    const { up, since } = temporalState();
    const detail = { temporal: { state: up ? 'up' : 'down', since }, simulated };
    try {
      await store.ping();
      response.json({ status: up ? 'ok' : 'degraded', store: 'up', ...detail });
    } catch {
      response.setHeader('Retry-After', '5');
      response.status(503).json({ status: 'down', store: 'down', ...detail });
    }
  };
}

/** Metrics as Prometheus reads them; what the store knows is read at the scrape. */
export function answerMetrics({ store, temporalState, metrics }: HealthOptions) {
  return async (_: Request, response: Response) => {
    const stored = await readGauges(store).catch(() => undefined);
    const { type, text } = await metrics.page(stored, temporalState().up);
    response.type(type).send(text);
  };
}

/** The ping has its own short bound, so that a store that hangs shows as 0 and not as a scrape that fails. */
async function readGauges(store: HealthOptions['store']): Promise<StoredGauges> {
  await store.ping();
  const [backlog, head] = await Promise.all([store.backlog(), store.head()]);
  return { ...backlog, headSeq: head.seq };
}
