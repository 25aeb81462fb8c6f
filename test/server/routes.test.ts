import { describe, expect, it } from 'vitest';
import { createLog } from '../../log/log.ts';
import { makeScrubber } from '../../secrets/scrub.ts';
import { clickBody, slackSigned } from '../fixtures/slack-requests.ts';
import { signed, webhookBody } from '../fixtures/webhooks.ts';
import { secret, slackSecret, startReceiver, storeIsDown } from './receiver.ts';

describe('the routes', () => {
  it.each([
    '/webhooks/pagerduty/',
    '/webhooks/PagerDuty',
    '/WEBHOOKS/pagerduty',
    '/webhooks/pagerduty/other',
    '/webhooks/pagerduty/default/',
    '/webhooks/pagerduty/default/more',
    '/webhooks/pagerduty.json',
    '/webhooks/pagerduty%2Fdefault',
    '/x/../webhooks/pagerdut%79',
    '//webhooks/pagerduty',
    '/webhooks',
    '/webhooks/%E0%A4%A',
    '/',
  ])('do not answer at %s, however well it is signed', async (path) => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    const answer = await receiver.post(path, body, signed(body, secret));
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ status: 404, requestId: expect.any(String) });
    expect(receiver.stored).toEqual([]);
  });

  it.each([
    ['/webhooks/pagerduty', 'GET', 'POST'],
    ['/webhooks/pagerduty/default', 'DELETE', 'POST'],
    ['/slack/interactivity', 'GET', 'POST'],
    ['/slack/commands', 'PUT', 'POST'],
    ['/slack/events', 'OPTIONS', 'POST'],
    ['/sign-in', 'POST', 'GET, HEAD'],
    ['/sign-out', 'GET', 'POST'],
    ['/healthz', 'POST', 'GET, HEAD'],
    ['/readyz', 'DELETE', 'GET, HEAD'],
    ['/metrics', 'PATCH', 'GET, HEAD'],
  ])('refuse at %s the method %s and name %s', async (path, method, allowed) => {
    const receiver = await startReceiver();
    const answer = await receiver.get(path, method);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed);
  });

  it.each(['/sign-in', '/sign-in/callback?code=x&state=y'])(
    'let nobody in at %s while no provider is set',
    async (path) => {
      const receiver = await startReceiver();
      const answer = await receiver.get(path);
      expect(answer.status).toBe(503);
      expect(answer.json.detail).toContain('BATON_OIDC_ISSUER');
      expect(answer.headers.get('set-cookie')).toBeNull();
    },
  );

  it('take a query beside the path', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    expect((await receiver.post('/webhooks/pagerduty?from=eu', body, signed(body, secret))).status).toBe(202);
  });

  it('do not tell what they are made of', async () => {
    const receiver = await startReceiver();
    expect((await receiver.get('/healthz')).headers.get('x-powered-by')).toBeNull();
  });
});

describe('where alerts link to', () => {
  it.each([
    ['/runs', 'npx baton runs list --live'],
    [
      '/runs/ec2-unhealthy/PGR0VU2',
      'npx baton runs show ec2-unhealthy/PGR0VU2\nnpx baton incidents show PGR0VU2',
    ],
    ['/runs/production-incident/PGR0VU2/2', 'npx baton incidents show PGR0VU2'],
  ])('is a page that names the commands: %s', async (path, commands) => {
    const answer = await (await startReceiver()).get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-robots-tag')).toBe('noindex');
    expect(answer.text).toContain(commands);
  });

  it('repeats nothing of the address as markup or as a second command', async () => {
    const address = `/runs/${encodeURIComponent("x<script>alert(1)</script>';rm -rf ~")}`;
    const text = (await (await startReceiver()).get(address)).text;
    expect(text).not.toContain('<script');
    expect(text).toContain('&#39;x&lt;script&gt;');
    expect(text).not.toContain("';rm");
  });
});

describe('/healthz', () => {
  it('is 200 while the process lives, without a store and without Temporal', async () => {
    const receiver = await startReceiver();
    receiver.failWith(storeIsDown());
    receiver.temporal.up = false;
    const answer = await receiver.get('/healthz');
    expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }]);
    expect((await receiver.get('/healthz', 'HEAD')).status).toBe(200);
  });
});

describe('/readyz', () => {
  it('is 200 with Temporal’s state and what is simulated', async () => {
    const receiver = await startReceiver({ simulated: ['slack', 'jira'] });
    const { since } = receiver.temporal;
    const ready = await receiver.get('/readyz');
    expect(ready.status).toBe(200);
    expect(ready.json).toEqual({
      status: 'ok',
      store: 'up',
      temporal: { state: 'up', since },
      simulated: ['slack', 'jira'],
    });
    receiver.temporal.up = false;
    const degraded = await receiver.get('/readyz');
    expect(degraded.status).toBe(200);
    expect(degraded.json).toMatchObject({ status: 'degraded', temporal: { state: 'down', since } });
  });

  it('is 503 without a store', async () => {
    const receiver = await startReceiver();
    receiver.failWith(storeIsDown());
    const answer = await receiver.get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.json).toMatchObject({ status: 'down', store: 'down' });
  });
});

describe('/metrics', () => {
  it('counts answers, times them, and shows what waits', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    for (const signing of [secret, secret, 'foreign'])
      await receiver.post('/webhooks/pagerduty', body, signed(body, signing));
    const pressed = clickBody();
    await receiver.post('/slack/interactivity', pressed, slackSigned(pressed, slackSecret));
    const { text, headers } = await receiver.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    const lines = text.split('\n');
    expect(lines).toContain('baton_webhooks_received_total{source="pagerduty",answer="202"} 2');
    expect(lines).toContain('baton_webhooks_received_total{source="pagerduty",answer="403"} 1');
    expect(lines).toContain('baton_webhooks_received_total{source="slack",answer="200"} 1');
    expect(lines).toContain('baton_webhook_duration_seconds_count{source="pagerduty"} 3');
    expect(lines).toContain('baton_inbox_pending 3');
    expect(lines).toContain('baton_inbox_oldest_seconds 1.5');
    expect(lines).toContain('baton_store_up 1');
    expect(lines).toContain('baton_temporal_up 1');
  });

  it('are there without a store and without Temporal, and say so', async () => {
    const receiver = await startReceiver();
    receiver.failWith(storeIsDown());
    receiver.temporal.up = false;
    const { status, text } = await receiver.get('/metrics');
    expect(status).toBe(200);
    expect(text.split('\n')).toEqual(expect.arrayContaining(['baton_store_up 0', 'baton_temporal_up 0']));
  });
});

describe('the log', () => {
  it('is one JSON object a line, with secrets removed wherever they stand', () => {
    const lines: string[] = [];
    const hidden = 'xyz-"quoted"-secret';
    const log = createLog(makeScrubber([hidden]), { destination: { write: (line) => lines.push(line) } });
    log.info({ incident: 'Q1', deep: { deeper: [hidden] } }, `with ${hidden} in the text`);
    log.error({ err: new Error(`failed with ${hidden}`) }, 'failed');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line.endsWith('\n')).toBe(true);
      expect(JSON.parse(line)).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/) });
      expect(line).toContain('[secret]');
      expect(line).not.toContain('quoted');
    }
  });
});
