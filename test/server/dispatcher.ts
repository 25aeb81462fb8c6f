import {
  Client,
  Connection,
  ServiceError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { onTestFinished } from 'vitest';
import type { LaterEvent } from '../../domain/incident.ts';
import { createLog } from '../../log/log.ts';
import { authorityOf } from '../../secrets/authority.ts';
import { type Dispatcher, startDispatcher } from '../../server/dispatch/dispatch.ts';
import { urgencyBy } from '../../server/dispatch/urgency.ts';
import { watchTemporal } from '../../server/temporal/temporal-state.ts';
import type { Store } from '../../store/store.ts';
import { urgentIncidents } from '../../triggers/policies/urgent-incidents.ts';
import type { Trigger } from '../../triggers/trigger.ts';

/** What Temporal does in place of itself. Without `signal` no run is told anything. */
export interface FakeTemporal {
  start(id: string, priorityKey?: number): Promise<void>;
  signal?(id: string, events: LaterEvent[]): Promise<void>;
  /** Whether it knows a run as one that has ended. Left out: it knows none. */
  hasEnded?(id: string): boolean;
  /** Puts a run before others. Left out: Temporal does not know how. */
  raise?(id: string): Promise<void>;
}

/** As a run is answered for that has ended, or that Temporal does not know. */
export const notFound = (id: string) => new WorkflowNotFoundError('workflow not found', id, undefined);

/** A dispatcher on a real store, whose Temporal answers as `temporal` says. */
export function dispatcherOn(store: Store, triggers: readonly Trigger[], temporal: FakeTemporal): Dispatcher {
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  type Raise = { workflowExecution: { workflowId: string } };
  const unknown = () => Promise.reject(Object.assign(new ServiceError('12 UNIMPLEMENTED'), { code: 12 }));
  Object.assign(connection, {
    workflowService: {
      describeNamespace: async () => ({}),
      updateWorkflowExecutionOptions: ({ workflowExecution: { workflowId } }: Raise) =>
        temporal.raise ? temporal.raise(workflowId) : unknown(),
    },
  });
  const client = new Client({ connection });
  Object.assign(client.workflow, {
    start: (_: unknown, { workflowId, priority }: WorkflowStartOptions) =>
      temporal.start(workflowId, priority?.priorityKey),
    getHandle: (id: string) => ({
      signal: (_: unknown, events: LaterEvent[]) => temporal.signal?.(id, events),
      async describe() {
        if (temporal.hasEnded?.(id)) return { closeTime: new Date() };
        throw notFound(id);
      },
    }),
  });
  Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
  const log = createLog((text) => text, { destination: { write: () => {} } });
  const dispatcher = startDispatcher({
    store,
    client,
    triggers,
    taskQueue: 'none',
    urgencyOf: urgencyBy(urgentIncidents),
    eagerStart: false,
    authority: authorityOf('a-key-for-this-test'),
    temporal: watchTemporal({ client, namespace: 'default', log }),
    log,
  });
  onTestFinished(() => dispatcher.stop());
  return dispatcher;
}
