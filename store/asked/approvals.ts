import type { Approval, ApprovalAnswer, ApprovalState, Approvals } from '../../domain/approval.ts';
import { areOfOnePerson, howManyApproved } from '../../domain/approval.ts';
import type { Entry } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import type { Page } from '../lists.ts';
import { askedEntry, closedEntry, eventOf } from './approval-lines.ts';
import { type Answered as AnsweredOf, type AskedFilter, askedOn, type Taken } from './asked.ts';

/** What somebody says to an approval. When, is the store's to say. */
export type GivenAnswer = Omit<ApprovalAnswer, 'at'> & {
  /** Of the plan that they saw. Left out: whichever it is. */
  digest?: string | undefined;
};

/**
 * What became of an answer, with the approval as it stands after it.
 * - `decided`: this answer ended it. `counted`: more people are needed. `repeated`: the same person had said so before.
 * - Nothing was done: it is `another plan` than the one that was seen; or it does not count any more.
 */
type Outcome = 'decided' | 'counted' | 'repeated' | 'another plan';
export type Answered = { approval: Approval } & AnsweredOf<Outcome>;

/** The approvals. Each change of state has the engine's event `approval.<state>`. */
export interface KeptApprovals extends Approvals {
  /** Takes an answer, if it still counts. Undefined: there is no such approval. Whether this person may answer is not asked here. */
  answerApproval(id: string, answer: GivenAnswer): Promise<Answered | undefined>;
  /** Withdraws pending ones whose runs have ended without doing so: some, oldest first. Gives how many. */
  withdrawOfEndedRuns(): Promise<number>;
  /** What these runs ask people for, the oldest first. */
  pendingApprovals(runIds: readonly string[]): Promise<Approval[]>;
  /** Newest first. */
  pageOfApprovals(filter: AskedFilter<ApprovalState>): Promise<Page<Approval, number>>;
}

export function approvalsOn(context: Context): KeptApprovals {
  const kept = askedOn<Approval>(context, { table: 'approvals', askedEntry, closedEntry, eventOf });
  return {
    askApproval: kept.ask,
    findApproval: kept.find,
    closeApproval: (id, state, because) =>
      // What was approved and has not been done may be replaced by what is asked anew.
      kept.close(id, {
        state,
        because,
        from: state === 'superseded' ? ['pending', 'approved'] : ['pending'],
      }),
    showedApproval: kept.showed,
    withdrawOfEndedRuns: kept.withdrawOfEndedRuns,
    pageOfApprovals: kept.page,
    pendingApprovals: kept.pendingOf,
    async answerApproval(id, given) {
      const clean = given.reason === undefined ? given : { ...given, reason: context.scrub(given.reason) };
      const answered = await kept.answer(id, given.via, (before, at) => take(before, clean, at));
      if (!answered) return undefined;
      const { kept: approval, ...rest } = answered;
      return { approval, ...rest };
    },
  };
}

function take(before: Approval, { digest, ...said }: GivenAnswer, at: string): Taken<Outcome, Approval> {
  if (digest !== undefined && digest !== before.digest) return { outcome: 'another plan' };
  const isRepeated = before.answers.some(
    (each) => each.decision === said.decision && areOfOnePerson(each, said),
  );
  if (isRepeated) return { outcome: 'repeated' };
  const answers = [...before.answers, { ...said, at }];
  const state = stateAfter(answers, before.required);
  const { id, runId, subject = runId } = before;
  const detail = { approval: id, run: runId, digest: before.digest, ...said, at, state };
  const entry: Entry = { at, actor: said.by, via: said.via, action: 'approval.answered', subject, detail };
  return { outcome: state === 'pending' ? 'counted' : 'decided', state, answers, entry };
}

/** One refusal is enough; so many different people have to approve. */
function stateAfter(answers: readonly ApprovalAnswer[], required: number): ApprovalState {
  if (answers.some(({ decision }) => decision === 'refused')) return 'refused';
  return howManyApproved(answers) >= required ? 'approved' : 'pending';
}
