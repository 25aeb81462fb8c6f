import { saysOver } from '../workflows/kit/alert-over.ts';
import { saysCrashLoop } from '../workflows/kit/crash-loops.ts';
import { findWorkload, kubernetesCrashLoopDiagnosis } from '../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineTrigger } from './trigger.ts';

/** The page for a failed run of the diagnosis itself says this. */
const own = /kubernetesCrashLoopDiagnosis|kubernetes-crash-loop\//;

export const kubernetesCrashLoop = defineTrigger({
  name: 'kubernetes-crash-loop',
  on: 'pagerduty.incident.triggered',
  when: {
    'title reports a crash loop': ({ title }) => saysCrashLoop(title) && !own.test(title),
    'title does not say that it is over': ({ title }) => !saysOver(title),
  },
  run: kubernetesCrashLoopDiagnosis,
  input: ({ id }) => ({ incidentId: id }),
  // The diagnosis comes at once. What it offers is asked for in each mode, and its posts need nobody's word.
  mode: 'approve',
  // People are asked for an hour, three times at most where the world changes meanwhile; then half an hour for the rollout and the pods.
  finishWithin: '4 hours',
  target({ title, service }) {
    const workload = findWorkload(title, []);
    return workload ? `${workload.namespace}/${workload.name}` : service.name;
  },
});
