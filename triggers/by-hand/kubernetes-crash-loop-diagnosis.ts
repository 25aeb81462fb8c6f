import { kubernetesCrashLoopDiagnosis } from '../../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const kubernetesCrashLoopDiagnosisByHand = defineStartable({
  run: kubernetesCrashLoopDiagnosis,
  summary: 'Gathers what pods that keep crashing die of',
  ...aboutIncident,
});
