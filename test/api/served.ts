import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { rebootEc2Instances } from '../../activities/ec2/reboot-instances.ts';
import { notConnected } from '../../activities/failures.ts';
import { addPagerDutyNote } from '../../activities/pagerduty/add-note.ts';
import { providers } from '../../activities/providers.ts';
import type { Principal } from '../../domain/rights.ts';
import { subjectOf } from '../../domain/subject.ts';
import { createLog } from '../../log/log.ts';
import { approverCheck } from '../../processes/approvers.ts';
import { noConnections } from '../../processes/connections.ts';
import { type Api, createApi } from '../../server/api/api.ts';
import { createApp, createHttpServer } from '../../server/app.ts';
import { createMetrics } from '../../server/metrics.ts';
import type { World } from '../../server/operations/operation.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import { Refusal } from '../../server/refusal.ts';
import type { Store } from '../../store/store.ts';
import { news, newsByHand } from '../cli/fixture/trigger.ts';
import { delivery, embeddedWorld, entry, fresh } from '../store/world.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of many shapes.
  json: any;
}

export interface Served {
  url: string;
  log: string[];
  /** Whose token is which. Changed, it holds from the next request on. */
  principals: Map<string, Principal>;
  ask(method: string, path: string, options?: Asking): Promise<Answer>;
  close(): Promise<void>;
}

export interface Asking {
  /** Admin when left out; null: none. */
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

const roles = ['viewer', 'responder', 'approver', 'operator', 'admin'] as const;

export const worldOn = (store: Store, changes: Partial<World> = {}): World => ({
  store,
  triggers: async () => [news],
  activities: async () => [addPagerDutyNote, rebootEc2Instances],
  workflows: async () => ({ names: ['waitForNews', 'other'], startable: [newsByHand] }),
  connections: noConnections,
  providers,
  doctor: async () => ({ connections: async () => [], activities: [], scrub: (text) => text }),
  checkApprover: approverCheck({ env: {}, providers, connections: noConnections, store }),
  settings: () => ({ PAGERDUTY_API_TOKEN: '••••••••' }),
  policies: async () => ({ pages: [], journal: [] }),
  linkedPeople: () => new Map(),
  retentionDays: 365,
  ownValues: () => ({}),
  clientFor: () => Promise.reject(notConnected('PagerDuty', 'PAGERDUTY_API_TOKEN')),
  ...changes,
});

/** The API on a real port, over a real store. Each role has a token of its own name. */
export async function serve(store: Store, changes: Partial<World> = {}): Promise<Served> {
  const principals = new Map<string, Principal>(
    roles.map((role) => [role, { kind: 'token', name: `the-${role}`, role }]),
  );
  const log: string[] = [];
  const logger = createLog((text) => text, {
    level: 'trace',
    destination: { write: (line) => log.push(line) },
  });
  let api: Api | undefined;
  const app = createApp({
    pagerDutySecrets: [],
    store,
    inbox: createInbox(store, () => {}),
    takeFromSlack: () => async () => ({}),
    temporalState: () => ({ up: true, since: '2026-11-20T09:00:00.000Z' }),
    metrics: createMetrics(),
    simulated: [],
    log: logger,
    makeApi: (readBody) => {
      api = createApi(
        {
          world: worldOn(store, changes),
          async authenticate({ headers }) {
            const found = principals.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
            if (!found) throw new Refusal(401, 'Not signed in', 'No valid token came with the request.');
            return found;
          },
        },
        { readBody, log: logger },
      );
      return api;
    },
  });
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    log,
    principals,
    async ask(method, path, { token = 'admin', body, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      };
    },
    close() {
      api?.stop();
      return new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    },
  };
}

/** The API over an embedded store, until the file's tests are over. To be awaited at the top of a test file. */
export async function openApi() {
  const world = await embeddedWorld();
  const store = world.newStore();
  const served = await serve(store);
  afterAll(async () => {
    await served.close();
    await world.close();
  });
  return { world, store, served };
}

/** An incident with an event that was answered, and a run on it. */
export async function incident(
  store: Store,
  service = 'PCHECK',
  title = 'p99 latency above 2 s',
  { connection = 'default', id = fresh('Q') } = {},
) {
  const subject = subjectOf(connection, id);
  const data = { id, title, status: 'triggered', service: { id: service, name: 'Checkout' } };
  const event = {
    id: fresh('E'),
    source: `/pagerduty/${connection}`,
    ...(connection === 'default' ? {} : { connection }),
    type: 'pagerduty.incident.triggered',
    subject,
  };
  const { seq } = await store.receive(
    delivery({ eventId: event.id, subject, event: { ...event, time: '2026-03-01T10:00:00.000Z', data } }),
  );
  const run = `news/${subject}`;
  await store.decide({
    seq,
    incident: { id: subject, status: 'triggered', seenAt: '2026-03-01T10:00:00.000Z', told: data },
    runs: [
      {
        id: run,
        trigger: 'news',
        workflow: 'waitForNews',
        subject,
        target: 'x',
        eventSeq: seq,
        input: {},
        cause: {},
      },
    ],
    entries: [
      entry({
        subject,
        action: 'event.answered',
        detail: {
          event: event.id,
          type: event.type,
          answers: [{ trigger: 'news', answer: 'no', reason: 'is of high urgency' }],
        },
      }),
    ],
  });
  await store.settle({ seq, disposition: 'dispatched', reason: 'x', started: [run], entries: [] });
  return { subject, seq, eventId: event.id, run };
}
