import { z } from 'zod';
import { type Method, method, Refusal } from './method.ts';
import { findMessage, type Workspace } from './workspace.ts';
import { type Bookmark, newId } from './world.ts';

/** Pins and bookmarks. */
export function markMethods(workspace: Workspace): Record<string, Method> {
  const { world, act } = workspace;
  const shape = ({ id, channelId, title, link }: Bookmark) => ({
    bookmark: { id, channel_id: channelId, title, link, type: 'link' },
  });
  const checkLink = (link: string) => {
    if (!/^https?:\/\//.test(link)) throw new Refusal('invalid_link');
  };

  return {
    'pins.add': method(
      z.object({ channel: z.string(), timestamp: z.string().optional() }),
      ({ channel: id, timestamp: ts }) => {
        const channel = workspace.ownChannel(id);
        if (ts === undefined) throw new Refusal('no_item_specified');
        if (findMessage(world, channel.id, ts).subtype) throw new Refusal('not_pinnable');
        if (world.pins.some((pin) => pin.channelId === id && pin.ts === ts))
          throw new Refusal('already_pinned');
        world.pins.push({ channelId: id, ts });
        act({ effect: 'message pinned', target: id, detail: { ts } });
        return {};
      },
    ),

    'bookmarks.list': method(z.object({ channel_id: z.string() }), ({ channel_id: id }) => {
      workspace.ownChannel(id);
      const bookmarks = world.bookmarks.filter(({ channelId }) => channelId === id);
      return { bookmarks: bookmarks.map((each) => shape(each).bookmark) };
    }),

    'bookmarks.add': method(
      z.object({
        channel_id: z.string(),
        title: z.string().min(1),
        type: z.literal('link'),
        link: z.string(),
      }),
      ({ channel_id: channelId, title, link }) => {
        workspace.ownChannel(channelId);
        checkLink(link);
        const bookmark = { id: newId(world, 'Bk'), channelId, title, link };
        world.bookmarks.push(bookmark);
        act({ effect: 'bookmark added', target: channelId, detail: { title, link } });
        return shape(bookmark);
      },
    ),

    'bookmarks.edit': method(
      z.object({
        channel_id: z.string(),
        bookmark_id: z.string(),
        title: z.string().min(1).optional(),
        link: z.string().optional(),
      }),
      ({ channel_id: channelId, bookmark_id: id, title, link }) => {
        workspace.ownChannel(channelId);
        const bookmark = world.bookmarks.find((each) => each.id === id && each.channelId === channelId);
        if (!bookmark) throw new Refusal('not_found');
        if (link !== undefined) checkLink(link);
        const before = { ...bookmark };
        Object.assign(bookmark, { title: title ?? bookmark.title, link: link ?? bookmark.link });
        if (bookmark.title !== before.title || bookmark.link !== before.link)
          act({ effect: 'bookmark edited', target: channelId, detail: { title: bookmark.title } });
        return shape(bookmark);
      },
    ),
  };
}
