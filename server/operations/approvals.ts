import { z } from 'zod';
import type { Approval, ApprovalAnswer } from '../../domain/approval.ts';
import { areOfOnePerson, howManyApproved, whoMayApprove } from '../../domain/approval.ts';
import { actorOf } from '../../domain/rights.ts';
import { oneLine } from '../../domain/text.ts';
import type { Answered } from '../../store/asked/approvals.ts';
import { Refusal } from '../refusal.ts';
import { answerCheck, askedFilter, askedInput, isResolved, isTakenUp, mayAnswer } from './answering.ts';
import { answerShape, approversShape, callShape, states } from './approval-shapes.ts';
import { canNow, canShape } from './can.ts';
import { defineOperation, doorOfAnswer, type OperationContext } from './operation.ts';
import { answered, pageOutput } from './page.ts';
import { isOfMine } from './scope.ts';

const texts = z.array(z.string()).readonly();

const listedShape = z.object({
  id: z.string(),
  state: z.enum(states),
  summary: z.string(),
  subject: z.string().exactOptional().describe('The incident, where its run has one'),
  runId: z.string(),
  workflow: z.string(),
  approved: z.int().describe('So many people have approved'),
  required: z.int().describe('So many have to'),
  askedAt: z.string(),
  expiresAt: z.string(),
  closedAt: z.string().exactOptional(),
  calls: z.array(callShape).readonly().describe('What is done if it is approved: just this or nothing'),
  whoMay: z.string().describe('Who may answer, in words. Who is on a list is looked up at each answer'),
  can: canShape,
});

const approvalShape = listedShape
  .extend({
    trigger: z.string(),
    digest: z.string().describe('Of all of it: what an answer is an answer to'),
    approvers: approversShape,
    requestedBy: texts.describe('They may not answer, unless requesterMayApprove'),
    requesterMayApprove: z.boolean(),
    reasonRequired: z.boolean(),
    overridesGuards: z.boolean().describe('It is done though a guard holds its targets'),
    answers: z.array(answerShape).readonly(),
    messages: z
      .array(z.object({ channelId: z.string(), ts: z.string() }))
      .readonly()
      .describe('Where Slack shows it'),
    closedBecause: z.string().exactOptional(),
  })
  .meta({ id: 'Approval' });

async function shown(approval: Approval, context: OperationContext, check = answerCheck(context)) {
  const can = await canNow(approveApproval, context.principal, async () => {
    if (approval.state !== 'pending') throw ended(approval);
    await check(approval);
  });
  return {
    ...approval,
    approved: howManyApproved(approval.answers),
    whoMay: whoMayApprove(approval.approvers),
    can: { approve: can, refuse: can },
  };
}

export const listApprovals = defineOperation({
  name: 'approvals.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /approvals',
  summary: 'What runs ask people for before they go on, newest first',
  within: ['workflows', 'services'],
  input: z.strictObject({
    state: z.enum([...states, 'any']).default('pending'),
    ...askedInput,
  }),
  output: pageOutput(listedShape),
  async run(input, context) {
    const list = { name: 'approvals.list', input, context };
    const page = await context.store.pageOfApprovals(askedFilter(list));
    const check = answerCheck(context);
    const items = await Promise.all(page.items.map((each) => shown(each, context, check)));
    return answered(list, { ...page, items }, (row) => row);
  },
});

const idOfApproval = { id: z.string().min(1).max(100) };

export const showApproval = defineOperation({
  name: 'approvals.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /approvals/{id}',
  summary: 'What is asked, to the letter, who may answer, and who has',
  within: ['workflows', 'services'],
  input: z.strictObject(idOfApproval),
  output: approvalShape,
  run: async ({ id }, context) => shown(await findApproval(id, context), context),
});

/** Unknown and not within somebody's scope are one: an id alone tells nothing. */
async function findApproval(id: string, context: OperationContext): Promise<Approval> {
  const approval = await context.store.findApproval(id);
  if (approval && (await isOfMine(approval, context))) return approval;
  throw unknown(id);
}

const unknown = (id: string) =>
  new Refusal(404, 'No such approval', `There is no approval ${id}. approvals.list tells those that wait.`);

const answerInput = {
  ...idOfApproval,
  reason: z.string().trim().min(1).max(500).optional().describe('Why, for those who read the record'),
  digest: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Of the plan that was seen (`digest` of approvals.show): another one is not answered'),
};

const decisionShape = z.object({
  id: z.string(),
  decision: z.enum(['approved', 'refused']),
  state: z.enum(states),
  summary: z.string(),
  subject: z.string().exactOptional(),
  runId: z.string(),
  approved: z.int(),
  required: z.int(),
  missing: z.int().describe('So many more people have to approve'),
  name: z.string().describe('Whose answer it is'),
  at: z.string(),
  takenUp: z.boolean().describe('The run goes on by it already. False: it learns of it soon'),
});

export const approveApproval = defineOperation({
  name: 'approvals.approve',
  kind: 'change',
  right: 'approvals.decide',
  route: 'POST /approvals/{id}/approve',
  summary: 'Approves what it shows. It is done once enough people have approved',
  within: ['workflows', 'services'],
  input: z.strictObject(answerInput),
  output: decisionShape,
  subject: ({ id }, output) => output?.subject ?? id,
  writesOwnLine: true,
  run: (input, context) => answer('approved', input, context),
});

export const refuseApproval = defineOperation({
  name: 'approvals.refuse',
  kind: 'change',
  right: 'approvals.decide',
  route: 'POST /approvals/{id}/refuse',
  summary: 'Refuses what it shows. One refusal is enough, and nothing of it is done',
  within: ['workflows', 'services'],
  input: z.strictObject(answerInput),
  output: decisionShape,
  subject: ({ id }, output) => output?.subject ?? id,
  writesOwnLine: true,
  run: (input, context) => answer('refused', input, context),
});

interface Said {
  id: string;
  reason?: string | undefined;
  digest?: string | undefined;
}

async function answer(
  decision: 'approved' | 'refused',
  { id, reason, digest }: Said,
  context: OperationContext,
): Promise<z.input<typeof decisionShape>> {
  const { store, principal, via } = context;
  const asked = await findApproval(id, context);
  if (asked.state !== 'pending') throw ended(asked);
  const { name, alsoKnownAs } = await mayAnswer(asked, context);
  if (reason === undefined && (asked.reasonRequired || asked.overridesGuards))
    throw new Refusal(
      400,
      'Reason missing',
      asked.overridesGuards
        ? 'It is done though a guard holds its targets, so whoever answers says why: give a reason.'
        : 'Whoever answers this says why: give a reason.',
    );
  const by = actorOf(principal);
  const said = await store.answerApproval(id, {
    by,
    ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }),
    name,
    via: doorOfAnswer(via),
    decision,
    ...(reason === undefined ? {} : { reason }),
    digest,
  });
  if (!said) throw unknown(id);
  if (said.outcome !== 'decided' && said.outcome !== 'counted' && said.outcome !== 'repeated')
    throw notTaken(said);
  const { approval } = said;
  const own = approval.answers.findLast(
    (each) => each.decision === decision && areOfOnePerson(each, { by, alsoKnownAs }),
  );
  const approved = howManyApproved(approval.answers);
  const { state, summary, subject, runId, required } = approval;
  return {
    id,
    decision,
    state,
    summary,
    ...(subject === undefined ? {} : { subject }),
    runId,
    approved,
    required,
    missing: state === 'pending' ? required - approved : 0,
    name,
    at: own?.at ?? approval.askedAt,
    takenUp: said.outcome === 'decided' && (await isTakenUp(approval, context)),
  };
}

/** Why an answer was not taken, and nothing was done. */
function notTaken(said: Exclude<Answered, { outcome: 'decided' | 'counted' | 'repeated' }>): Refusal {
  const { approval } = said;
  switch (said.outcome) {
    case 'resolved':
      return isResolved(said.by);
    case 'another plan':
      return new Refusal(
        409,
        'Changed',
        `The plan has changed, look again: approvals.show ${approval.id}. Nothing was decided.`,
      );
    default:
      return ended(approval);
  }
}

/** One that takes no answers any more: who, when and where, or why. */
function ended({ state, answers, closedAt = '', closedBecause }: Approval): Refusal {
  const last = answers.at(-1);
  const why = oneLine(closedBecause ?? '');
  switch (state) {
    case 'approved':
    case 'refused':
      return new Refusal(409, 'Decided', `It was ${last ? wordsOf(last) : state} already.`);
    case 'superseded':
      return new Refusal(
        409,
        'Changed',
        `The plan has changed, look again: it is asked anew (approvals.list). ${why}`.trim(),
      );
    case 'expired':
      return new Refusal(409, 'Expired', `It expired at ${closedAt}, and nothing was done: ${why}.`);
    default:
      return new Refusal(409, 'Withdrawn', `It was withdrawn at ${closedAt}: ${why}.`);
  }
}

/** Names and reasons are other people's words. */
function wordsOf({ decision, name, at, via, reason }: ApprovalAnswer): string {
  return oneLine(`${decision} by ${name} at ${at}, by ${via}${reason === undefined ? '' : ` (${reason})`}`);
}
