import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { defineProvider } from '../provider.ts';
import { webhookSecrets } from '../webhook-secrets.ts';
import { alertSettings } from './alert-defaults.ts';

const settings = z.object({
  PAGERDUTY_WEBHOOK_SECRETS: webhookSecrets.describe(
    'secrets of the webhook subscriptions, comma-separated: the new one before the old one is withdrawn',
  ),
  PAGERDUTY_API_TOKEN: z.string().optional().describe('token of the REST API'),
  PAGERDUTY_FROM_EMAIL: z.string().optional().describe('the user in whose name automation acts'),
  PAGERDUTY_ROUTING_KEY: z.string().optional().describe('key of an Events API v2 integration'),
  ...alertSettings,
  PAGERDUTY_REGION: z
    .enum(['us', 'eu'], { error: 'is neither us nor eu' })
    .optional()
    .describe('service region of the account'),
  PAGERDUTY_API_URL: addressSetting.optional().describe('another address of the REST API'),
  PAGERDUTY_EVENTS_URL: addressSetting.optional().describe('another address of the Events API'),
});
export type PagerDutySettings = z.output<typeof settings>;

export const pagerDuty = defineProvider({
  name: 'pagerduty',
  title: 'PagerDuty',
  settings,
  secrets: ['PAGERDUTY_WEBHOOK_SECRETS', 'PAGERDUTY_API_TOKEN', 'PAGERDUTY_ROUTING_KEY'],
  needs: [
    {
      oneOf: ['PAGERDUTY_WEBHOOK_SECRETS', 'BATON_PAGERDUTY_PULL'],
      by: 'server',
      else: 'its webhooks are refused with 503 and no incident comes in',
    },
    {
      oneOf: ['PAGERDUTY_API_TOKEN'],
      beside: 'BATON_PAGERDUTY_PULL',
      by: 'server',
      else: 'its log is not pulled',
    },
    { oneOf: ['PAGERDUTY_API_TOKEN'], by: 'worker', else: 'its incidents are neither read nor changed' },
    {
      oneOf: ['PAGERDUTY_FROM_EMAIL'],
      beside: 'PAGERDUTY_API_TOKEN',
      by: 'worker',
      else: 'its incidents are read, and not changed',
    },
    { oneOf: ['PAGERDUTY_ROUTING_KEY'], else: 'nobody is paged for a run that fails or stands still' },
  ],
  simulated: 'at first',
  connect: async (given, env, connection, budget) =>
    (await import('./client.ts')).connectPagerDuty(given, env, connection, budget),
  check: async (client, signal, asked) => (await import('./check.ts')).checkPagerDuty(client, signal, asked),
  log: {
    needs: 'PAGERDUTY_API_TOKEN',
    read: async (client, query, signal) =>
      (await import('./log-entries.ts')).readPagerDutyLog(client, query, signal),
    ofIncident: async (client, incidentId, signal) =>
      (await import('./incident-log.ts')).readIncidentEntries(client, incidentId, signal),
  },
  past: {
    needs: 'PAGERDUTY_API_TOKEN',
    incidents: async (client, query, signal) =>
      (await import('./past.ts')).readPagerDutyIncidents(client, query, signal),
    entries: async (client, query, signal) =>
      (await import('./past.ts')).readPagerDutyEntries(client, query, signal),
  },
  test: async (client, signal, asked) =>
    (await import('./test-events.ts')).testPagerDutyEvents(client, signal, asked),
  setUp: async () => (await import('./set-up.ts')).setUpPagerDuty,
});
