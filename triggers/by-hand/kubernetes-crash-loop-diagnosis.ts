import { kubernetesCrashLoopDiagnosis } from '../../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineStartable } from '../startable.ts';
import { aboutIncident } from './incident.ts';

export const kubernetesCrashLoopDiagnosisByHand = defineStartable({
  run: kubernetesCrashLoopDiagnosis,
  summary: 'Gathers what pods that keep crashing die of, and asks whether to roll back or restart',
  // Whoever starts it gets a diagnosis. A roll-back is made by those who approve it, and never by whoever has asked for the run.
  kind: 'change',
  ...aboutIncident,
});
