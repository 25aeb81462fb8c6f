import { isSignedByAny } from '../receiving/hmac.ts';
import type { WebhookSource } from '../receiving/webhook.ts';
import { readJiraEvent } from './event.ts';

const form = /^sha256=([0-9a-f]{64})$/i;

/** Jira signs with one secret at a time; we may hold several. */
const signatureIn = (header: string | undefined): Buffer[] =>
  (form.exec(header?.trim() ?? '')?.slice(1) ?? []).map((hex) => Buffer.from(hex, 'hex'));

/**
 * Jira Cloud's webhooks that an administrator has given a secret; those of apps are not signed so.
 * https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
 */
export const jiraWebhook: WebhookSource = {
  provider: 'jira',
  setting: 'JIRA_WEBHOOK_SECRETS',
  deliveryHeader: 'x-atlassian-webhook-identifier',
  signatureHeader: 'x-hub-signature',
  noSignature:
    'X-Hub-Signature is not of the form sha256=<64 hex digits>. Give the webhook a secret in Jira’s settings, under System > WebHooks.',
  checkSignature(header, body, secrets) {
    const signatures = signatureIn(header);
    if (signatures.length === 0) return 'malformed';
    return isSignedByAny(signatures, body, secrets) ? 'valid' : 'no match';
  },
  isWellFormed: (header) => signatureIn(header).length > 0,
  read: readJiraEvent,
};
