import { z } from 'zod';
import { batonVersion } from '../../domain/version.ts';
import { longestPollMilliseconds, pollersOf } from '../temporal/pollers.ts';
import { holdShape, holdsFor } from './hold-shapes.ts';
import { stateIn } from './incident-why.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { eventShape } from './shapes.ts';

const workersShape = z.object({
  state: z
    .enum(['working', 'none', 'unknown'])
    .describe('unknown: Temporal was not asked, or did not answer'),
  count: z.int().exactOptional().describe('Those that have asked for work within the last minute'),
  expected: z.int().exactOptional(),
});

export const showStatus = defineOperation({
  name: 'status.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /status',
  summary:
    'How Baton itself stands: what holds changes back, Temporal, workers, what is simulated, what waits',
  within: ['workflows', 'services'],
  input: z.strictObject({}),
  output: z.object({
    version: z.string(),
    commit: z.string().exactOptional(),
    mode: z.enum(['simulated', 'partly simulated', 'real']),
    simulated: z.array(z.string()).readonly().describe('The providers that are simulated'),
    server: z
      .enum(['here', 'elsewhere'])
      .describe('elsewhere: the process that answers is no server, and knows nothing of Temporal'),
    temporal: z.object({
      state: z.enum(['up', 'down', 'unknown']),
      since: z.string().exactOptional(),
      reason: z.string().exactOptional(),
    }),
    workers: workersShape,
    killSwitches: z.array(holdShape),
    holds: z
      .array(holdShape)
      .describe('What else holds changes back: freezes, breakers, what was made too often'),
    inbox: z.object({ pending: z.int(), oldestSeconds: z.number() }),
    lastEvent: eventShape
      .pick({ seq: true, type: true, subject: true, receivedAt: true })
      .exactOptional()
      .describe('Left out where none has come, or where you are limited'),
    troubles: z.record(z.string(), z.int()).describe('What the watchdog has found, by condition'),
    notes: z.array(z.string()).describe('What keeps it from going on in full, a sentence each'),
  }),
  async run(_, context) {
    const { store, running, simulated = [], providers, principal, commit } = context;
    const state = running?.();
    const [all, inbox, events, workers] = await Promise.all([
      store.listHolds({ live: true, limit: 100 }),
      store.backlog(),
      principal.scope ? { items: [] } : store.pageOfEvents({ limit: 1 }),
      workersOf(context),
    ]);
    const holds = holdsFor(principal, all);
    const [last] = events.items;
    const simulatable = providers.filter((each) => each.simulated).length;
    return {
      version: batonVersion,
      ...(commit === undefined ? {} : { commit }),
      mode:
        simulated.length === 0
          ? ('real' as const)
          : simulated.length >= simulatable
            ? ('simulated' as const)
            : ('partly simulated' as const),
      simulated,
      server: state ? ('here' as const) : ('elsewhere' as const),
      temporal: state
        ? {
            state: state.temporal.up ? ('up' as const) : ('down' as const),
            since: state.temporal.since,
            ...(state.temporal.reason ? { reason: state.temporal.reason } : {}),
          }
        : { state: 'unknown' as const },
      workers,
      killSwitches: holds.filter(({ kind }) => kind === 'kill-switch'),
      holds: holds.filter(({ kind }) => kind !== 'kill-switch'),
      inbox,
      ...(last ? { lastEvent: last } : {}),
      troubles: { ...state?.troubles },
      notes: [...stateIn(state), ...(state?.halves ?? [])],
    };
  },
});

const askMilliseconds = 2_000;

/** Who has asked Temporal for work lately. A worker that has gone is remembered there for minutes, and counts for one of them at most. */
async function workersOf({ runs, running }: OperationContext): Promise<z.input<typeof workersShape>> {
  const state = running?.();
  const expected = state ? { expected: state.workersExpected } : {};
  if (!runs || state?.temporal.up === false) return { state: 'unknown', ...expected };
  const { client, taskQueue } = runs;
  const asked = client
    .withDeadline(Date.now() + askMilliseconds, () => pollersOf(client, client.options.namespace, taskQueue))
    .catch(() => undefined);
  const pollers = await asked;
  if (!pollers) return { state: 'unknown', ...expected };
  const live = pollers.filter(({ at }) => Date.now() - at <= longestPollMilliseconds);
  const count = new Set(live.map(({ identity }) => identity)).size;
  return { state: count > 0 ? 'working' : 'none', count, ...expected };
}
