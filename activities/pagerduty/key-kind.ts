/** What a key of PagerDuty is, by its form. They look alike, and stand beside each other on its pages. */
export type KeyKind =
  | 'token of the REST API'
  | 'access token of OAuth'
  | 'integration key of the Events API'
  | 'key of an orchestration or a ruleset'
  | 'secret of a webhook';

/**
 * Undefined: it has no form that we know. https://support.pagerduty.com/main/docs/api-access-keys,
 * https://developer.pagerduty.com/docs/events-api-v2-overview
 */
export function kindOfKey(key: string): KeyKind | undefined {
  if (/^pd[a-z]{2}\+/.test(key)) return 'access token of OAuth';
  if (/^R[0-9A-Z]{31}$/i.test(key)) return 'key of an orchestration or a ruleset';
  if (/^[0-9a-z]{32}$/i.test(key)) return 'integration key of the Events API';
  if (/^[\w+-]{20}$/.test(key)) return 'token of the REST API';
  if (/^[0-9A-Za-z+/]{64}$/.test(key)) return 'secret of a webhook';
  return undefined;
}

/** Where each of them belongs. */
const places: Record<KeyKind, string> = {
  'token of the REST API': 'it belongs into PAGERDUTY_API_TOKEN',
  'access token of OAuth':
    'it ends within a day: give its app (PAGERDUTY_CLIENT_ID), or an API key (Integrations, API Access Keys)',
  'integration key of the Events API': 'it belongs into PAGERDUTY_ROUTING_KEY',
  'key of an orchestration or a ruleset': 'it belongs into PAGERDUTY_ROUTING_KEY',
  'secret of a webhook': 'it belongs into PAGERDUTY_WEBHOOK_SECRETS',
};

/** What a key in the place of another one is, and where it belongs. Undefined: it is one of `wanted`, or its form tells nothing. */
export function otherKind(key: string, wanted: readonly KeyKind[]): string | undefined {
  const kind = kindOfKey(key);
  return kind === undefined || wanted.includes(kind)
    ? undefined
    : `holds what looks like ${/^[ai]/.test(kind) ? 'an' : 'a'} ${kind}; ${places[kind]}`;
}

const eventKeys: readonly KeyKind[] = [
  'integration key of the Events API',
  'key of an orchestration or a ruleset',
];

/**
 * Complaints about keys that stand in the place of another one, without the keys. Of a token only PagerDuty's own no counts against it:
 * it may have a form that we do not know yet.
 */
export function keyComplaints(values: Readonly<Record<string, string>>): string[] {
  const { PAGERDUTY_ROUTING_KEY: routingKey, PAGERDUTY_WEBHOOK_SECRETS: secrets = '' } = values;
  const kind = kindOfKey(routingKey ?? '');
  const complaints: string[] = [];
  if (routingKey !== undefined && (kind === undefined || !eventKeys.includes(kind))) {
    const what =
      otherKind(routingKey, eventKeys) ??
      'has not the form of a key of the Events API (32 letters and digits)';
    complaints.push(`PAGERDUTY_ROUTING_KEY ${what}`);
  }
  for (const secret of secrets.split(',')) {
    const what = otherKind(secret.trim(), ['secret of a webhook']);
    if (what !== undefined) complaints.push(`PAGERDUTY_WEBHOOK_SECRETS ${what}`);
  }
  return complaints;
}
