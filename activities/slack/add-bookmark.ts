import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Inverse } from '../../domain/plan.ts';
import { oneLine } from '../../domain/text.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId, webUrl } from './input.ts';
import { asMember, joinCalls, lookInto } from './membership.ts';
import { cut } from './text.ts';

const maxTitle = 100;
const bookmark = z.object({ id: z.string(), title: z.string(), link: z.string().nullish() });

/** A bookmark is told by its address: one that is there keeps its place, and gets the title where it differs. */
export const addSlackBookmark = defineActivity({
  name: 'addSlackBookmark',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Puts a link at the top of a channel',
  permissions: ['bookmarks:read', 'bookmarks:write', 'channels:join'],
  input: z.object({
    connection: connectionName,
    actor,
    channelId,
    title: z.string().regex(/\S/, 'must say something'),
    url: webUrl,
  }),
  output: z.object({ changed: z.boolean(), bookmarkId: z.string() }),
  example: { channelId: 'C0123456789', title: 'Runbook', url: 'https://example.com/runbooks/checkout' },
  inverse: { activity: 'addSlackBookmark' },
  async look(input, { slack, attempt }) {
    const { connection, channelId } = input;
    const api = (await slack(connection)).api(attempt.signal);
    const { title, link } = wantedOf(input);
    const looked = await lookInto(channelId, () => listBookmarks(api, channelId), []);
    const there = looked.hidden ? undefined : looked.seen.find(isAt(link));
    if (there?.title === title) return { done: { changed: false, bookmarkId: there.id } };
    const adding = `bookmarks.add channel_id=${channelId} title=${title} link=${link}`;
    const calls = there
      ? [`bookmarks.edit channel_id=${channelId} bookmark_id=${there.id} title=${title}`]
      : [looked.hidden ? `${adding} (or bookmarks.edit, where that link is there already)` : adding];
    const inverse: Inverse = there
      ? { activity: 'addSlackBookmark', input: { connection, channelId, title: there.title, url: link } }
      : { none: 'Baton removes no bookmarks' };
    return {
      plan: {
        summary: `Puts the link "${title}" at the top of ${channelId}`,
        calls: [...joinCalls(looked.hidden, channelId), ...calls],
        values: { hidden: looked.hidden, bookmarkId: there?.id ?? null },
        ...(there ? { before: { title: there.title, link } } : {}),
        after: { title, link },
        inverse,
        output: { changed: true, bookmarkId: there?.id ?? 'planned' },
      },
    };
  },
  async act({ values: { hidden, bookmarkId } }, input, { slack, attempt }) {
    const { connection, channelId } = input;
    const api = (await slack(connection)).api(attempt.signal);
    const { title, link } = wantedOf(input);
    let known = bookmarkId;
    if (hidden) {
      const list = await asMember(api, channelId, () => listBookmarks(api, channelId)).catch(throwFailure);
      const there = list.find(isAt(link));
      if (there?.title === title) return { changed: false, bookmarkId: there.id };
      known = there?.id ?? null;
    }
    const answer = await asMember(api, channelId, () =>
      known === null
        ? api.bookmarks.add({ channel_id: channelId, title, type: 'link', link })
        : api.bookmarks.edit({ channel_id: channelId, bookmark_id: known, title, link }),
    ).catch(throwFailure);
    return { changed: true, bookmarkId: parseAnswer(answer, z.object({ bookmark })).bookmark.id };
  },
});

/** As Slack takes and shows them. */
const wantedOf = ({ title, url }: { title: string; url: string }) => ({
  title: cut(oneLine(title), maxTitle) || 'link',
  link: new URL(url).href,
});

const isAt = (link: string) => (each: z.output<typeof bookmark>) =>
  each.link && URL.parse(each.link)?.href === link;

/** Errors are the SDK's. */
async function listBookmarks(api: WebClient, channelId: string) {
  const list = await api.bookmarks.list({ channel_id: channelId });
  return parseAnswer(list, z.object({ bookmarks: z.array(bookmark) })).bookmarks;
}
