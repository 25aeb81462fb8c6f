import type { ChangeKind } from '../domain/kind.ts';

/**
 * The worst that each workflow may call: a new workflow is one more line. A trigger of a `destructive` one asks before it acts, and whoever
 * starts one by hand needs a right of their own.
 */
export const workflowKinds: ReadonlyMap<string, ChangeKind> = new Map([
  ['changeIncident', 'change'],
  ['deploymentFailed', 'change'],
  // What it sets off is its trigger's to answer for.
  ['drill', 'change'],
  ['ec2UnhealthyRestart', 'destructive'],
  ['emitScheduleEvent', 'change'],
  ['followJob', 'change'],
  ['kubernetesCrashLoopDiagnosis', 'destructive'],
  ['linkByCode', 'change'],
  ['mirrorAlert', 'change'],
  ['pageForRun', 'change'],
  ['pagerdutyProductionIncidentPolicy', 'change'],
  ['quietIncident', 'change'],
  ['resolveFromJira', 'change'],
  ['scaleOut', 'destructive'],
  ['severityRaised', 'change'],
  ['shiftHandoff', 'change'],
  ['showApproval', 'change'],
  ['tellIssue', 'change'],
  ['tellOverdueRun', 'change'],
  ['triggeredAndUnacked', 'change'],
  ['undoEffect', 'destructive'],
]);
