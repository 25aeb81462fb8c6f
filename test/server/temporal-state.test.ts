import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../log/log.ts';
import { createMetrics } from '../../server/metrics.ts';
import { isTemporalAway, watchTemporal } from '../../server/temporal/temporal-state.ts';

const grpc = (code: number, message = 'no') => Object.assign(new Error(message), { code });

describe('an error of Temporal', () => {
  it.each([1, 2, 4, 7, 8, 9, 10, 12, 13, 14, 16])('of code %i says nothing about the event', (code) => {
    expect(isTemporalAway(grpc(code))).toBe(true);
    expect(isTemporalAway(new Error('Failed to start Workflow', { cause: grpc(code) }))).toBe(true);
  });

  it.each([
    ['an invalid argument', grpc(3, 'BlobSizeLimitError: memo exceeds size limit')],
    [
      'what is too large for a message',
      grpc(8, 'grpc: received message larger than max (5000000 vs. 4194304)'),
    ],
    ['what a trigger throws', new TypeError('cannot read this title')],
    ['an id that is taken', grpc(6)],
  ])('that is %s is about the event', (_, error) => {
    expect(isTemporalAway(error)).toBe(false);
    expect(isTemporalAway(new Error('Failed to start Workflow', { cause: error }))).toBe(false);
  });
});

describe('the watch over Temporal', () => {
  /** A watch whose calls end as `answer` says. */
  function watched(answer: () => Error | undefined) {
    const lines: string[] = [];
    const metrics = createMetrics();
    const connection = Connection.lazy({
      address: '127.0.0.1:1',
      interceptors: [],
    });
    Object.assign(connection, {
      workflowService: {
        describeNamespace: async () => {
          const error = answer();
          if (error) throw error;
          return {};
        },
      },
    });
    const state = watchTemporal({
      client: new Client({ connection }),
      namespace: 'default',
      log: createLog((text) => text, { destination: { write: (line) => lines.push(line) } }),
      count: metrics.temporalFailure,
    });
    onTestFinished(() => state.stop());
    return { state, lines, metrics };
  }

  it('does not take Temporal for there before it has answered', async () => {
    const { state } = watched(() => undefined);
    expect(state.up).toBe(false);
    await expect.poll(() => state.up).toBe(true);
    expect(state.reason).toBeUndefined();
  });

  it('asks by itself, and says once and loudly what to check where it is refused', async () => {
    let fault: Error | undefined = grpc(16, 'invalid token');
    const { state, lines, metrics } = watched(() => fault);
    await expect.poll(() => state.reason).toContain('TEMPORAL_API_KEY');
    await expect
      .poll(async () => (await metrics.page(undefined, false)).text)
      .toMatch(/baton_temporal_failures_total\{code="UNAUTHENTICATED"\} [2-9]/);
    const loud = lines.filter((line) => line.includes('UNAUTHENTICATED'));
    expect(loud).toHaveLength(1);
    expect(JSON.parse(loud[0] ?? '')).toMatchObject({ level: 50 });
    fault = undefined;
    await expect.poll(() => state.up, { timeout: 10_000 }).toBe(true);
  });

  it('lets waiting calls try again when Temporal answers, and believes them rather than the probe', async () => {
    const { state } = watched(() => undefined);
    await expect.poll(() => state.up).toBe(true);
    await state.untilBack(grpc(7, 'may not start workflows'));
    expect(state.up).toBe(false);
    expect(state.reason).toContain('PERMISSION_DENIED');
    let ups = 0;
    state.onUp(() => {
      ups += 1;
    });
    state.seen();
    expect(state.up).toBe(true);
    expect(ups).toBe(1);
  });
});
