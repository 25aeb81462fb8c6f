import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { ApprovalRequest } from '../domain/approval.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import type { Store } from '../store/store.ts';
import type { ApprovalAsking, EngineActivities } from '../workflows/kit/run.ts';
import type { CauseOfCall } from './authority.ts';
import { isWhole } from './chain/plan-digest.ts';
import { digestOf } from './identity.ts';

type ApprovalActivities = Pick<
  EngineActivities,
  'askApproval' | 'findApproval' | 'closeApproval' | 'showedApproval'
>;

/** The engine's own activities that approvals need. Whose run it is and who asked for it is what the signed cause says. */
export function approvalActivities(store: Store, scrub: (text: string) => string): ApprovalActivities {
  return {
    async askApproval({ number, ...asking }: ApprovalAsking, cause?: CauseOfCall) {
      if (!cause)
        throw ApplicationFailure.nonRetryable(
          'Nobody is asked: the run was not started by a server of Baton',
          'NotAuthorized',
        );
      if (!asking.calls.every(isWhole))
        throw ApplicationFailure.nonRetryable(
          'Nobody is asked: what would be shown is not what was planned. Hand on the planned calls as they came',
          'InvalidInput',
        );
      const { workflowExecution, workflowType = '' } = activityInfo();
      const runId = workflowExecution?.workflowId ?? '';
      const request: ApprovalRequest = {
        ...asking,
        summary: scrub(asking.summary),
        digest: digestOf(asking.calls.map(({ digest }) => digest)),
        key: `${runId}#${number}`,
        runId,
        workflow: workflowType,
        trigger: cause.trigger,
        ...(cause.subject === undefined ? {} : { subject: cause.subject }),
        ...serviceOf(cause),
        requestedBy: requestersOf(cause),
      };
      return store.askApproval(request);
    },

    async findApproval({ id }) {
      return store.findApproval(id);
    },

    async closeApproval({ id, state, because }, cause?: CauseOfCall) {
      const kept = await store.findApproval(id);
      const isOwn = kept?.runId === activityInfo().workflowExecution?.workflowId;
      return cause && isOwn ? store.closeApproval(id, state, scrub(because)) : kept;
    },

    async showedApproval({ id, ...message }, cause?: CauseOfCall) {
      if (cause) await store.showedApproval(id, message);
    },
  };
}

/** As the mirror of incidents has it: of another account than `default`, its name stands before the id. */
function serviceOf({ incident, connection = defaultConnection }: CauseOfCall): { service?: string } {
  const id = incident?.service.id;
  return id ? { service: subjectOf(connection, id) } : {};
}

function requestersOf({ by, startedBy }: CauseOfCall): string[] {
  if (startedBy) return [`${startedBy.kind}:${startedBy.name}`];
  return by ? [`slack:${by.id}`] : [];
}
