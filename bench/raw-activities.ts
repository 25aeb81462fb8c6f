import { WebClient } from '@slack/web-api';

export type RawActivities = ReturnType<typeof rawActivities>;

/** The three calls without anything around them: no key, no look before, no record. */
export function rawActivities(env: NodeJS.ProcessEnv) {
  const slack = new WebClient(env.SLACK_BOT_TOKEN, {
    ...(env.SLACK_API_URL ? { slackApiUrl: env.SLACK_API_URL } : {}),
    retryConfig: { retries: 0 },
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${env.PAGERDUTY_API_URL}${path}`, {
      method,
      headers: {
        authorization: `Token token=${env.PAGERDUTY_API_TOKEN}`,
        accept: 'application/vnd.pagerduty+json;version=2',
        'content-type': 'application/json',
        from: env.PAGERDUTY_FROM_EMAIL ?? '',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`PagerDuty answered ${response.status}`);
    return (await response.json()) as { alerts?: unknown[] };
  };
  return {
    listAlerts: async (incidentId: string) =>
      (await call('GET', `/incidents/${incidentId}/alerts`)).alerts?.length ?? 0,
    postMessage: async (channel: string, text: string) =>
      void (await slack.chat.postMessage({ channel, text })),
    acknowledge: async (incidentId: string) =>
      void (await call('PUT', `/incidents/${incidentId}`, {
        incident: { type: 'incident_reference', status: 'acknowledged' },
      })),
  };
}
