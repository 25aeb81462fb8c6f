/** Every workflow that a worker can run, by its type: the function's name. */
export { changeIncident } from './change-incident.ts';
export { ec2UnhealthyRestart } from './ec2-unhealthy-restart.ts';
export { emitScheduleEvent } from './kit/schedule.ts';
export { kubernetesCrashLoopDiagnosis } from './kubernetes-crash-loop-diagnosis.ts';
export { pageForRun } from './page-for-run.ts';
export { pagerdutyProductionIncidentPolicy } from './pagerduty-production-incident-policy.ts';
export { showApproval } from './show-approval.ts';
