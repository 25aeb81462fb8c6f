import type { z } from 'zod';
import { answerBatonApproval } from './baton/answer-approval.ts';
import { answerBatonQuestion } from './baton/answer-question.ts';
import { awaitBatonRun } from './baton/await-run.ts';
import { listBatonRuns } from './baton/list-runs.ts';
import { lowerBatonTrigger } from './baton/lower-trigger.ts';
import { startBatonRun } from './baton/start-run.ts';
import { stopBatonRun } from './baton/stop-run.ts';
import { listBatonTriggers, readBatonTrigger } from './baton/triggers.ts';
import { unparkBatonRun } from './baton/unpark-run.ts';
import { awaitEc2InstancesHealthy } from './ec2/await-healthy.ts';
import { awaitEc2InstancesState } from './ec2/await-state.ts';
import { startEc2Instances, stopEc2Instances } from './ec2/change-state.ts';
import { checkEc2Access } from './ec2/check-access.ts';
import { listEc2InstanceStatuses } from './ec2/list-instance-statuses.ts';
import { listEc2Instances } from './ec2/list-instances.ts';
import { readEc2ConsoleOutput } from './ec2/read-console-output.ts';
import { rebootEc2Instances } from './ec2/reboot-instances.ts';
import { addGitHubComment } from './github/add-comment.ts';
import { createGitHubIssue } from './github/create-issue.ts';
import { dispatchGitHubWorkflow } from './github/dispatch-workflow.ts';
import { listGitHubDeployments } from './github/list-deployments.ts';
import { checkHttpHealth } from './http/check-health.ts';
import { readHttpResource } from './http/read-resource.ts';
import { sendHttpRequest } from './http/send-request.ts';
import { addJiraComment } from './jira/add-comment.ts';
import { addJiraLink } from './jira/add-link.ts';
import { createJiraIssue } from './jira/create-issue.ts';
import { findJiraUser } from './jira/find-user.ts';
import { readJiraIssue, searchJiraIssues } from './jira/read-issue.ts';
import { readJiraProject } from './jira/read-project.ts';
import { listJiraTransitions, transitionJiraIssue } from './jira/transition-issue.ts';
import { updateJiraIssue } from './jira/update-issue.ts';
import { awaitKubernetesRollout } from './kubernetes/await-rollout.ts';
import { checkKubernetesAccess } from './kubernetes/check-access.ts';
import { cordonKubernetesNode, uncordonKubernetesNode } from './kubernetes/cordon-node.ts';
import { deleteKubernetesPod } from './kubernetes/delete-pod.ts';
import { findKubernetesWorkload } from './kubernetes/find-workload.ts';
import { listKubernetesEvents } from './kubernetes/list-events.ts';
import { listKubernetesNodes } from './kubernetes/list-nodes.ts';
import { listKubernetesPods } from './kubernetes/list-pods.ts';
import { listKubernetesRevisions } from './kubernetes/list-revisions.ts';
import { readKubernetesPodLogs } from './kubernetes/read-pod-logs.ts';
import { readKubernetesRollout } from './kubernetes/read-rollout.ts';
import { readKubernetesWorkload } from './kubernetes/read-workload.ts';
import {
  restartKubernetesDaemonSet,
  restartKubernetesDeployment,
  restartKubernetesStatefulSet,
} from './kubernetes/restart-workload.ts';
import { rollBackKubernetesDeployment } from './kubernetes/roll-back-deployment.ts';
import { scaleKubernetesDeployment } from './kubernetes/scale-deployment.ts';
import { acknowledgePagerDutyIncident } from './pagerduty/acknowledge-incident.ts';
import { addPagerDutyNote } from './pagerduty/add-note.ts';
import { awaitPagerDutyAlert } from './pagerduty/await-alert.ts';
import { checkPagerDutyResponder } from './pagerduty/check-responder.ts';
import { enablePagerDutyWebhookSubscription } from './pagerduty/enable-webhook-subscription.ts';
import { escalatePagerDutyIncident } from './pagerduty/escalate-incident.ts';
import { findPagerDutyService } from './pagerduty/find-service.ts';
import { findPagerDutyUser } from './pagerduty/find-user.ts';
import { listPagerDutyAlerts } from './pagerduty/list-alerts.ts';
import { listPagerDutyIncidents } from './pagerduty/list-incidents.ts';
import { listPagerDutyNotes } from './pagerduty/list-notes.ts';
import { listPagerDutyOnCalls } from './pagerduty/list-on-calls.ts';
import { listPagerDutyPastIncidents } from './pagerduty/list-past-incidents.ts';
import { listPagerDutyRelatedChanges } from './pagerduty/list-related-changes.ts';
import { listPagerDutyRelatedIncidents } from './pagerduty/list-related-incidents.ts';
import { listPagerDutyResponders } from './pagerduty/list-responders.ts';
import { listPagerDutyTeamMembers } from './pagerduty/list-team-members.ts';
import { listPagerDutyWebhookSubscriptions } from './pagerduty/list-webhook-subscriptions.ts';
import { publishPagerDutyStatusUpdate } from './pagerduty/publish-status-update.ts';
import { raisePagerDutyAlert } from './pagerduty/raise-alert.ts';
import { readPagerDutyIncident } from './pagerduty/read-incident.ts';
import { readPagerDutyService } from './pagerduty/read-service.ts';
import { readPagerDutyUser } from './pagerduty/read-user.ts';
import { reassignPagerDutyIncident } from './pagerduty/reassign-incident.ts';
import { redeemPagerDutyLinkCode } from './pagerduty/redeem-link-code.ts';
import { requestPagerDutyResponders } from './pagerduty/request-responders.ts';
import { resolvePagerDutyIncident } from './pagerduty/resolve-incident.ts';
import { sendPagerDutyChangeEvent } from './pagerduty/send-change-event.ts';
import { setPagerDutyIncidentBridge } from './pagerduty/set-bridge.ts';
import { setPagerDutyIncidentPriority } from './pagerduty/set-priority.ts';
import { setPagerDutyIncidentUrgency } from './pagerduty/set-urgency.ts';
import { acknowledgePagerDutyAlert, resolvePagerDutyAlert } from './pagerduty/settle-alert.ts';
import { snoozePagerDutyIncident } from './pagerduty/snooze-incident.ts';
import { queryPrometheus } from './prometheus/query.ts';
import { addSlackBookmark } from './slack/add-bookmark.ts';
import { archiveSlackChannel } from './slack/archive-channel.ts';
import { exportSlackHistory } from './slack/export-history.ts';
import { findSlackLastMessage } from './slack/find-last-message.ts';
import { findSlackRoomIncident } from './slack/find-room-incident.ts';
import { findSlackUser } from './slack/find-user.ts';
import { inviteSlackUsers } from './slack/invite-users.ts';
import { listSlackGroupMembers } from './slack/list-group-members.ts';
import { openSlackWarRoom } from './slack/open-war-room.ts';
import { pinSlackMessage } from './slack/pin-message.ts';
import { postSlackEphemeral } from './slack/post-ephemeral.ts';
import { postSlackMessage } from './slack/post-message.ts';
import { checkSlackMember, readSlackUser } from './slack/read-user.ts';
import { sendSlackDirectMessage } from './slack/send-direct-message.ts';
import { sendSlackLinkCode } from './slack/send-link-code.ts';
import { sendSlackNotices } from './slack/send-notices.ts';
import { setSlackTopic } from './slack/set-topic.ts';
import { showSlackApproval } from './slack/show-approval.ts';
import { showSlackQuestion } from './slack/show-question.ts';
import { showSlackStatusCard } from './slack/show-status-card.ts';
import { unarchiveSlackChannel } from './slack/unarchive-channel.ts';
import { updateSlackMessage } from './slack/update-message.ts';

/** Every activity that a worker can do, one line each. Workflows call them by name, as `steps.…` and `waits.…`. */
export const activities = [
  answerBatonApproval,
  answerBatonQuestion,
  awaitBatonRun,
  listBatonRuns,
  listBatonTriggers,
  readBatonTrigger,
  lowerBatonTrigger,
  startBatonRun,
  stopBatonRun,
  unparkBatonRun,
  acknowledgePagerDutyAlert,
  acknowledgePagerDutyIncident,
  addPagerDutyNote,
  checkPagerDutyResponder,
  enablePagerDutyWebhookSubscription,
  escalatePagerDutyIncident,
  findPagerDutyService,
  findPagerDutyUser,
  awaitPagerDutyAlert,
  listPagerDutyAlerts,
  listPagerDutyIncidents,
  listPagerDutyNotes,
  listPagerDutyOnCalls,
  listPagerDutyPastIncidents,
  listPagerDutyRelatedChanges,
  listPagerDutyRelatedIncidents,
  listPagerDutyResponders,
  listPagerDutyTeamMembers,
  listPagerDutyWebhookSubscriptions,
  publishPagerDutyStatusUpdate,
  raisePagerDutyAlert,
  readPagerDutyIncident,
  readPagerDutyService,
  readPagerDutyUser,
  reassignPagerDutyIncident,
  redeemPagerDutyLinkCode,
  requestPagerDutyResponders,
  resolvePagerDutyAlert,
  resolvePagerDutyIncident,
  sendPagerDutyChangeEvent,
  setPagerDutyIncidentBridge,
  setPagerDutyIncidentPriority,
  setPagerDutyIncidentUrgency,
  snoozePagerDutyIncident,
  addSlackBookmark,
  archiveSlackChannel,
  checkSlackMember,
  findSlackLastMessage,
  exportSlackHistory,
  findSlackRoomIncident,
  findSlackUser,
  inviteSlackUsers,
  listSlackGroupMembers,
  openSlackWarRoom,
  pinSlackMessage,
  postSlackEphemeral,
  postSlackMessage,
  readSlackUser,
  sendSlackDirectMessage,
  sendSlackLinkCode,
  sendSlackNotices,
  setSlackTopic,
  showSlackApproval,
  showSlackQuestion,
  showSlackStatusCard,
  unarchiveSlackChannel,
  updateSlackMessage,
  addJiraComment,
  addJiraLink,
  createJiraIssue,
  findJiraUser,
  listJiraTransitions,
  readJiraIssue,
  readJiraProject,
  searchJiraIssues,
  transitionJiraIssue,
  updateJiraIssue,
  awaitKubernetesRollout,
  checkKubernetesAccess,
  cordonKubernetesNode,
  deleteKubernetesPod,
  findKubernetesWorkload,
  listKubernetesEvents,
  listKubernetesNodes,
  listKubernetesPods,
  listKubernetesRevisions,
  readKubernetesPodLogs,
  readKubernetesRollout,
  readKubernetesWorkload,
  restartKubernetesDaemonSet,
  restartKubernetesDeployment,
  restartKubernetesStatefulSet,
  rollBackKubernetesDeployment,
  scaleKubernetesDeployment,
  uncordonKubernetesNode,
  awaitEc2InstancesHealthy,
  awaitEc2InstancesState,
  checkEc2Access,
  listEc2InstanceStatuses,
  listEc2Instances,
  readEc2ConsoleOutput,
  rebootEc2Instances,
  startEc2Instances,
  stopEc2Instances,
  addGitHubComment,
  createGitHubIssue,
  dispatchGitHubWorkflow,
  listGitHubDeployments,
  checkHttpHealth,
  readHttpResource,
  sendHttpRequest,
  queryPrometheus,
] as const;

type Declared = (typeof activities)[number];

/** The activities as workflows see them: what may be left out of an input is optional, and results are complete. */
export type ActivityFunctions = {
  [Each in Declared as Each['name']]: (input: z.input<Each['input']>) => Promise<z.output<Each['output']>>;
};
