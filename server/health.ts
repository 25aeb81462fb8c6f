import type { Request, Response } from 'express';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import type { Store } from '../store/store.ts';
import type { Metrics, StoredGauges } from './metrics.ts';
import type { PullState } from './pagerduty/pull.ts';
import type { SocketState } from './slack/socket.ts';
import type { StuckCounts } from './temporal/stuck-runs.ts';
import type { TroubleCounts } from './watchdog/watchdog.ts';

export interface HealthOptions {
  store: Pick<Store, 'ping' | 'backlog' | 'head'>;
  temporalState: () => { up: boolean; since: string; reason?: string | undefined };
  /** Undefined: Slack is not reached by Socket Mode. */
  slackSocketState?: () => SocketState | undefined;
  /** The sockets of named connections. */
  namedSlackSockets?: () => Record<string, SocketState>;
  metrics: Metrics;
  /** Runs that cannot go on, by reason; a worker knows of none. */
  stuckRuns?: () => StuckCounts;
  /** What the watchdog has found and tells people of; a worker has none. */
  troubles?: () => TroubleCounts;
  /** The providers that are simulated. */
  simulated: readonly string[];
  /** What keeps providers from being connected in full, a sentence each: a detail, and no reason not to be ready. */
  halves?: readonly string[];
  /** How the reading of PagerDuty's logs goes, by connection. */
  pulls?: (() => Record<string, PullState>) | undefined;
}

/** 200 while the process lives: nothing else is asked, so that no outage elsewhere gets it killed. */
export function answerHealth(_: Request, response: Response): void {
  response.json({ status: 'ok' });
}

/** 200 while events can be taken, also while the watchdog has found something (`degraded`); 503 without a store, which answers within 2 s. */
export function answerReadiness(options: HealthOptions) {
  const { store, temporalState, slackSocketState, simulated, halves = [], stuckRuns, pulls } = options;
  const { namedSlackSockets, troubles } = options;
  return async (_: Request, response: Response) => {
    const { up, since, reason } = temporalState();
    const slackSocket = slackSocketState?.();
    const named = Object.entries(namedSlackSockets?.() ?? {});
    const stuck = stuckRuns?.();
    const wrong = troubles?.();
    const isWell = [stuck, wrong].every((counts) =>
      Object.values(counts ?? {}).every((count) => count === 0),
    );
    const detail = {
      temporal: shapeOf({ up, since, reason }),
      ...(slackSocket ? { slackSocket: shapeOf(slackSocket) } : {}),
      ...(named.length > 0
        ? { slackSockets: Object.fromEntries(named.map(([name, state]) => [name, shapeOf(state)])) }
        : {}),
      simulated,
      ...(halves.length > 0 ? { connectedInHalf: halves } : {}),
      ...(stuck ? { stuckRuns: stuck } : {}),
      ...(wrong ? { troubles: wrong } : {}),
      ...(pulls ? { pagerDutyPulls: pulls() } : {}),
    };
    try {
      await store.ping();
      response.json({ status: up && isWell ? 'ok' : 'degraded', store: 'up', ...detail });
    } catch (error) {
      response.setHeader('Retry-After', '5');
      // Its message may name a host and user, so only the kind is told.
      const kind = error instanceof StoreUnavailable ? error.kind : 'away';
      const state = kind === 'full' || kind === 'read-only' ? kind : 'down';
      response.status(503).json({ status: 'down', store: state, ...detail });
    }
  };
}

const shapeOf = ({ up, since, reason }: { up: boolean; since: string; reason?: string | undefined }) => ({
  state: up ? 'up' : 'down',
  since,
  ...(up || !reason ? {} : { reason }),
});

/** Metrics as Prometheus reads them; what the store knows is read at the scrape. */
export function answerMetrics({
  store,
  temporalState,
  slackSocketState,
  metrics,
  stuckRuns,
  troubles,
  pulls,
}: HealthOptions) {
  return async (_: Request, response: Response) => {
    const stored = await readGauges(store).catch(() => undefined);
    const socket = slackSocketState?.();
    if (socket) metrics.slackSocket(socket.up);
    const { type, text } = await metrics.page(
      stored,
      temporalState().up,
      stuckRuns?.(),
      pulls?.(),
      troubles?.(),
    );
    response.type(type).send(text);
  };
}

/** The ping has its own short bound, so that a store that hangs shows as 0 and not as a scrape that fails. */
async function readGauges(store: HealthOptions['store']): Promise<StoredGauges> {
  await store.ping();
  const [backlog, head] = await Promise.all([store.backlog(), store.head()]);
  return { ...backlog, headSeq: head.seq };
}
