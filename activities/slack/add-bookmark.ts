import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId, webUrl } from './input.ts';
import { asMember } from './membership.ts';
import { cut, oneLine } from './text.ts';

const maxTitle = 100;
const bookmark = z.object({ id: z.string(), title: z.string(), link: z.string().nullish() });

/** A bookmark is told by its address: one that is there keeps its place, and gets the title where it differs. */
export const addSlackBookmark = defineActivity({
  name: 'addSlackBookmark',
  kind: 'change',
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
  async run({ connection, channelId, title: given, url }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const title = cut(oneLine(given.toWellFormed()), maxTitle);
    const link = new URL(url).href;
    const list = await asMember(api, channelId, () => api.bookmarks.list({ channel_id: channelId })).catch(
      throwFailure,
    );
    const { bookmarks } = parseAnswer(list, z.object({ bookmarks: z.array(bookmark) }));
    const there = bookmarks.find((each) => each.link && URL.parse(each.link)?.href === link);
    if (there?.title === title) return { changed: false, bookmarkId: there.id };
    const answer = await asMember(api, channelId, () =>
      there
        ? api.bookmarks.edit({ channel_id: channelId, bookmark_id: there.id, title, link })
        : api.bookmarks.add({ channel_id: channelId, title, type: 'link', link }),
    ).catch(throwFailure);
    return { changed: true, bookmarkId: parseAnswer(answer, z.object({ bookmark })).bookmark.id };
  },
});
