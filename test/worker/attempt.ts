import { defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { afterAll } from 'vitest';
import type { RunCause } from '../../domain/incident.ts';
import type { Store } from '../../store/store.ts';
import { activityInterceptors, type InterceptorOptions } from '../../worker/interceptor.ts';
import { callsSigned, testAuthority } from '../authority.ts';
import { surroundingsFor } from '../clients.ts';
import { embeddedWorld } from '../store/world.ts';

/** An embedded store, until the file's tests are over. To be awaited at the top of a test file. */
export async function openStore(): Promise<Store> {
  const stored = await embeddedWorld();
  const store = stored.newStore();
  afterAll(async () => {
    await store.close();
    await stored.close();
  });
  return store;
}

type Surrounded = Pick<InterceptorOptions, 'activities' | 'store'> &
  Partial<InterceptorOptions> & {
    /** What the call's signed cause says besides, and what its header says otherwise. */
    cause?: Partial<RunCause>;
    forged?: object;
    beside?: object;
  };

/** What stands around an activity in a worker, whose calls come from a run that a server has started. */
export function aroundCalls({
  cause = {},
  forged = {},
  beside = {},
  ...given
}: Surrounded): ActivityInterceptorsFactory[] {
  const options = {
    clients: surroundingsFor({}),
    authority: testAuthority,
    simulated: [],
    scrub: (text: string) => text,
    ...given,
  };
  return [callsSigned(cause, forged, beside), activityInterceptors(options)];
}

type Info = NonNullable<ConstructorParameters<typeof MockActivityEnvironment>[0]>;

/** Calls an activity as a run does. `approvalId`: by which approval the run says that it calls. `headers`: what it says besides. */
export function callActivity(
  info: Omit<Info, 'workflowExecution'> & { runId?: string },
  interceptors: ActivityInterceptorsFactory[],
  input: object,
  approvalId?: string,
  headers: Record<string, unknown> = {},
): Promise<unknown> {
  const { runId, ...rest } = info;
  const execution = runId === undefined ? {} : { workflowExecution: { workflowId: runId, runId } };
  const said = { ...headers, ...(approvalId === undefined ? {} : { batonApproval: approvalId }) };
  const all = [saying(said), ...interceptors];
  return new MockActivityEnvironment({ ...rest, ...execution }, { interceptors: all }).run(
    async (_: object): Promise<unknown> => undefined,
    input,
  );
}

const saying = (said: Record<string, unknown>): ActivityInterceptorsFactory => {
  const payloads = Object.entries(said).map(([name, value]) => [
    name,
    defaultPayloadConverter.toPayload(value),
  ]);
  return () => ({
    inbound: {
      execute: ({ headers, ...call }, next) =>
        next({ ...call, headers: { ...headers, ...Object.fromEntries(payloads) } }),
    },
  });
};
