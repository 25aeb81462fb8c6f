import type { Startable } from '../startable.ts';
import { drillByHand } from './drill.ts';
import { ec2UnhealthyRestartByHand } from './ec2-unhealthy-restart.ts';
import { kubernetesCrashLoopDiagnosisByHand } from './kubernetes-crash-loop-diagnosis.ts';
import { pagerdutyProductionIncidentPolicyByHand } from './pagerduty-production-incident-policy.ts';
import { scaleOutByHand } from './scale-out.ts';
import { tellIssueByHand } from './tell-issue.ts';
import { undoEffectByHand } from './undo-effect.ts';

/** Every workflow that a person or a program can start. One that is not in this list is started by triggers alone. */
export const startable: Startable[] = [
  ec2UnhealthyRestartByHand,
  kubernetesCrashLoopDiagnosisByHand,
  pagerdutyProductionIncidentPolicyByHand,
  scaleOutByHand,
  tellIssueByHand,
  undoEffectByHand,
  drillByHand,
];
