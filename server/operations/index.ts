import { listActivities, showActivity } from './activities.ts';
import { approveApproval, listApprovals, refuseApproval, showApproval } from './approvals.ts';
import { allowChanges, freezeChanges, haltChanges, listHolds } from './changes.ts';
import {
  addConnection,
  changeConnection,
  listConnections,
  removeConnection,
  showConnection,
} from './connections.ts';
import { pingConnection } from './connections-ping.ts';
import { listProviders } from './connections-providers.ts';
import { restoreConnection } from './connections-restore.ts';
import { rotateConnection } from './connections-rotate.ts';
import { connectionsTest } from './connections-test.ts';
import { doctorCheck } from './doctor.ts';
import { listEvents, replayEvent, showEvent } from './events.ts';
import { testEvent } from './events-test.ts';
import { listIdentities } from './identities.ts';
import { acknowledgeIncident, noteIncident, resolveIncident } from './incident-changes.ts';
import { incidentTimeline } from './incident-timeline.ts';
import { eventWhy, incidentWhy } from './incident-why.ts';
import { incidentRecord, incidentTexts, incidentTranscript, showIncident } from './incidents.ts';
import { listIncidents } from './incidents-list.ts';
import { numbersOfIncidents } from './incidents-numbers.ts';
import { showMe, whatWaitsForMe } from './me.ts';
import { linkPerson, listPeople, removePerson, setPerson } from './people.ts';
import { listPolicies } from './policies.ts';
import { answerQuestion, listQuestions, showQuestion } from './questions.ts';
import { compareHeads, exportRecord, searchRecord, verifyRecord } from './record.ts';
import { listRoutes, removeRoute, setRoute } from './routes.ts';
import { listRuns, runTimeline, showRun, startRunByHand } from './runs.ts';
import { stopRun } from './runs-stop.ts';
import { unparkRun } from './runs-unpark.ts';
import { listSettings } from './settings.ts';
import { setupChoices, setupConnect, setupPapers, setupQuestions } from './setup.ts';
import { setupConsent, setupConsented } from './setup-consent.ts';
import { healProvider, orderFault, playStorm, playStory, showSimulator, switchWorker } from './simulator.ts';
import { showStatus } from './status.ts';
import { storeSize } from './store-size.ts';
import {
  failedDeliveries,
  listSubscriptions,
  replayDeliveries,
  resumeSubscription,
} from './subscriptions.ts';
import { teardownConnection } from './teardown.ts';
import { showText } from './texts.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';
import { listTriggers, showTrigger } from './triggers.ts';
import { triggersAgreement } from './triggers-agreement.ts';
import { enableTrigger, lowerTrigger } from './triggers-lower.ts';
import { planTrigger } from './triggers-plan.ts';
import { testTrigger } from './triggers-test.ts';
import { listWorkflows } from './workflows.ts';

/** Everything that can be asked of Baton. One that is not in this list has no door. */
export const operations = [
  listIncidents,
  showIncident,
  incidentWhy,
  incidentTimeline,
  numbersOfIncidents,
  acknowledgeIncident,
  resolveIncident,
  noteIncident,
  incidentRecord,
  incidentTranscript,
  incidentTexts,
  showText,
  listEvents,
  showEvent,
  eventWhy,
  testEvent,
  replayEvent,
  listRuns,
  showRun,
  runTimeline,
  startRunByHand,
  stopRun,
  unparkRun,
  listApprovals,
  showApproval,
  approveApproval,
  refuseApproval,
  listHolds,
  haltChanges,
  freezeChanges,
  allowChanges,
  listQuestions,
  showQuestion,
  answerQuestion,
  listTriggers,
  showTrigger,
  testTrigger,
  planTrigger,
  triggersAgreement,
  lowerTrigger,
  enableTrigger,
  listWorkflows,
  listPolicies,
  listActivities,
  showActivity,
  searchRecord,
  exportRecord,
  verifyRecord,
  compareHeads,
  listConnections,
  listProviders,
  showConnection,
  addConnection,
  changeConnection,
  rotateConnection,
  removeConnection,
  restoreConnection,
  connectionsTest,
  listSubscriptions,
  failedDeliveries,
  replayDeliveries,
  resumeSubscription,
  pingConnection,
  setupQuestions,
  setupChoices,
  setupPapers,
  setupConsent,
  setupConsented,
  setupConnect,
  teardownConnection,
  listRoutes,
  setRoute,
  removeRoute,
  doctorCheck,
  showStatus,
  showMe,
  whatWaitsForMe,
  listTokens,
  createToken,
  revokeToken,
  listPeople,
  setPerson,
  removePerson,
  linkPerson,
  listIdentities,
  listSettings,
  storeSize,
  showSimulator,
  playStory,
  playStorm,
  orderFault,
  healProvider,
  switchWorker,
] as const;

export type Operations = (typeof operations)[number];
/** The operation of a name. */
export type OperationNamed<Name extends Operations['name']> = Extract<Operations, { name: Name }>;
