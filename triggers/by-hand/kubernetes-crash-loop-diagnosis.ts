import { z } from 'zod';
import { kubernetesCrashLoopDiagnosis } from '../../workflows/kubernetes-crash-loop-diagnosis.ts';
import { defineStartable } from '../startable.ts';
import { incidentId } from './incident-id.ts';

export const kubernetesCrashLoopDiagnosisByHand = defineStartable({
  run: kubernetesCrashLoopDiagnosis,
  summary: 'Gathers what pods that keep crashing die of',
  input: z.strictObject({ incidentId }),
  subject: (input) => input.incidentId,
});
