import { setTimeout as sleep } from 'node:timers/promises';
import { defineActivity } from '../activity.ts';
import { awaitedWorkloadInput } from './input.ts';
import { rolloutOf, rolloutSchema } from './rollout.ts';
import { readAnyWorkload, readWorkload } from './workload.ts';

const pollSeconds = 5;

/** Looks until the rollout is complete or has failed, or until the time is over: then it is neither, and `reason` says why. */
export const awaitKubernetesRollout = defineActivity({
  name: 'awaitKubernetesRollout',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Waits until the rollout of a workload is complete or has failed',
  permissions: readAnyWorkload,
  input: awaitedWorkloadInput,
  output: rolloutSchema,
  example: { namespace: 'shop', deployment: 'checkout', timeoutSeconds: 600 },
  async run(input, { kubernetes, attempt: { signal } }) {
    const client = await kubernetes(input.connection);
    const looks = Math.ceil(input.timeoutSeconds / pollSeconds);
    const look = async () => rolloutOf(await readWorkload(client, input, signal));
    let rollout = await look();
    for (let looked = 0; looked < looks && !rollout.complete && !rollout.failed; looked += 1) {
      await pause((pollSeconds * 1000) / client.timeScale, signal);
      rollout = await look();
    }
    return rollout;
  },
});

/** Ends early with the reason of the signal. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
}
