import { findWorkload, kubernetesCrashLoopDiagnosis } from '../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineTrigger } from './trigger.ts';

export const kubernetesCrashLoop = defineTrigger({
  name: 'kubernetes-crash-loop',
  on: 'pagerduty.incident.triggered',
  when: {
    'title reports a crash loop': ({ title }) => /crashloopbackoff|crash loop/i.test(title),
  },
  run: kubernetesCrashLoopDiagnosis,
  input: ({ id }) => ({ incidentId: id }),
  target({ title, service }) {
    const workload = findWorkload(title, []);
    return workload ? `${workload.namespace}/${workload.name}` : service.name;
  },
});
