import { z } from 'zod';
import { oneLine } from '../../domain/text.ts';
import { type Block, type Body, type Button, fitTogether, label, marked, markup, plain } from './blocks.ts';
import { userId } from './input.ts';
import { mentionsOf } from './message.ts';
import { cut, escapeSlack } from './text.ts';

/** What people see of a question: data, so that Slack shows what the store keeps. */
export const questionSchema = z.object({
  id: z.string().regex(/^[\w-]{1,30}$/, 'must be the id of a question'),
  state: z.enum(['pending', 'answered', 'expired', 'withdrawn']),
  summary: z.string().min(1),
  options: z
    .array(
      z.object({
        value: z.string().min(1).max(40),
        label: z.string().min(1),
        description: z.string().optional(),
      }),
    )
    .max(100)
    .describe('What there is to choose from. None: it is answered by a form'),
  parked: z
    .object({
      lines: z.array(z.string()).describe('The step, what it was given, and why it failed'),
      mayChange: z.boolean().describe('It may be tried again with another input'),
    })
    .optional()
    .describe('Set where it asks what becomes of a parked run'),
  /** Who asks: the workflow, and on whose behalf. */
  askedBy: z.string(),
  /** Who may answer, in words, and whom the message calls. */
  approvers: z.string(),
  mention: z.array(userId).default([]),
  answers: z
    .array(
      z.object({
        name: z.string(),
        via: z.string(),
        at: z.string(),
        said: z.array(z.string()).describe('The answer, line by line'),
        reason: z.string().optional(),
      }),
    )
    .max(1),
  expiresAt: z.string(),
  closedBecause: z.string().optional(),
});
export type ShownQuestion = z.output<typeof questionSchema>;

/** By a word as well as by a colour: not everybody tells colours apart. */
const states: Record<ShownQuestion['state'], string> = {
  pending: '🟡 Waiting for an answer',
  answered: '🟢 Answered',
  expired: '⚪ Expired, and not answered',
  withdrawn: '⚪ No longer needed',
};

/** The same of a parked run: it is a decision. */
const parkedStates: typeof states = {
  ...states,
  pending: '🟡 Waiting for a decision',
  answered: '🟢 Decided',
};

const stateOf = ({ state, parked }: ShownQuestion) => (parked ? parkedStates : states)[state];

/** How much of each text is shown: quotes take twice their place, and a message holds only so much. */
const shares = [1, 0.5, 0.25, 0.1] as const;

/** The message. Its buttons carry the question's id and the option: who may press them, and what it means, is checked later. */
export function questionBody(question: ShownQuestion, mark: string | undefined): Body {
  const { summary } = question;
  const share = shares.find((each) => fitTogether(blocksOf(question, each))) ?? shares[3];
  const text = cut(escapeSlack(oneLine(`${stateOf(question)}: ${summary}`)), 1_000);
  return marked({ text, blocks: blocksOf(question, share) }, mark);
}

function blocksOf(question: ShownQuestion, share: number): Block[] {
  const { state, summary, options, parked, mention, answers } = question;
  const isPending = state === 'pending';
  const section = (text: string): Block => ({ type: 'section', text: plain(text) });
  const part = (lines: string[], max: number) =>
    cut(escapeSlack(lines.map(oneLine).join('\n')).trim(), max * share) || '-';
  const described = options.flatMap(({ label, description }) =>
    description === undefined ? [] : [`${label}: ${description}`],
  );
  const said = answers.flatMap((answer) => answer.said);
  return [
    { type: 'header', text: label(`${stateOf(question)}: ${summary}`, 150) },
    ...(summary.length > 100 ? [section(part([summary], 1_000))] : []),
    ...(isPending && mention.length > 0
      ? [
          {
            type: 'section' as const,
            text: markup(`${mentionsOf(mention)} ${parked ? 'please decide' : 'please answer'}`),
          },
        ]
      : []),
    ...(parked ? [section(part(parked.lines, 2_500))] : []),
    ...(isPending && described.length > 0 ? [section(part(described, 2_500))] : []),
    ...(said.length > 0 ? [section(part(said, 2_800))] : []),
    { type: 'context', elements: [plain(part(standing(question), 2_000))] },
    ...(isPending ? [{ type: 'actions' as const, elements: [...elementsFor(question)] }] : []),
  ];
}

/** Who asks and who has answered; or who is asked, and until when; or why nobody is any more. */
function standing(question: ShownQuestion): string[] {
  const { state, askedBy, approvers, answers, expiresAt, closedBecause } = question;
  const said = answers.map(
    ({ name, via, at, reason }) => `Answered by ${name} (${via}, ${at})${reason ? `: ${reason}` : ''}`,
  );
  const waits = [`May answer: ${approvers}`, `Expires at ${expiresAt}`];
  const over = closedBecause ? [closedBecause] : [];
  return [`Asked by ${askedBy}`, ...said, ...(state === 'pending' ? waits : over)];
}

/** What is demanded beside the decision is asked for in a form. */
function elementsForParked(id: string, mayChange: boolean): Button[] {
  const button = (what: string, text: string): Button => ({
    type: 'button',
    action_id: `unpark_${what}`,
    value: id,
    text: plain(text),
  });
  const retry = mayChange
    ? 'The step is tried again with the same input.'
    : 'It is looked at whether the step was made. It is made only where that shows that it was not.';
  return [
    {
      ...button('retry', 'Retry'),
      style: 'primary',
      confirm: {
        title: plain('Retry?'),
        text: plain(retry),
        confirm: plain('Retry'),
        deny: plain('Not yet'),
      },
    },
    ...(mayChange ? [button('input', 'Retry with other input')] : []),
    button('skip', 'Skip'),
    { ...button('abort', 'Abort'), style: 'danger' },
  ];
}

/** More options than these are chosen from a list. */
const mostButtons = 5;

function elementsFor({
  id,
  options,
  parked,
}: ShownQuestion): Extract<Block, { type: 'actions' }>['elements'] {
  if (parked) return elementsForParked(id, parked.mayChange);
  if (options.length === 0)
    return [{ type: 'button', action_id: 'answer_form', value: id, text: plain('Answer'), style: 'primary' }];
  const confirm = (text: string): NonNullable<Button['confirm']> => ({
    title: plain('Is this the answer?'),
    text: label(text, 300),
    confirm: plain('Answer'),
    deny: plain('Not yet'),
  });
  const chosen = options.map(({ value, label: text }) => ({
    value: `${id}/${value}`,
    // A label of control characters alone is empty by then, which Slack refuses.
    text: label(oneLine(text) || value, 75),
  }));
  if (options.length > mostButtons)
    return [
      {
        type: 'static_select',
        action_id: 'answer',
        placeholder: plain('Choose an answer'),
        options: chosen,
        confirm: confirm('The first answer counts, and the run goes on by it at once.'),
      },
    ];
  return chosen.map((option, index) => ({
    type: 'button',
    // Each has a name of its own, which Slack wants, and the same meaning.
    action_id: `answer.${index + 1}`,
    ...option,
    confirm: confirm(`The first answer counts, and the run goes on by it at once: ${options[index]?.label}`),
  }));
}
