import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';

/** The version of a bundle: the same sources have the same one on any machine. */
export function buildIdOf(code: string): string {
  const map = code.lastIndexOf('\n//# sourceMappingURL=');
  // The source map holds the paths of this machine, the code does not.
  const source = map === -1 ? code : code.slice(0, map);
  return createHash('sha256').update(source).digest('hex').slice(0, 16);
}

const tryMilliseconds = 10_000;
const pauseMilliseconds = 100;
/** gRPC codes of a cluster that lets us set no version, or knows none. */
const refusals: readonly unknown[] = [7, 12];

/** Sends new runs to this build. Temporal takes it once the build's worker has asked for work, so one that cannot start gets none. */
export async function becomeCurrent(
  version: { deploymentName: string; buildId: string },
  connection: NativeConnection,
  namespace: string,
): Promise<void> {
  const deadline = Date.now() + tryMilliseconds;
  for (;;) {
    try {
      await connection.withDeadline(deadline, () =>
        connection.workflowService.setWorkerDeploymentCurrentVersion({
          ...version,
          namespace,
          identity: 'baton',
        }),
      );
      return;
    } catch (cause) {
      if (refusals.includes((cause as { code?: unknown }).code) || Date.now() > deadline)
        throw new Error(
          'Temporal takes no version of this worker, as BATON_WORKER_VERSIONS=1 asks for. Let its credential set versions of ' +
            'worker deployments, use a Temporal that has them, or unset BATON_WORKER_VERSIONS',
          { cause },
        );
      await pause(pauseMilliseconds);
    }
  }
}
