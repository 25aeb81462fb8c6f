import { z } from 'zod';
import { linkCodeMinutes, mostLinkCodes } from '../../domain/link-code.ts';
import { type ActivityContext, actor, connectionName, defineActivity } from '../activity.ts';
import { linkCodeHash, newLinkCode } from '../link-code.ts';
import { openConversation } from './conversation.ts';
import { throwFailure } from './failures.ts';
import { userId } from './input.ts';
import { readMember } from './member.ts';
import { asMember } from './membership.ts';
import { messageBody } from './message.ts';
import { findPosted, postUnderKey } from './post.ts';

const inverse = { none: `it ends by itself after ${linkCodeMinutes} minutes` };

/**
 * The code is made here and told here: it is in no argument, no result and no record. A hash is kept before its code is posted, so each code
 * that somebody reads counts; an attempt that follows one with an unknown outcome makes another code where the first was not posted.
 */
export const sendSlackLinkCode = defineActivity({
  name: 'sendSlackLinkCode',
  kind: 'change',
  provider: 'slack',
  summary:
    'Tells a full member of the workspace in private a code by which they prove who they are in PagerDuty',
  permissions: ['chat:write', 'im:write', 'im:history', 'users:read', 'users:read.email'],
  input: z.object({
    connection: connectionName,
    actor,
    userId,
    teamIds: z
      .array(z.string().min(1).max(255))
      .max(2)
      .describe('The workspaces that Slack named with the request'),
  }),
  output: z.object({ changed: z.boolean(), refusal: z.string().optional() }),
  example: { userId: 'U0123456789', teamIds: ['T0123456789'] },
  inverse,
  async look(input, context) {
    const refusal = await refusalOf(input, context);
    if (refusal !== undefined) return { done: { changed: false, refusal } };
    const { userId } = input;
    return {
      plan: {
        summary: `Tells ${userId} a code`,
        calls: [
          `conversations.open users=${userId}`,
          `chat.postMessage channel=the conversation with ${userId} "a code that counts for ${linkCodeMinutes} minutes"`,
        ],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, userId }, { slack, baton, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const place = { channelId: await openConversation(api, userId) };
    const find = () => findPosted(api, place, attempt);
    if (await asMember(api, place.channelId, find).catch(throwFailure)) return { changed: true };
    const code = newLinkCode();
    if (!(await baton.keepLinkCode(linkCodeHash(code), userId))) return { changed: false, refusal: tooMany };
    await postUnderKey(
      api,
      place,
      messageBody({ text: instruction, links: [], code }, attempt.mark),
      attempt,
    );
    return { changed: true };
  },
});

const instruction =
  'To prove who you are in PagerDuty, write just this code as a note on any incident there, signed in as yourself, within ' +
  `${linkCodeMinutes} minutes. Whoever writes it is who you are to Baton from then on: tell it to nobody.`;

const tooMany = `you have ${mostLinkCodes} codes that are open: write one of them as a note in PagerDuty, or ask again in ${linkCodeMinutes} minutes`;

/** Why this person is told no code. That their address does not count is no reason: it is what a code is for. */
async function refusalOf(
  { connection, userId, teamIds }: { connection: string; userId: string; teamIds: string[] },
  { slack, baton, attempt }: ActivityContext,
): Promise<string | undefined> {
  const client = await slack(connection);
  const member = await readMember(client, userId, teamIds, attempt.signal);
  if (!member) return 'Slack does not know you as a member of this workspace';
  if (member.refusal !== undefined && !member.needsLink) return member.refusal;
  const [counts, own] = await Promise.all([client.linkedAddress(userId), baton.findPersonInSlack(userId)]);
  if (counts !== undefined && counts !== own?.email)
    return `you are linked to ${counts} in BATON_PEOPLE, which comes before a link of your own: ask whoever runs Baton to change it there`;
  return undefined;
}
