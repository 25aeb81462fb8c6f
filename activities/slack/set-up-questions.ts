import type { SetUpForm } from '../../domain/set-up-questions.ts';

/** What setup of a workspace of Slack asks. */
export const form: SetUpForm = {
  first:
    'Slack makes the app from a manifest: print it by baton setup slack --print, give it at https://api.slack.com/apps (Create New App, From a manifest), and install the app.',
  questions: [
    {
      name: 'botToken',
      variable: 'SLACK_BOT_TOKEN',
      about: 'the token of the bot, xoxb-…: api.slack.com/apps, OAuth & Permissions',
      ask: 'The token of the bot, xoxb-… (OAuth & Permissions)',
      isSecret: true,
      isCredential: true,
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'clicks',
      about: 'how button presses and commands come',
      ask: 'How do button presses and commands come?',
      oneOf: [
        { value: 'http', label: 'Slack sends them to Baton’s https:// address' },
        { value: 'socket', label: 'By Socket Mode, without a public address' },
        { value: 'none', label: 'Not at all', hint: 'Baton posts only' },
      ],
      mayBe: 'left out',
      when: ({ answers, isThere }) =>
        !isThere && answers.signingSecret === undefined && answers.appToken === undefined,
    },
    {
      name: 'signingSecret',
      variable: 'SLACK_SIGNING_SECRET',
      about: 'the secret with which Slack signs clicks and commands: Basic Information',
      ask: 'The signing secret (Basic Information, App Credentials)',
      isSecret: true,
      when: ({ answers }) => answers.clicks === 'http',
    },
    {
      name: 'appToken',
      variable: 'SLACK_APP_TOKEN',
      about: 'the app-level token, xapp-…, with connections:write: Basic Information',
      ask: 'The app-level token, xapp-… (Basic Information, App-Level Tokens)',
      isSecret: true,
      when: ({ answers }) => answers.clicks === 'socket',
    },
    {
      name: 'testChannel',
      about: 'id or name of the channel to which a test posts a message, which it deletes',
      ask: 'To which channel may a test post a message, which it deletes?',
      chosen: {},
      mayBe: 'empty',
      when: ({ isThere }) => !isThere,
    },
    {
      name: 'publicUrl',
      about: 'where Slack reaches this Baton, for the manifest. Left out: BATON_PUBLIC_URL',
    },
    { name: 'apiUrl', variable: 'SLACK_API_URL', about: 'another address of the Web API', isAddress: true },
  ],
  next: (connection) =>
    `Runs post by it where a route says so: baton routes set --provider slack --workflow <workflow> --connection ${connection}. Clicks and commands come to /slack/interactivity/${connection} and /slack/commands/${connection}, or by Socket Mode.`,
};
