import { Client, Connection } from '@temporalio/client';
import { vi } from 'vitest';
import type { LaterEvent } from '../../domain/incident.ts';
import { createLog } from '../../log/log.ts';
import { authorityOf } from '../../secrets/authority.ts';
import { startDispatcher } from '../../server/dispatch/dispatch.ts';
import { readPagerDutyEvent } from '../../server/pagerduty/event.ts';
import { type PullSource, startPulling } from '../../server/pagerduty/pull.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import { watchTemporal } from '../../server/temporal/temporal-state.ts';
import { openAccount } from '../../simulator/pagerduty/account.ts';
import { firstWorld, type Incident } from '../../simulator/pagerduty/world.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { fresh, type World } from '../store/world.ts';

async function handle(_: string): Promise<void> {}
const on = (name: string, step: 'triggered' | 'reopened') =>
  defineTrigger({
    name,
    on: `pagerduty.incident.${step}`,
    when: 'always',
    run: handle,
    input: ({ id }) => id,
  });
const triggers = [on('on-triggered', 'triggered'), on('on-reopened', 'reopened')];
const silent = createLog((text) => text, { destination: { write: () => {} } });

/** What is told to a run: what happened, and who did it. */
export interface Tell {
  run: string;
  what: string;
}

/**
 * An account with one incident, and a Baton that learns of it by webhooks and by pulling, each when it is asked for. The times of the
 * account are those of `at`. Temporal is a stand-in that keeps what it is told; a run ends when a person resolves.
 */
export async function startBothWays(world: World, at: () => number) {
  await world.run('delete from pulls');
  const store = world.newStore();
  const account = openAccount(firstWorld(), {
    send: (event) => void webhooks.push(event as { id: string }),
  });
  const webhooks: { id: string }[] = [];
  const tells: Tell[] = [];
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  Object.assign(connection, { workflowService: { describeNamespace: async () => ({}) } });
  const client = new Client({ connection });
  Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
  Object.assign(client.workflow, {
    start: async () => {},
    getHandle: (run: string) => ({
      async signal(_: unknown, events: LaterEvent[]) {
        for (const { type, by, data } of events) {
          const note = (data as { content?: string } | undefined)?.content;
          tells.push({ run, what: [type, by?.kind === 'person' ? by.id : '', note ?? ''].join(' ') });
        }
        if (events.some(({ type }) => type.endsWith('.resolved')))
          await world.run(`update runs set state = 'completed', ended_at = now() where id = '${run}'`);
      },
    }),
  });
  const temporal = watchTemporal({ client, namespace: 'default', log: silent });
  const dispatcher = startDispatcher({
    pulls: true,
    store,
    client,
    triggers,
    taskQueue: 'none',
    eagerStart: false,
    authority: authorityOf('a-key-for-this-test'),
    temporal,
    log: silent,
  });
  const inbox = createInbox(store, dispatcher.enqueue);

  /** An act at the account, at the time of `at`. */
  function act<Value>(what: () => Value): Value {
    vi.useFakeTimers({ toFake: ['Date'], now: at() });
    try {
      return what();
    } finally {
      vi.useRealTimers();
    }
  }
  const incident = act(() => {
    const [service] = account.world.services;
    if (!service) throw new Error('The first world has services');
    return account.createIncident({
      id: fresh('QBOTH'),
      title: 'Checkout errors',
      service,
      urgency: 'high',
      key: 'k',
      priorityId: null,
      by: { type: 'service', id: service.id },
    });
  });

  async function settled(): Promise<void> {
    while ((await store.backlog()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  let asked = Promise.withResolvers<void>();
  let done = () => {};
  const source: PullSource = {
    everySeconds: 0.005,
    needs: ['PAGERDUTY_API_TOKEN'],
    hasDefault: true,
    async read(_, { since = '1970-01-01', until = '9999-01-01', offset, limit }) {
      await asked.promise;
      const { log } = account.world;
      const found = log.filter((each) => each.at >= since && each.at <= until).toReversed();
      const shown = found
        .slice(offset, offset + limit)
        .map((each) => account.shape.logEntry(each, ['incidents']));
      return { entries: structuredClone(shown), more: found.length > offset + limit };
    },
  };

  const keepPull: typeof store.keepPull = async (...given) => {
    const kept = await store.keepPull(...given);
    asked = Promise.withResolvers();
    done();
    return kept;
  };
  const pulling = startPulling({ source, store: { ...store, keepPull }, inbox, log: silent, now: at });

  return {
    store,
    account,
    incident: incident as Incident,
    tells,
    act,
    /** Webhooks that PagerDuty has not delivered yet. */
    webhooks,
    /** Delivers the oldest webhook. */
    async deliver() {
      const event = webhooks.shift();
      if (!event) return;
      const json = JSON.parse(JSON.stringify(event));
      const read = readPagerDutyEvent(
        json.event ? json : { event: json },
        'default',
        new Date().toISOString(),
      );
      if (!('event' in read)) throw new Error(read.unreadable);
      const { id, type, subject = '', time, source: by } = read.event;
      const body = Buffer.from(JSON.stringify(json));
      const about = { source: by, eventId: id, type, subject, time, body };
      await inbox.store({ ...about, event: read.event, actor: 'pagerduty', via: 'webhook' });
      await settled();
    },
    /** One look at the account's log, to its end. */
    async pull() {
      const whole = new Promise<void>((resolve) => {
        done = resolve;
      });
      asked.resolve();
      await whole;
      await settled();
    },
    async outcome() {
      const [runs, mirrored, events] = await Promise.all([
        store.listRuns({ subject: incident.id, limit: 100 }),
        store.findIncident(incident.id),
        store.listEvents({ subject: incident.id, limit: 500 }),
      ]);
      const { status, assignees, priority } = mirrored?.incident ?? {};
      return {
        runs: runs.map(({ id }) => id.replace(incident.id, 'Q')).sort(),
        mirror: { status: mirrored?.status, told: { status, assignees, priority } },
        events,
      };
    },
    async stop() {
      const stopping = pulling.stop();
      asked.promise.catch(() => {});
      asked.reject(new Error('The test is over'));
      await stopping;
      await dispatcher.stop();
    },
  };
}
