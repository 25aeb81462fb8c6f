import { z } from 'zod';
import { type Block, type Body, type Button, label, marked, markup, plain } from './blocks.ts';
import { userId } from './input.ts';
import { cut, escapeSlack, oneLine } from './text.ts';

/** What people see of an approval: data, so that Slack shows what the store keeps. */
export const approvalSchema = z.object({
  id: z.string().regex(/^[\w-]{1,100}$/, 'must be the id of an approval'),
  state: z.enum(['pending', 'approved', 'refused', 'expired', 'superseded', 'withdrawn']),
  summary: z.string().min(1),
  calls: z.array(
    z.object({
      summary: z.string(),
      calls: z.array(z.string()),
      targets: z.array(z.string()),
      /** As it is and as it will be, as JSON. */
      before: z.string().optional(),
      after: z.string().optional(),
      /** How it is taken back, or why it cannot be. */
      undo: z.string(),
    }),
  ),
  /** Who asks: the workflow, and on whose behalf. */
  askedBy: z.string(),
  /** Who may answer, in words, and whom the message calls. */
  approvers: z.string(),
  mention: z.array(userId).default([]),
  required: z.int().positive(),
  reasonRequired: z.boolean(),
  overridesGuards: z.boolean(),
  answers: z.array(
    z.object({
      name: z.string(),
      decision: z.enum(['approved', 'refused']),
      via: z.string(),
      at: z.string(),
      reason: z.string().optional(),
    }),
  ),
  expiresAt: z.string(),
  closedBecause: z.string().optional(),
});
export type ShownApproval = z.output<typeof approvalSchema>;

/** By a word as well as by a colour: not everybody tells colours apart. */
const states: Record<ShownApproval['state'], string> = {
  pending: '🟡 Waiting for approval',
  approved: '🟢 Approved',
  refused: '🔴 Refused',
  expired: '⚪ Expired, and not done',
  superseded: '⚪ Replaced: what would be done has changed, and it is asked anew',
  withdrawn: '⚪ No longer needed',
};

/** More calls than these are read where there is room for them. */
const mostCalls = 5;
const maxCall = 1_400;
const maxValues = 300;
const maxMentions = 20;

/** The message. Its buttons carry the approval's id and nothing else: who may press them is checked later. */
export function approvalBody(approval: ShownApproval, mark: string | undefined): Body {
  const { state, summary, calls, mention, id } = approval;
  const more = calls.length - mostCalls;
  const isPending = state === 'pending';
  const called = mention.slice(0, maxMentions).map((user) => `<@${user}>`);
  const blocks: Block[] = [
    { type: 'header', text: label(`${states[state]}: ${summary}`, 150) },
    ...(isPending && called.length > 0
      ? [{ type: 'section' as const, text: markup(`${called.join(' ')} please answer`) }]
      : []),
    ...calls.slice(0, mostCalls).map((call): Block => ({ type: 'section', text: plain(wordsOf(call)) })),
    ...(more > 0
      ? [{ type: 'section' as const, text: plain(`And ${more} more calls: baton approvals show ${id}`) }]
      : []),
    { type: 'context', elements: [plain(cut(escapeSlack(standing(approval)), 2_000))] },
    ...(isPending ? [{ type: 'actions' as const, elements: buttonsFor(approval) }] : []),
  ];
  const text = cut(escapeSlack(oneLine(`${states[state]}: ${summary}`)), 1_000);
  return marked({ text, blocks }, mark);
}

/** One call, letter by letter, with what it changes. */
function wordsOf({ summary, calls, targets, before, after, undo }: ShownApproval['calls'][number]): string {
  const change =
    before !== undefined || after !== undefined
      ? [`${cut(before ?? 'nothing', maxValues)} → ${cut(after ?? 'nothing', maxValues)}`]
      : [];
  const lines = [
    oneLine(summary),
    ...calls.map((call) => `  ${oneLine(call)}`),
    ...(targets.length > 0 ? [`On: ${targets.join(', ')}`] : []),
    ...change,
    oneLine(undo),
  ];
  return cut(escapeSlack(lines.join('\n')), maxCall);
}

/** Who has said what, who is still asked, and until when. */
function standing(approval: ShownApproval): string {
  const { state, askedBy, approvers, required, answers, expiresAt, overridesGuards, closedBecause } =
    approval;
  const said = answers.map(
    ({ name, decision, via, at, reason }) =>
      `${decision === 'approved' ? 'Approved' : 'Refused'} by ${name} (${via}, ${at})${reason ? `: ${reason}` : ''}`,
  );
  const given = answers.filter(({ decision }) => decision === 'approved').length;
  const lines =
    state === 'pending'
      ? [
          `May answer: ${approvers}`,
          ...(required > 1 ? [`${given} of ${required} have approved`] : []),
          `Expires at ${expiresAt}`,
        ]
      : closedBecause
        ? [closedBecause]
        : [];
  return [
    `Asked by ${askedBy}`,
    ...(overridesGuards ? ['It overrides a cool-down: say why'] : []),
    ...said,
    ...lines,
  ]
    .map(oneLine)
    .join('\n');
}

function buttonsFor({ id, summary, reasonRequired, overridesGuards }: ShownApproval): Button[] {
  const suffix = reasonRequired || overridesGuards ? '_with_reason' : '';
  const confirm: Button['confirm'] = {
    title: plain('Approve this?'),
    text: label(`It is done at once: ${summary}`, 300),
    confirm: plain('Approve'),
    deny: plain('Not yet'),
  };
  return [
    {
      type: 'button',
      action_id: `approve${suffix}`,
      value: id,
      text: plain('Approve'),
      style: 'primary',
      // A form that asks for the reason is confirmation enough.
      ...(suffix ? {} : { confirm }),
    },
    { type: 'button', action_id: `refuse${suffix}`, value: id, text: plain('Refuse'), style: 'danger' },
  ];
}
