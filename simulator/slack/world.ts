import { newSecret } from '../secret.ts';
import type { View } from './views.ts';

export interface SlackUser {
  id: string;
  /** The name for signing in; people see `realName`. */
  name: string;
  realName: string;
  email?: string;
  deleted: boolean;
  guest: boolean;
  bot: boolean;
  /** A guest of one channel only. */
  ultraRestricted?: boolean;
  /** The workspace that the person is of; another one than ours for whom Slack Connect lets in. Ours where left out. */
  teamId?: string;
  /** The workspaces of one organisation (Enterprise Grid) that the person is a member of. */
  gridTeamIds?: string[];
  /** Where the person is, as `Europe/Berlin`. */
  timeZone?: string;
  /** False: the address was never confirmed. */
  emailConfirmed?: boolean;
  /** Invited, and has not come yet. */
  invited?: boolean;
  /** What Slack's own machinery posts as: a workflow, a connector. */
  machine?: 'workflow' | 'connector';
}

export interface Channel {
  id: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  creator: string;
  archived: boolean;
  topic: string;
  purpose: string;
  memberIds: string[];
  /** In seconds since 1970. Left out: long ago. */
  created?: number;
}

export interface Metadata {
  event_type: string;
  event_payload: Record<string, unknown>;
}

export interface Message {
  channelId: string;
  ts: string;
  userId: string;
  text: string;
  blocks?: unknown[];
  metadata?: Metadata;
  threadTs?: string;
  /** What Slack itself says: `channel_topic`, `channel_join`. */
  subtype?: string;
  editedTs?: string;
}

export interface Bookmark {
  id: string;
  channelId: string;
  title: string;
  link: string;
}

/** A form that stands on somebody's screen. */
export interface OpenView {
  id: string;
  hash: string;
  triggerId: string;
  view: View;
}

/** The workspace: all that the simulated Slack knows. */
export interface SlackWorld {
  token: string;
  appToken: string;
  /** What the bot's token may do, as the header of each answer names it. Left out: no header. */
  scopes?: string[];
  /** Slack refuses bots that open an archived channel again, and calls that a bug: left out, it is as it is. */
  botsMayUnarchive?: boolean;
  team: { id: string; name: string; domain: string; url: string };
  bot: { userId: string; botId: string };
  users: SlackUser[];
  groups: { id: string; handle: string; userIds: string[] }[];
  channels: Channel[];
  messages: Message[];
  ephemerals: { channelId: string; userId: string; ts: string; text: string; blocks?: unknown[] }[];
  /** The forms that were opened, and with which `trigger_id`: it opens one. */
  views?: OpenView[];
  pins: { channelId: string; ts: string }[];
  bookmarks: Bookmark[];
  /** The last id and the last time that were given out: both only grow. */
  lastId: number;
  lastMicroseconds: number;
}

export const simulatedToken = newSecret('xoxb-');
export const simulatedAppToken = newSecret('xapp-');
export const simulatedSigningSecret = newSecret();
export const team = { id: 'T0ACME', name: 'Acme', domain: 'acme', url: 'https://acme.slack.com/' };

export const people = [
  { id: 'U0ADA', name: 'ada', realName: 'Ada Lopez', email: 'ada@example.com' },
  { id: 'U0BEN', name: 'ben', realName: 'Ben Okafor', email: 'ben@example.com' },
] as const;

export const firstWorld = (): SlackWorld => ({
  token: simulatedToken,
  appToken: simulatedAppToken,
  team,
  bot: { userId: 'U0BATON', botId: 'B0BATON' },
  users: [
    ...people.map((person) => ({ ...person, deleted: false, guest: false, bot: false })),
    { id: 'U0BATON', name: 'baton', realName: 'Baton', deleted: false, guest: false, bot: true },
  ],
  groups: [{ id: 'S0ONCALL', handle: 'oncall', userIds: ['U0ADA', 'U0BEN'] }],
  channels: [
    {
      id: 'C0GENERAL',
      name: 'general',
      kind: 'public',
      creator: 'U0ADA',
      archived: false,
      topic: '',
      purpose: 'Company-wide announcements',
      memberIds: ['U0ADA', 'U0BEN'],
    },
  ],
  messages: [],
  ephemerals: [],
  pins: [],
  bookmarks: [],
  lastId: 0,
  lastMicroseconds: 0,
});

/** An id as Slack's: a letter for the kind, then capitals and digits. */
export function newId(world: SlackWorld, letter: string): string {
  world.lastId += 1;
  return `${letter}0${world.lastId.toString(36).toUpperCase().padStart(9, 'S')}`;
}

/** The time as Slack writes it. No two messages share one. */
export function newTs(world: SlackWorld): string {
  world.lastMicroseconds = Math.max(Date.now() * 1000, world.lastMicroseconds + 1);
  return (world.lastMicroseconds / 1e6).toFixed(6);
}
