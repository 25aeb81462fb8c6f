import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';

/** After a crash of everything Temporal is started beside the sides, and may come later than they. */
export async function connectWhenThere(address: string): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect({ address });
    } catch {
      await pause(50);
    }
  }
}
