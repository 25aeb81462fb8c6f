import { approvalMessage } from './approval-message.ts';
import { deploymentFinished } from './deployment-finished.ts';
import { drills } from './drills/index.ts';
import { ec2Unhealthy } from './ec2-unhealthy.ts';
import { jiraResolved } from './jira-resolved.ts';
import { kubernetesCrashLoop } from './kubernetes-crash-loop.ts';
import { linkCode } from './link-code.ts';
import { monitorAlert, monitorReaders } from './monitor-alert.ts';
import { productionIncident } from './production-incident.ts';
import { quietIncidentTrigger } from './quiet-incident.ts';
import { runFailed } from './run-failed.ts';
import { runOverdue } from './run-overdue.ts';
import { scaleOutTrigger } from './scale-out.ts';
import { severityRaisedTrigger } from './severity-raised.ts';
import { shiftHandoffTrigger } from './shift-handoff.ts';
import { slackAction } from './slack-action.ts';
import { slackRequest } from './slack-request.ts';
import { triggerList } from './trigger.ts';
import { triggeredAndUnackedTrigger } from './triggered-and-unacked.ts';

/** Every trigger that is asked. One that is not in this list answers nothing. */
export const triggers = triggerList([
  productionIncident,
  ec2Unhealthy,
  kubernetesCrashLoop,
  scaleOutTrigger,
  triggeredAndUnackedTrigger,
  quietIncidentTrigger,
  severityRaisedTrigger,
  jiraResolved,
  shiftHandoffTrigger,
  deploymentFinished,
  monitorAlert,
  ...monitorReaders,
  ...drills.flatMap(({ trigger }) => trigger ?? []),
  runFailed,
  runOverdue,
  slackAction,
  slackRequest,
  linkCode,
  approvalMessage,
]);
