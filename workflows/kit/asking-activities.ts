import type { Approval, ApprovalRequest } from '../../domain/approval.ts';
import type { ParkedStep } from '../../domain/park.ts';
import type { Question, QuestionRequest } from '../../domain/question.ts';

/** What a workflow says of an approval. Whose run it is, and who asked for it, the worker takes from the signed cause. */
export type ApprovalAsking = Pick<
  ApprovalRequest,
  | 'summary'
  | 'calls'
  | 'approvers'
  | 'required'
  | 'requesterMayApprove'
  | 'reasonRequired'
  | 'overridesGuards'
  | 'channelId'
  | 'expiresInSeconds'
> & { number: number };

/** The engine's own activities that approvals need. */
export interface ApprovalActivities {
  /** Asks, once for each `number` of the run. */
  askApproval(asking: ApprovalAsking): Promise<Approval>;
  findApproval(asked: { id: string }): Promise<Approval | undefined>;
  /** Ends it without an answer, where it has not ended; gives how it stands after that. */
  closeApproval(closing: {
    id: string;
    state: 'expired' | 'superseded' | 'withdrawn';
    because: string;
  }): Promise<Approval | undefined>;
  /** Tells by an event that it still waits, once for each `reminder`. */
  remindOfApproval(asked: { id: string; reminder: number }): Promise<void>;
  showedApproval(shown: { id: string; channelId: string; ts: string }): Promise<void>;
  /** The addresses of people who may answer an approval or a question by their role in Baton: so many, in their order. */
  peopleByRole(asked: { id: string; limit: number }): Promise<string[]>;
}

/** What a workflow says of a question. The rest is as with approvals. */
export type QuestionAsking = Pick<
  QuestionRequest,
  'summary' | 'form' | 'approvers' | 'channelId' | 'expiresInSeconds'
> & { number: number };

/** What a workflow says of a step that has failed for good. Of its effects the worker and the store know more. */
export type Parking = Omit<QuestionAsking, 'summary' | 'form'> &
  Omit<ParkedStep, 'effects' | 'uncertainSince'> & {
    /** By which calls it was tried: none of a read. */
    calls: { number?: number; approvals: readonly string[] };
  };

/** Those that questions need, as those of approvals. */
export interface QuestionActivities {
  askQuestion(asking: QuestionAsking): Promise<Question>;
  /** Asks what is to become of a step that has failed for good. */
  parkStep(parking: Parking): Promise<Question>;
  findQuestion(asked: { id: string }): Promise<Question | undefined>;
  closeQuestion(closing: {
    id: string;
    state: 'expired' | 'withdrawn';
    because: string;
  }): Promise<Question | undefined>;
  remindOfQuestion(asked: { id: string; reminder: number }): Promise<void>;
  showedQuestion(shown: { id: string; channelId: string; ts: string }): Promise<void>;
}
