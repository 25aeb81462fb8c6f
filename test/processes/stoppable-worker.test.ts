import { describe, expect, it } from 'vitest';
import { stoppableWorker } from '../../processes/stoppable-worker.ts';

describe('a worker that can be stopped', () => {
  it('is one at a time, whatever is asked at once, and starts again', async () => {
    const said: string[] = [];
    const worker = await stoppableWorker(
      async () => {
        said.push('start');
        return { stopped: new Promise<void>(() => {}), stop: async () => void said.push('stop') };
      },
      () => said.push('failed'),
    );
    await Promise.all([worker.start(), worker.stop(), worker.stop(), worker.start(), worker.start()]);
    expect([said, worker.isRunning()]).toEqual([['start', 'stop', 'start'], true]);
    await worker.stop();
    expect(worker.isRunning()).toBe(false);
  });

  it('tells where it cannot go on, and not where it was told to stop', async () => {
    const failures: unknown[] = [];
    let fail = (_: Error) => {};
    const worker = await stoppableWorker(
      async () => {
        const { promise, reject } = Promise.withResolvers<void>();
        fail = reject;
        return { stopped: promise, stop: async () => {} };
      },
      (error) => failures.push(error),
    );
    await worker.stop();
    expect(failures).toEqual([]);
    await worker.start();
    const cause = new Error('its bundle is broken');
    fail(cause);
    await expect.poll(() => failures).toEqual([cause]);
  });
});
