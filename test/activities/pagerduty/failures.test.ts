import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addPagerDutyNote } from '../../../activities/pagerduty/add-note.ts';
import { raisePagerDutyAlert } from '../../../activities/pagerduty/raise-alert.ts';
import { readPagerDutyIncident } from '../../../activities/pagerduty/read-incident.ts';
import { pagerDutyEnvironment, raiseIncident } from '../../../simulator/pagerduty.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf } from '../run.ts';
import { startAccount } from './account.ts';

const token = pagerDutyEnvironment('').PAGERDUTY_API_TOKEN ?? '';

/** An address that answers each request with these bytes. */
async function startAnswering(bytes: string | Buffer): Promise<string> {
  const server = createServer((request) => request.socket.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** These are no whole answers. */
const cut = /stops early|no HTTP|more than/;

describe('a failure at PagerDuty', () => {
  it.each([400, 401, 403, 404])('is final for status %i, with PagerDuty’s own words', async (status) => {
    const { simulator, run } = await startAccount();
    const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Search' });
    simulator.fail({ kind: 'status', status });
    expect(await failureOf(run(readPagerDutyIncident, { incidentId }))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: `PagerDuty refused (${status}): Ordered error ${status}`,
    });
  });

  it('names the plan for status 402', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status: 402 });
    const failure = await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }));
    expect(failure).toMatchObject({ type: 'ProviderRefused', message: expect.stringContaining('plan') });
  });

  it.each([408, 500, 503])('is passing for status %i', async (status) => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status });
    expect(await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ provider: 'PagerDuty', status, effect: 'unknown' }],
    });
  });

  it('waits as long as ratelimit-reset says', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status: 429, headers: { 'ratelimit-reset': '7' } });
    expect(await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }))).toMatchObject({
      type: 'RateLimited',
      nextRetryDelay: 7000,
      message: 'PagerDuty limits the rate: Rate Limit Exceeded',
      details: [{ effect: 'none' }],
    });
  });

  it('waits 30 s where PagerDuty does not say how long', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'status', status: 429 });
    const event = { dedupKey: 'k', summary: 's', source: 'baton', severity: 'info' } as const;
    const failure = await failureOf(run(raisePagerDutyAlert, event));
    expect(failure).toMatchObject({ type: 'RateLimited', nextRetryDelay: 30_000 });
  });

  it('has an unknown outcome when the connection is cut', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'cut' });
    expect(await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'unknown' }],
    });
  });

  it.each([
    ['HTML', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>'],
    ['no body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [
      'cut JSON',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"incident":',
    ],
    ['a body that stops early', 'HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{"incident":'],
    ['more than 5 MB', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(5 * 1024 * 1024 + 1)}`],
  ])('is told apart from an outage when the answer is %s', async (answer, bytes) => {
    const { run } = await startAccount({ PAGERDUTY_API_URL: await startAnswering(bytes) });
    const failure = await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }));
    expect(failure).toMatchObject({ type: cut.test(answer) ? 'ProviderUnavailable' : 'AnswerUnreadable' });
  });

  it('does not follow a redirect', async () => {
    const { simulator } = await startAccount();
    const elsewhere = `HTTP/1.1 302 Found\r\nlocation: ${simulator.url}/incidents/Q1\r\ncontent-length: 0\r\n\r\n`;
    const { run } = await startAccount({ PAGERDUTY_API_URL: await startAnswering(elsewhere) });
    const failure = await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }));
    expect(failure).toMatchObject({ type: 'ProviderRefused', details: [{ status: 302 }] });
    expect(simulator.calls).toEqual([]);
  });

  it('holds no token, not even one that the answer repeats', async () => {
    const echo = JSON.stringify({ error: { message: `bad header Token token=${token}`, code: 2006 } });
    const bytes = `HTTP/1.1 401 Unauthorized\r\ncontent-length: ${echo.length}\r\n\r\n${echo}`;
    const { run } = await startAccount({ PAGERDUTY_API_URL: await startAnswering(bytes) });
    const failure = await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }));
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain(token);
    expect(failure.message).toContain('bad header');
  });

  it.each([
    ['as it is', (text: string) => `bad header Bearer ${text}`],
    ['without its padding', (text: string) => `bad header Bearer ${text.replace(/=+$/, '')} (unpadded)`],
    ['as URLs have it', (text: string) => `no such address /x?token=${encodeURIComponent(text)}&y`],
    [
      'as URLs of small letters have it',
      (text: string) => `/x?token=${text.replace(/=/g, '%3d').replace('+', '%2b')}`,
    ],
    ['twice, where its text is cut', (text: string) => `${'-'.repeat(270)}${text}${text}`],
  ])('holds no token of an app that ends in =, %s', async (_, said) => {
    const ofApp = 'pdus+u4nAryCanaryCanary0815Q==';
    const json = (status: string, value: object) => {
      const text = JSON.stringify(value);
      return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    };
    const grant = { access_token: ofApp, token_type: 'bearer', expires_in: 3600, scope: 'incidents.read' };
    const { run } = await startAccount({
      PAGERDUTY_API_TOKEN: '',
      PAGERDUTY_CLIENT_ID: 'app',
      PAGERDUTY_CLIENT_SECRET: 'secret-of-the-app',
      PAGERDUTY_SUBDOMAIN: 'acme',
      PAGERDUTY_IDENTITY_URL: await startAnswering(json('200 OK', grant)),
      PAGERDUTY_API_URL: await startAnswering(json('401 Unauthorized', { error: { message: said(ofApp) } })),
    });
    const failure = await failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }));
    expect(failure).toMatchObject({ type: 'ProviderRefused', details: [{ status: 401 }] });
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toMatch(/u4nAry|Canary/);
  });

  it('is the cancellation itself when the attempt ends', async () => {
    const { simulator, run } = await startAccount();
    simulator.fail({ kind: 'hang' });
    const attempt = new AbortController();
    const outcome = failureOf(run(readPagerDutyIncident, { incidentId: 'Q1' }, { signal: attempt.signal }));
    attempt.abort(new Error('the run was cancelled'));
    expect(await outcome).toMatchObject({ message: 'the run was cancelled' });
  });
});

describe('the connection', () => {
  it('names the setting that is missing', async () => {
    const { simulator, run } = await startAccount({ PAGERDUTY_API_TOKEN: '' });
    await expect(run(readPagerDutyIncident, { incidentId: 'Q1' })).rejects.toMatchObject({
      type: 'NotConnected',
      message: 'PagerDuty is not connected: set PAGERDUTY_API_TOKEN',
    });
    expect(simulator.calls).toEqual([]);
  });

  it('needs an e-mail to write as, unless a person acts', async () => {
    const { simulator, run } = await startAccount({ PAGERDUTY_FROM_EMAIL: '' });
    const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Search' });
    await expect(run(addPagerDutyNote, { incidentId, note: 'hello' })).rejects.toMatchObject({
      type: 'NotConnected',
      message: 'PagerDuty is not connected: set PAGERDUTY_FROM_EMAIL',
    });
    const actor = { kind: 'person', name: 'Ben', email: 'ben@example.com' } as const;
    expect(await run(addPagerDutyNote, { incidentId, note: 'hello', actor })).toMatchObject({
      changed: true,
    });
  });

  it('says that nobody in the account has the e-mail', async () => {
    const { simulator, run } = await startAccount({ PAGERDUTY_FROM_EMAIL: 'nobody@example.com' });
    const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Search' });
    await expect(run(addPagerDutyNote, { incidentId, note: 'hello' })).rejects.toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('Requester User Not Found'),
    });
  });

  it('knows no other name than default', async () => {
    const connect = clientsFor({ PAGERDUTY_API_TOKEN: token }).pagerduty;
    await expect(connect('second')).rejects.toMatchObject({ type: 'NotConnected' });
  });
});
