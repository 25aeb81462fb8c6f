import { z } from 'zod';
import { type Notice, noticeMilliseconds } from '../../domain/notice.ts';
import { subjectOf } from '../../domain/subject.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { openConversation } from './conversation.ts';
import { throwFailure } from './failures.ts';
import { userId } from './input.ts';
import { asMember } from './membership.ts';
import { messageBody } from './message.ts';
import { findPosted, postCall, postUnderKey } from './post.ts';

const inverse = { none: 'it has been read: a new message can correct it' } as const;

type Given = { connection: string; userId: string; at: string };

/**
 * Runs leave what a person is to be told in the store, and whichever comes first tells all of it: hundreds of incidents at once are one message.
 * `waitMs`: they were told something just now, and what is left waits for so long.
 */
export const sendSlackNotices = defineActivity({
  name: 'sendSlackNotices',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Tells one person, in one message, all that runs have left for them',
  permissions: ['chat:write', 'im:write', 'im:history'],
  targets: ({ userId }) => [`slack-person:${userId}`],
  input: z.object({
    connection: connectionName,
    actor,
    userId,
    at: z.iso.datetime().describe('Now, by the clock of the run'),
  }),
  output: z.object({ changed: z.boolean(), waitMs: z.int().min(0) }),
  example: { userId: 'U0123456789', at: '2026-11-26T09:00:00.000Z' },
  inverse,
  async look(given, { baton, attempt }) {
    const { notices, lastToldAt } = await baton.untoldNotices(personOf(given));
    if (notices.length === 0) return { done: { changed: false, waitMs: 0 } };
    const waitMs = waitAfter(lastToldAt, given.at);
    if (waitMs > 0) return { done: { changed: false, waitMs } };
    const { userId } = given;
    const body = messageBody(together(notices), attempt.mark);
    return {
      plan: {
        summary: `Tells ${userId} what waits for them`,
        calls: [
          `conversations.open users=${userId}`,
          postCall({ channelId: `the conversation with ${userId}` }, body),
        ],
        values: {},
        inverse,
        output: { changed: true, waitMs: 0 },
      },
    };
  },
  async act(_, given, { slack, baton, attempt }) {
    const api = (await slack(given.connection)).api(attempt.signal);
    const channelId = await openConversation(api, given.userId);
    const find = () => findPosted(api, { channelId }, attempt);
    if (!(await asMember(api, channelId, find).catch(throwFailure))) {
      const notices = await baton.claimNotices(personOf(given), attempt.key);
      // They may have been withdrawn since the look.
      if (notices.length === 0) return { changed: false, waitMs: 0 };
      await postUnderKey(api, { channelId }, messageBody(together(notices), attempt.mark), attempt);
    }
    await baton.toldNotices(personOf(given), attempt.key, given.at);
    return { changed: true, waitMs: 0 };
  },
});

const personOf = ({ connection, userId }: Given) => subjectOf(connection, userId);

function waitAfter(lastToldAt: string | undefined, at: string): number {
  if (lastToldAt === undefined) return 0;
  const wait = Date.parse(lastToldAt) + noticeMilliseconds - Date.parse(at);
  return Math.min(Math.max(wait, 0), noticeMilliseconds);
}

const mostNamed = 50;
const mostShown = 10;

/** One is told in its own words; of many all are named, as far as they fit, and the first are told. */
function together(notices: readonly Notice[]): { text: string; links: Notice['links'] } {
  const [first, ...others] = notices;
  if (first && others.length === 0) return first;
  const names = [...new Set(notices.map(({ about }) => about))];
  const unnamed = names.length - mostNamed;
  const named = names.slice(0, mostNamed).join(', ') + (unnamed > 0 ? ` and ${unnamed} more` : '');
  const rest = notices.length - mostShown;
  return {
    text: [
      ...(names.length > 1 ? [`${names.length} incidents wait for you: ${named}.`] : []),
      ...notices.slice(0, mostShown).map(({ text }) => text),
      ...(rest > 0 ? [`And ${rest} more.`] : []),
    ].join('\n'),
    links: notices.flatMap(({ about, links }) => links.slice(0, 1).map(({ url }) => ({ text: about, url }))),
  };
}
