import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { defineProvider } from '../provider.ts';
import { webhookSecrets } from '../webhook-secrets.ts';
import { projectSettings } from './projects.ts';
import { form } from './set-up-questions.ts';

/** Undefined where it is no JSON object. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const settings = z.object({
  JIRA_BASE_URL: addressSetting.optional().describe('address of the site, https://acme.atlassian.net'),
  JIRA_EMAIL: z.string().optional().describe('the user to whom the token belongs'),
  JIRA_API_TOKEN: z.string().optional().describe('token of that user'),
  JIRA_WEBHOOK_SECRETS: webhookSecrets.describe(
    'secrets of the site’s webhooks, comma-separated: with one, an issue that is done resolves its incident',
  ),
  JIRA_PROJECT_KEY: z.string().optional().describe('the project that issues go to when none is named'),
  ...projectSettings,
  JIRA_ISSUE_TYPE: z.string().optional().describe('the type of new issues (Task, else the project’s first)'),
  JIRA_FIELDS: z
    .string()
    .refine(
      (text) => objectIn(text) !== undefined,
      'is not a JSON object, such as {"customfield_10042":{"value":"High"}}',
    )
    .transform((text) => objectIn(text) ?? {})
    .optional()
    .describe('fields that the project demands of new issues, as a JSON object'),
});
export type JiraSettings = z.output<typeof settings>;

const nothing = 'nothing is read or written there';

export const jira = defineProvider({
  name: 'jira',
  title: 'Jira',
  settings,
  secrets: ['JIRA_API_TOKEN', 'JIRA_WEBHOOK_SECRETS'],
  sentTo: { JIRA_BASE_URL: ['JIRA_API_TOKEN'] },
  needs: [
    { oneOf: ['JIRA_BASE_URL'], by: 'worker', else: nothing },
    { oneOf: ['JIRA_EMAIL'], by: 'worker', else: nothing },
    { oneOf: ['JIRA_API_TOKEN'], by: 'worker', else: nothing },
    { oneOf: ['JIRA_PROJECT_KEY'], by: 'worker', else: nothing },
  ],
  simulated: 'at first',
  connect: async (given, env, connection) =>
    (await import('./client.ts')).connectJira(given, env, connection),
  check: async (client, signal, asked) => (await import('./check.ts')).checkJira(client, signal, asked),
  setUp: { ...form, load: async () => (await import('./set-up.ts')).setUpJira },
});
