import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { Self } from './client.ts';
import { accept, parseAnswer, throwFailure } from './failures.ts';
import { incidentId, planned } from './input.ts';
import { purposeOf } from './room-purpose.ts';
import { channelName } from './text.ts';

/** `name`, `name-2`, …: more rooms than this for one incident are a mistake. */
const maxRooms = 9;

const room = z.object({
  id: z.string(),
  name: z.string(),
  creator: z.string().optional(),
  /** In seconds since 1970. */
  created: z.number().optional(),
  purpose: z.object({ value: z.string() }).default({ value: '' }),
});
type Room = z.output<typeof room>;

const listed = z.object({
  channels: z.array(room),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

const inverse = { none: 'an archived channel cannot be opened again, so its room is kept' } as const;

/**
 * One room for an incident: a name made from the incident, and a purpose that carries its id. A name that is taken is
 * looked up: a room of Baton's for this incident is adopted, any other is left alone and the name gets a number. A room
 * of Baton's without a purpose was left by an attempt that broke off, unless it is quite new: another run is about to give it one. An archived room cannot be used again, and its
 * name stays taken.
 */
export const openSlackWarRoom = defineActivity({
  name: 'openSlackWarRoom',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Opens the channel for an incident, or finds it',
  permissions: ['channels:manage', 'channels:read', 'groups:write', 'groups:read'],
  targets: ({ incidentId }) => [`slack-room:${incidentId}`],
  once: true,
  input: z.object({
    connection: connectionName,
    actor,
    incidentId,
    number: z.int().positive(),
    title: z.string(),
    private: z.boolean().default(false),
  }),
  output: z.object({
    changed: z.boolean(),
    channelId: z.string(),
    name: z.string(),
    url: z.string(),
    created: z.boolean(),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', number: 4211, title: 'p99 latency above 2 s' },
  inverse,
  async look({ connection, incidentId, number, title, private: isPrivate }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const known = await roomMade(api, attempt.made);
    if (known && carries(known, incidentId)) return { done: opened(self, known, false, false) };
    const [name, ...others] = namesOf(number, title);
    const kind = isPrivate ? 'private' : 'public';
    return {
      plan: {
        summary: `Opens the ${kind} channel ${name} for incident ${incidentId}`,
        calls: [
          // Whether a name is taken, Slack tells only when a channel is to get it.
          `conversations.create name=${name} is_private=${isPrivate} (where the name is taken: takes over Baton's channel for this ` +
            `incident, else ${others[0]} to ${others.at(-1)}, the first that is free)`,
          `conversations.setPurpose purpose=${purposeOf(incidentId)}`,
        ],
        values: {},
        after: { name, purpose: purposeOf(incidentId) },
        inverse,
        output: opened(self, { id: planned.channelId, name }, true, true),
      },
    };
  },
  async act(_, { connection, incidentId, number, title, private: isPrivate }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const [first, ...others] = namesOf(number, title);
    const room = await create(api, first, isPrivate);
    if (room) {
      await setPurpose(api, room, incidentId);
      return opened(self, room, true, true);
    }
    const names = [first, ...others];
    const rooms = await liveRooms(api, ({ name }) => names.includes(name));
    const ours = rooms.filter(({ creator }) => creator === self.user_id);
    const adopted =
      ours.find((each) => carries(each, incidentId)) ?? ours.find((each) => isLeft(each, attempt.number));
    if (adopted) return opened(self, adopted, false, await setPurpose(api, adopted, incidentId));

    const taken = new Set(rooms.map(({ name }) => name));
    for (const name of others.filter((each) => !taken.has(each))) {
      const another = await create(api, name, isPrivate);
      if (!another) continue;
      await setPurpose(api, another, incidentId);
      return opened(self, another, true, true);
    }
    throw conflict('Slack', `the channel names ${first} to ${others.at(-1)} are taken`);
  },
});

/** The names that a room may get, in the order in which they are tried. */
function namesOf(number: number, title: string): [string, ...string[]] {
  const first = channelName(number, title);
  return [first, ...Array.from({ length: maxRooms - 1 }, (_, index) => `${first}-${index + 2}`)];
}

const opened = (
  { url }: Self,
  { id, name }: Pick<Room, 'id' | 'name'>,
  created: boolean,
  changed: boolean,
) => ({ changed, channelId: id, name, url: `${url}archives/${id}`, created });

/** The room that an earlier call opened, also of another run: a large workspace has thousands of channels to look through. */
async function roomMade(api: WebClient, made: unknown): Promise<Room | undefined> {
  const known = z.object({ channelId: z.string() }).safeParse(made).data;
  if (!known) return undefined;
  const answer = await api.conversations
    .info({ channel: known.channelId })
    .catch(accept(['channel_not_found', 'missing_scope'], undefined));
  if (!answer) return undefined;
  const { channel } = parseAnswer(
    answer,
    z.object({ channel: room.extend({ is_archived: z.boolean().default(false) }) }),
  );
  return channel.is_archived ? undefined : channel;
}

/** An attempt lasts no longer. */
const newSeconds = 60;

/** Another account's incident can have the same number and title, and its room the same name. */
const isLeft = ({ purpose, created = 0 }: Room, attempt: number) =>
  purpose.value === '' && (attempt > 1 || Date.now() / 1000 - created > newSeconds);

/** Whole words are compared: one incident's id can begin like another's. */
const carries = ({ purpose }: Room, incidentId: string) =>
  purpose.value.split(/[^\w-]+/).includes(incidentId);

/** Undefined where the name is taken. */
async function create(api: WebClient, name: string, isPrivate: boolean): Promise<Room | undefined> {
  const answer = await api.conversations
    .create({ name, is_private: isPrivate })
    .catch(accept(['name_taken'], undefined));
  return answer && parseAnswer(answer, z.object({ channel: room })).channel;
}

/** Slack announces a purpose in the channel, so one that is there already is left alone: false. */
async function setPurpose(api: WebClient, opened: Room, incidentId: string): Promise<boolean> {
  if (carries(opened, incidentId)) return false;
  const purpose = purposeOf(incidentId);
  await api.conversations.setPurpose({ channel: opened.id, purpose }).catch(throwFailure);
  return true;
}

/** The channels that fit and are not archived. Pages can be empty and still have a next one. */
async function liveRooms(api: WebClient, fits: (room: Room) => boolean): Promise<Room[]> {
  const rooms: Room[] = [];
  let cursor: string | undefined;
  do {
    const answer = await api.conversations
      .list({
        types: 'public_channel,private_channel',
        exclude_archived: true,
        limit: 1000,
        ...(cursor ? { cursor } : {}),
      })
      .catch(throwFailure);
    const page = parseAnswer(answer, listed);
    rooms.push(...page.channels.filter(fits));
    cursor = page.response_metadata?.next_cursor;
  } while (cursor);
  return rooms;
}
