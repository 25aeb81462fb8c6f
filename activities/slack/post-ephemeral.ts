import { z } from 'zod';
import { oneLine } from '../../domain/text.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { approvalBody, approvalSchema } from './approval.ts';
import { type Block, type Body, fitTogether, label, plain } from './blocks.ts';
import { channelId, userId } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { postEphemeral } from './post.ts';
import { cut, escapeSlack } from './text.ts';

const choice = z.object({
  text: z.string().regex(/\S/, 'must say something'),
  button: z.object({
    text: z.string().regex(/\S/, 'must say something'),
    action: z.string().regex(/^[a-z_]{1,50}$/, 'must be the name of an action'),
    value: z.string().min(1).max(500),
  }),
});
const longestChoice = 300;

const inverse = { none: 'it has been read, and Slack keeps no such message' } as const;

/** Slack keeps no such message, so it cannot be looked for: a repeat may show it twice. */
export const postSlackEphemeral = defineActivity({
  name: 'postSlackEphemeral',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Shows a message in a channel to one person only',
  permissions: ['chat:write'],
  input: z.object({
    connection: connectionName,
    actor,
    channelId,
    userId,
    ...messageContent,
    choices: z
      .array(choice)
      .max(20)
      .default([])
      .describe('Each with a button; who may press it is checked later'),
    approval: approvalSchema.optional().describe('Shown below the text, with its buttons'),
  }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789', userId: 'U0123456789', text: 'The incident is resolved already' },
  inverse,
  async look({ connection, channelId, userId, text }, { slack }) {
    await slack(connection);
    return {
      plan: {
        summary: `Shows a message in ${channelId} to ${userId} only`,
        calls: [`chat.postEphemeral channel=${channelId} user=${userId} ${JSON.stringify(cut(text, 100))}`],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, channelId, userId, choices, approval, ...content }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const { text, blocks } = messageBody(content, attempt.mark);
    const shown = approval ? approvalBody(approval, undefined).blocks : [];
    await postEphemeral(
      api,
      channelId,
      userId,
      withChoices({ text, blocks: [...blocks, ...shown] }, choices),
    );
    return { changed: true };
  },
});

/** As many of them, from the first on, as there is room for. */
function withChoices({ text, blocks }: Body, choices: readonly z.output<typeof choice>[]): Body {
  const all = choices.map((each, index): Block[] => [
    { type: 'section', text: plain(cut(escapeSlack(oneLine(each.text)), longestChoice)) },
    {
      type: 'actions',
      // Each has a name of its own, which Slack wants, and the same meaning.
      elements: [
        {
          type: 'button',
          action_id: `${each.button.action}.${index + 1}`,
          value: each.button.value,
          text: label(each.button.text, 75),
          style: 'danger',
        },
      ],
    },
  ]);
  const shown = [...blocks];
  for (const choice of all) if (fitTogether([...shown, ...choice])) shown.push(...choice);
  return { text, blocks: shown };
}
