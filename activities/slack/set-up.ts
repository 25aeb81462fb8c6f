import { z } from 'zod';
import type { SetUp } from '../../domain/set-up.ts';
import { invalidInput } from '../failures.ts';
import { decorative, membersOf } from '../lenient.ts';
import type { Slack } from './client.ts';
import { accept, parseAnswer, throwFailure } from './failures.ts';
import { slackManifest } from './manifest.ts';

const whoSchema = z.object({ url: z.string(), team: z.string(), user: z.string() });

/** How a workspace of Slack is connected. Its app is made by people, from the manifest; nothing is made there by Baton. */
export const setUpSlack: SetUp<Slack> = {
  complaints: keyComplaints,

  async account(client, _, signal) {
    const { user, team, url } = parseAnswer(
      await client.api(signal).auth.test().catch(throwFailure),
      whoSchema,
    );
    return { owner: { name: user }, place: `the workspace ${team} (${url})` };
  },

  async choices(client, { query = '' }, signal) {
    const { channels, more } = await readChannels(client, signal);
    const named = channels.filter(({ name }) => name.includes(query.toLowerCase().replace(/^#/, '')));
    return {
      lists: { testChannel: named.map(({ id, name }) => ({ value: id, label: `#${name}`, hint: id })) },
      more,
    };
  },

  async prepare(client, { answers, values }, _, signal) {
    const warnings: string[] = [];
    if (answers.signingSecret !== undefined)
      warnings.push(
        'Slack tells nobody whether a signing secret is right: press a button or type /baton help to see it',
      );
    if (!values.SLACK_SIGNING_SECRET && !values.SLACK_APP_TOKEN)
      warnings.push('Without a signing secret or an app-level token no button press and no command comes');
    if (answers.testChannel === undefined) {
      if (!values.SLACK_TEST_CHANNEL)
        warnings.push(
          'No channel for tests is chosen (testChannel), so a test asks for rights and posts nothing',
        );
      return { warnings };
    }
    return { values: { SLACK_TEST_CHANNEL: await channelOf(client, answers.testChannel, signal) }, warnings };
  },

  left: () => [
    'The tokens of the app are valid still: uninstall the app, or revoke them, at https://api.slack.com/apps when nobody is to restore the connection',
  ],

  async papers({ connection, answers, rights, publicUrl }) {
    const manifest = slackManifest(rights, answers.clicks === 'socket' ? undefined : publicUrl, connection);
    return [{ name: 'slack-manifest.json', text: `${JSON.stringify(manifest, null, 2)}\n` }];
  },
};

const kinds: readonly [form: RegExp, is: string][] = [
  [/^xoxb-/, 'the token of a bot; it belongs into SLACK_BOT_TOKEN'],
  [/^xoxp-/, 'the token of a user; the token of the bot is under OAuth & Permissions, and begins with xoxb-'],
  [/^xapp-/, 'an app-level token; it belongs into SLACK_APP_TOKEN'],
  [/^xoxe[.-]/, 'a token that rotates: switch token rotation off, as the manifest does'],
  [/^[0-9a-f]{32}$/, 'a signing secret; it belongs into SLACK_SIGNING_SECRET'],
];

const wanted: readonly [variable: string, form: RegExp][] = [
  ['SLACK_BOT_TOKEN', /^xoxb-/],
  ['SLACK_APP_TOKEN', /^xapp-/],
  ['SLACK_SIGNING_SECRET', /^[0-9a-f]{32}$/],
];

/** They look alike, and stand beside each other on Slack's pages. */
function keyComplaints(values: Readonly<Record<string, string>>): string[] {
  return wanted.flatMap(([variable, form]) => {
    const value = values[variable];
    if (value === undefined || form.test(value)) return [];
    const [, is] = kinds.find(([other]) => other.test(value)) ?? [];
    return [is ? `${variable} holds ${is}` : `${variable} has not the form of one`];
  });
}

const pageSize = 1_000;
const mostPages = 5;

const channelSchema = z.object({ id: z.string(), name: z.string() });
const page = z.object({
  channels: membersOf(channelSchema),
  response_metadata: decorative(z.object({ next_cursor: decorative(z.string()) })),
});

/** The channels that the bot sees. What its scopes do not show is as if there were none: then the id has to be known. */
async function readChannels(client: Slack, signal: AbortSignal) {
  const api = client.api(signal);
  const read = async (types: string) => {
    const channels: z.output<typeof channelSchema>[] = [];
    let cursor: string | undefined;
    for (let count = 0; count < mostPages; count += 1) {
      const asked = { types, exclude_archived: true, limit: pageSize, ...(cursor ? { cursor } : {}) };
      const answer = await api.conversations.list(asked).catch(accept(['missing_scope'], undefined));
      if (answer === undefined) return undefined;
      const { channels: its, response_metadata: more } = parseAnswer(answer, page);
      channels.push(...its);
      cursor = more?.next_cursor || undefined;
      if (cursor === undefined) break;
    }
    return { channels, more: cursor !== undefined };
  };
  return (
    (await read('public_channel,private_channel')) ??
    (await read('public_channel')) ?? { channels: [], more: false }
  );
}

/** The id of a channel that is named by it, or by its name. */
async function channelOf(client: Slack, asked: string, signal: AbortSignal): Promise<string> {
  if (/^[CG][A-Z0-9]{6,}$/.test(asked)) return asked;
  const name = asked.replace(/^#/, '').toLowerCase();
  const { channels } = await readChannels(client, signal);
  const found = channels.find((each) => each.name === name || each.id === asked);
  if (found) return found.id;
  const similar = channels.filter((each) => each.name.includes(name)).slice(0, 10);
  const like = similar.length === 0 ? '' : ` (there are ${similar.map((each) => each.name).join(', ')})`;
  throw invalidInput(
    'Slack',
    `there is no channel ${name} that the bot sees${like}. Invite it to a private one, or give the id`,
  );
}
