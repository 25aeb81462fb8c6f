import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { anyFreePort } from '../../processes/ports.ts';
import { startTemporal } from '../../processes/temporal-server.ts';

/** A Temporal with its state in a file, that can be killed and started again on the same port. */
export async function startStoppableTemporal() {
  const folder = await mkdtemp(join(tmpdir(), 'baton-temporal-'));
  const options = {
    path: inject('temporalPath'),
    dataDir: folder,
    port: await anyFreePort('127.0.0.1'),
  };
  let temporal = await startTemporal(options);
  const { address } = temporal;
  const nativeConnection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  return {
    /** For `startWorld`. */
    environment: { nativeConnection, client } as unknown as TestWorkflowEnvironment,
    async kill() {
      process.kill(temporal.pid, 'SIGKILL');
      await temporal.stop();
    },
    async startAgain() {
      temporal = await startTemporal(options);
    },
    async close() {
      await temporal.stop();
      await rm(folder, { recursive: true });
    },
  };
}
