import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

/** After a crash of everything Temporal is started beside the sides, and may come later than they. */
export async function connectWhenThere(
  address: string,
  options?: NativeConnectionOptions,
): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect({ ...options, address });
    } catch {
      await pause(50);
    }
  }
}
