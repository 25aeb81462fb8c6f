import { defineActivity } from '../activity.ts';
import { workloadInput } from './input.ts';
import { rolloutOf, rolloutSchema } from './rollout.ts';
import { readAnyWorkload, readWorkload } from './workload.ts';

export const readKubernetesRollout = defineActivity({
  name: 'readKubernetesRollout',
  kind: 'read',
  provider: 'kubernetes',
  summary: 'Reads how far the rollout of a workload has come',
  permissions: readAnyWorkload,
  input: workloadInput,
  output: rolloutSchema,
  example: { namespace: 'shop', deployment: 'checkout' },
  async run(input, { kubernetes, attempt: { signal } }) {
    return rolloutOf(await readWorkload(await kubernetes(input.connection), input, signal));
  },
});
