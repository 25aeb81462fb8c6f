import type { WebhookSource } from '../receiving/webhook.ts';
import { readPagerDutyEvent } from './event.ts';
import { checkSignature, isWellFormed } from './signature.ts';

/** PagerDuty's v3 webhooks. https://developer.pagerduty.com/docs/webhooks-behavior */
export const pagerDutyWebhook: WebhookSource = {
  provider: 'pagerduty',
  setting: 'PAGERDUTY_WEBHOOK_SECRETS',
  deliveryHeader: 'x-webhook-id',
  signatureHeader: 'x-pagerduty-signature',
  noSignature:
    'X-PagerDuty-Signature holds no part of the form v1=<64 hex digits>. Only v3 webhooks are taken.',
  checkSignature,
  isWellFormed,
  read: readPagerDutyEvent,
};
