/** Every workflow that a worker can run, by its type: the function's name. */
export { changeIncident } from './change-incident.ts';
export { drill } from './drill.ts';
export { ec2UnhealthyRestart } from './ec2-unhealthy-restart.ts';
export { emitScheduleEvent } from './kit/schedule.ts';
export { kubernetesCrashLoopDiagnosis } from './kubernetes-crash-loop-diagnosis.ts';
export { linkByCode } from './link-by-code.ts';
export { pageForRun } from './page-for-run.ts';
export { pagerdutyProductionIncidentPolicy } from './pagerduty-production-incident-policy.ts';
export { quietIncident } from './quiet-incident.ts';
export { resolveFromJira } from './resolve-from-jira.ts';
export { scaleOut } from './scale-out.ts';
export { severityRaised } from './severity-raised.ts';
export { shiftHandoff } from './shift-handoff.ts';
export { showApproval } from './show-approval.ts';
export { tellOverdueRun } from './tell-overdue-run.ts';
export { triggeredAndUnacked } from './triggered-and-unacked.ts';
export { undoEffect } from './undo-effect.ts';
