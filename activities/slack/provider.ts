import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { defineProvider } from '../provider.ts';
import { form } from './set-up-questions.ts';

const settings = z.object({
  SLACK_BOT_TOKEN: z.string().optional().describe('token of the bot, xoxb-…'),
  SLACK_SIGNING_SECRET: z.string().optional().describe('secret with which Slack signs clicks and commands'),
  SLACK_APP_TOKEN: z
    .string()
    .optional()
    .describe('app-level token, xapp-…: clicks and commands come by Socket Mode, without a public address'),
  SLACK_TEST_CHANNEL: z
    .string()
    .regex(/^[CG][A-Z0-9]{6,}$/, 'is not the id of a channel, as C0123456789')
    .optional()
    .describe('id of the channel to which a test of the connection posts a message, which it deletes'),
  SLACK_API_URL: addressSetting.optional().describe('another address of the Web API'),
});
export type SlackSettings = z.output<typeof settings>;

export const slack = defineProvider({
  name: 'slack',
  title: 'Slack',
  settings,
  secrets: ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN'],
  sentTo: { SLACK_API_URL: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'] },
  needs: [
    { oneOf: ['SLACK_BOT_TOKEN'], by: 'worker', else: 'nothing is read or posted there' },
    {
      oneOf: ['SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN'],
      by: 'server',
      else: 'its buttons and commands are refused with 503',
    },
  ],
  simulated: 'at first',
  connect: async (given, env, connection, budget) =>
    (await import('./client.ts')).connectSlack(given, env, connection, budget),
  check: async (client, signal, asked) => (await import('./check.ts')).checkSlack(client, signal, asked),
  test: async (client, signal, asked) =>
    (await import('./test-message.ts')).testSlackMessage(client, signal, asked),
  setUp: { ...form, load: async () => (await import('./set-up.ts')).setUpSlack },
});
