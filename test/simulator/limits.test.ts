import { describe, expect, it, onTestFinished } from 'vitest';
import { pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { slackEnvironment, startSlack } from '../../simulator/slack.ts';

/** Real minutes: none of them is over within a test. */
const limitedAt = { timeScale: 1 };

/** The statuses of so many requests, a hundred at a time, and the last answer. */
async function statusesOf(count: number, ask: (place: number) => Promise<Response>) {
  const statuses: Record<string, number> = {};
  let last: Response | undefined;
  for (let begun = 0; begun < count; begun += 100) {
    const places = Array.from({ length: Math.min(100, count - begun) }, (_, index) => begun + index);
    for (const answer of await Promise.all(places.map(ask))) {
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      await answer.body?.cancel();
      last = answer;
    }
  }
  return { statuses, last };
}

describe('a simulated PagerDuty that keeps to its limits', () => {
  it('takes 960 requests a minute by a token, and tells with each what is left', async () => {
    const { url, close } = await startPagerDuty({ limitedAt });
    onTestFinished(close);
    const headers = { authorization: `Token token=${pagerDutyEnvironment(url).PAGERDUTY_API_TOKEN}` };
    const { statuses, last } = await statusesOf(970, () => fetch(`${url}/incidents?limit=1`, { headers }));
    expect(statuses).toEqual({ 200: 960, 429: 10 });
    expect(last?.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(last?.headers.get('ratelimit-reset'))).toBeGreaterThan(30);
  });

  it('takes 120 events a minute by a routing key', async () => {
    const { url, close } = await startPagerDuty({ limitedAt });
    onTestFinished(close);
    const body = JSON.stringify({
      routing_key: pagerDutyEnvironment(url).PAGERDUTY_ROUTING_KEY,
      payload: { summary: 'x' },
    });
    const send = () => fetch(`${url}/events/v2/change/enqueue`, { method: 'POST', body });
    expect((await statusesOf(125, send)).statuses).toEqual({ 202: 120, 429: 5 });
  });
});

describe('a simulated Slack that keeps to its limits', () => {
  it('opens 20 channels a minute, takes a message a second in one and some at once, and says when to come back', async () => {
    const slack = await startSlack(limitedAt);
    onTestFinished(() => slack.close());
    const headers = {
      authorization: `Bearer ${slackEnvironment(slack.url).SLACK_BOT_TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const call = (method: string, fields: Record<string, string>) =>
      fetch(`${slack.url}/api/${method}`, { method: 'POST', headers, body: new URLSearchParams(fields) });
    const opened = await statusesOf(25, (place) => call('conversations.create', { name: `room-${place}` }));
    expect(opened.statuses).toEqual({ 200: 20, 429: 5 });
    expect(Number(opened.last?.headers.get('retry-after'))).toBeGreaterThan(30);
    const [one, other] = slack.world.channels.map(({ id }) => id);
    const say = (channel = '') => call('chat.postMessage', { channel, text: 'x' });
    expect((await statusesOf(15, () => say(one))).statuses).toEqual({ 200: 12, 429: 3 });
    expect((await say(other)).status).toBe(200);
  });
});
