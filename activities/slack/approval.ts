import { z } from 'zod';
import { oneLine } from '../../domain/text.ts';
import { type Block, type Body, type Button, fitTogether, label, marked, markup, plain } from './blocks.ts';
import { userId } from './input.ts';
import { mentionsOf } from './message.ts';
import { cut, escapeSlack } from './text.ts';

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
      /** What the provider said when it was asked whether it would do it. */
      dryRun: z.string().optional(),
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
/** How much of each text is shown: quotes take twice their place, and a message holds only so much. */
const shares = [1, 0.5, 0.25] as const;

/** The message. Its buttons carry the approval's id and nothing else: who may press them is checked later. */
export function approvalBody(approval: ShownApproval, mark: string | undefined): Body {
  const { state, summary } = approval;
  const share = shares.find((each) => fitTogether(blocksOf(approval, each))) ?? shares[2];
  const blocks = blocksOf(approval, share);
  const text = cut(escapeSlack(oneLine(`${states[state]}: ${summary}`)), 1_000);
  return marked({ text, blocks }, mark);
}

function blocksOf(approval: ShownApproval, share: number): Block[] {
  const { state, summary, calls, mention, id } = approval;
  const isPending = state === 'pending';
  const words = calls.slice(0, mostCalls).map((call) => wordsOf(call, share));
  const more = calls.length - mostCalls;
  // Nobody is to approve what they take for the whole of it.
  const isCut = words.some((text) => text.includes('…'));
  const rest = more > 0 ? `And ${more} more calls` : 'Some of it is too long for Slack';
  return [
    { type: 'header', text: label(`${states[state]}: ${summary}`, 150) },
    ...(isPending && mention.length > 0
      ? [{ type: 'section' as const, text: markup(`${mentionsOf(mention)} please answer`) }]
      : []),
    ...words.map((text): Block => ({ type: 'section', text: plain(text) })),
    ...(more > 0 || isCut
      ? [{ type: 'section' as const, text: plain(`${rest}: npx baton approvals show ${id}`) }]
      : []),
    { type: 'context', elements: [plain(cut(escapeSlack(standing(approval)), 2_000 * share))] },
    ...(isPending ? [{ type: 'actions' as const, elements: buttonsFor(approval) }] : []),
  ];
}

/** One call, letter by letter, with what it changes. Each part is cut by itself, so that a long one hides no other. */
function wordsOf(
  { summary, calls, targets, before, after, dryRun, undo }: ShownApproval['calls'][number],
  share: number,
): string {
  const part = (text: string, max: number) => cut(escapeSlack(oneLine(text)), max * share);
  const lines = [
    part(summary, 240),
    cut(escapeSlack(calls.map((call) => `  ${oneLine(call)}`).join('\n')), 600 * share),
    ...(targets.length > 0 ? [part(`On: ${targets.join(', ')}`, 160)] : []),
    ...(before === undefined ? [] : [`Now: ${part(before, 240)}`]),
    ...(after === undefined ? [] : [`Then: ${part(after, 240)}`]),
    ...(dryRun === undefined ? [] : [`Asked beforehand: ${part(dryRun, 240)}`]),
    part(undo, 160),
  ];
  return lines.filter((line) => line !== '').join('\n') || '-';
}

/** Who has said what, who is still asked, and until when. */
function standing(approval: ShownApproval): string {
  const {
    state,
    askedBy,
    approvers,
    required,
    answers,
    expiresAt,
    overridesGuards,
    reasonRequired,
    closedBecause,
  } = approval;
  const said = answers.map(
    ({ name, decision, via, at, reason }) =>
      `${decision === 'approved' ? 'Approved' : 'Refused'} by ${name} (${via}, ${at})${reason ? `: ${reason}` : ''}`,
  );
  const given = answers.filter(({ decision }) => decision === 'approved').length;
  const lines =
    state === 'pending'
      ? [
          `May answer: ${approvers}`,
          ...(reasonRequired && !overridesGuards ? ['Whoever answers says why'] : []),
          ...(required > 1 ? [`${given} of ${required} have approved`] : []),
          `Expires at ${expiresAt}`,
        ]
      : closedBecause
        ? [closedBecause]
        : [];
  return [
    `Asked by ${askedBy}`,
    ...(overridesGuards ? ['It overrides a guard: say why'] : []),
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
