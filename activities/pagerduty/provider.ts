import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { defineProvider } from '../provider.ts';
import { webhookSecrets } from '../webhook-secrets.ts';
import { alertSettings } from './alert-defaults.ts';
import { questions } from './set-up-questions.ts';

/** Either lets Baton call the REST API. */
const access = ['PAGERDUTY_API_TOKEN', 'PAGERDUTY_CLIENT_ID'] as const;

const fields = z.object({
  PAGERDUTY_WEBHOOK_SECRETS: webhookSecrets.describe(
    'secrets of the webhook subscriptions, comma-separated: the new one before the old one is withdrawn',
  ),
  PAGERDUTY_API_TOKEN: z.string().optional().describe('token of the REST API'),
  PAGERDUTY_CLIENT_ID: z
    .string()
    .optional()
    .describe('an OAuth app of the account with scopes, in place of a token'),
  PAGERDUTY_CLIENT_SECRET: z.string().optional().describe('secret of the app'),
  PAGERDUTY_SUBDOMAIN: z
    .string()
    .regex(
      /^[a-z0-9-]{1,63}$/i,
      'is not the first part of the account’s address, as acme of acme.pagerduty.com',
    )
    .optional()
    .describe('the account that registered the app: acme of acme.pagerduty.com'),
  PAGERDUTY_CONSENT: z
    .string()
    .optional()
    .describe('a user’s consent to the app, as setup keeps it in a named connection'),
  PAGERDUTY_FROM_EMAIL: z.string().optional().describe('the user in whose name automation acts'),
  PAGERDUTY_ROUTING_KEY: z.string().optional().describe('key of an Events API v2 integration'),
  ...alertSettings,
  PAGERDUTY_REGION: z
    .enum(['us', 'eu'], { error: 'is neither us nor eu' })
    .optional()
    .describe('service region of the account'),
  PAGERDUTY_API_URL: addressSetting.optional().describe('another address of the REST API'),
  PAGERDUTY_EVENTS_URL: addressSetting.optional().describe('another address of the Events API'),
  PAGERDUTY_IDENTITY_URL: addressSetting.optional().describe('another address of the identity service'),
});
const settings = fields.refine(
  ({ PAGERDUTY_API_TOKEN: token, PAGERDUTY_CLIENT_ID: app }) => !(token && app),
  {
    path: ['PAGERDUTY_API_TOKEN'],
    error: 'stands beside PAGERDUTY_CLIENT_ID: Baton comes as one of them, so leave the other one out',
  },
);
export type PagerDutySettings = z.output<typeof settings>;

export const pagerDuty = defineProvider({
  name: 'pagerduty',
  title: 'PagerDuty',
  settings,
  secrets: [
    'PAGERDUTY_WEBHOOK_SECRETS',
    'PAGERDUTY_API_TOKEN',
    'PAGERDUTY_CLIENT_SECRET',
    'PAGERDUTY_CONSENT',
    'PAGERDUTY_ROUTING_KEY',
  ],
  // What the identity service gives for the app's goes to the API.
  sentTo: {
    PAGERDUTY_API_URL: ['PAGERDUTY_API_TOKEN', 'PAGERDUTY_CLIENT_SECRET', 'PAGERDUTY_CONSENT'],
    PAGERDUTY_IDENTITY_URL: ['PAGERDUTY_CLIENT_SECRET', 'PAGERDUTY_CONSENT'],
    PAGERDUTY_EVENTS_URL: ['PAGERDUTY_ROUTING_KEY'],
  },
  needs: [
    {
      oneOf: ['PAGERDUTY_WEBHOOK_SECRETS', 'BATON_PAGERDUTY_PULL'],
      by: 'server',
      else: 'its webhooks are refused with 503 and no incident comes in',
    },
    {
      oneOf: [...access],
      beside: 'BATON_PAGERDUTY_PULL',
      by: 'server',
      else: 'its log is not pulled',
    },
    { oneOf: [...access], by: 'worker', else: 'its incidents are neither read nor changed' },
    ...access.map(
      (beside) =>
        ({
          oneOf: ['PAGERDUTY_FROM_EMAIL'],
          beside,
          by: 'worker',
          else: 'its incidents are read, and not changed',
        }) as const,
    ),
    ...(['PAGERDUTY_CLIENT_SECRET', 'PAGERDUTY_SUBDOMAIN'] as const).map(
      (missing) =>
        ({ oneOf: [missing], beside: 'PAGERDUTY_CLIENT_ID', else: 'its app gets no token' }) as const,
    ),
    { oneOf: ['PAGERDUTY_ROUTING_KEY'], else: 'nobody is paged for a run that fails or stands still' },
  ],
  simulated: 'at first',
  connect: async (given, env, connection, budget, renew) =>
    (await import('./client.ts')).connectPagerDuty(given, env, connection, budget, renew),
  check: async (client, signal, asked) => (await import('./check.ts')).checkPagerDuty(client, signal, asked),
  log: {
    needs: access,
    read: async (client, query, signal) =>
      (await import('./log-entries.ts')).readPagerDutyLog(client, query, signal),
    ofIncident: async (client, incidentId, signal) =>
      (await import('./incident-log.ts')).readIncidentEntries(client, incidentId, signal),
    incident: async (client, incidentId, signal) =>
      (await import('./incident-log.ts')).readRawIncident(client, incidentId, signal),
  },
  past: {
    needs: access,
    incidents: async (client, query, signal) =>
      (await import('./past.ts')).readPagerDutyIncidents(client, query, signal),
    entries: async (client, query, signal) =>
      (await import('./past.ts')).readPagerDutyEntries(client, query, signal),
  },
  test: async (client, signal, asked) =>
    (await import('./test-events.ts')).testPagerDutyEvents(client, signal, asked),
  setUp: {
    questions,
    next: (connection) =>
      `Incidents that come by it are filed as ${connection}/<id>, and runs for them act by it. For other runs: baton routes set --provider pagerduty --workflow <workflow> --connection ${connection}`,
    helps: [
      {
        words: /tells its secret to nobody/,
        next: '--webhook-secret gives its secret, --replace-subscription makes a new one.',
      },
    ],
    load: async () => (await import('./set-up.ts')).setUpPagerDuty,
  },
});
