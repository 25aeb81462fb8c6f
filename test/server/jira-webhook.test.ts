import { describe, expect, it } from 'vitest';
import { longestBody } from '../../server/receiving/body.ts';
import { jiraHeaders, movedBody } from '../../simulator/jira/webhook.ts';
import type { SimulatedIssue } from '../../simulator/jira/world.ts';
import { type Receiver, startReceiver, storeIsDown } from './receiver.ts';

const secret = 'jira-secret';
const path = '/webhooks/jira';
const ada = { accountId: 'acc-ada', displayName: 'Ada Lopez' };
const issue = (changes: Partial<SimulatedIssue['fields']> = {}): SimulatedIssue => ({
  id: '10001',
  key: 'OPS-1',
  fields: {
    summary: 'Checkout is slow',
    description: null,
    labels: ['baton-Q1ABC', 'checkout'],
    project: { key: 'OPS' },
    issuetype: { name: 'Task' },
    ...changes,
  },
  status: 'Done',
  comments: [],
  links: [],
  createdAt: 0,
  properties: [],
});
const moved = (changes: Partial<SimulatedIssue['fields']> = {}) => movedBody(issue(changes), 'To Do', ada);
const send = (receiver: Receiver, body: string, headers: Record<string, string> = {}, to = path) =>
  receiver.post(to, body, { ...jiraHeaders(secret, body), ...headers });
const start = (more = {}) => startReceiver({ jiraSecrets: ['older', secret], ...more });

describe('a webhook of Jira', () => {
  it('is stored before it is answered, as an event of the incident whose label the issue has', async () => {
    const receiver = await start();
    const body = moved();
    const answer = await send(receiver, body);
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({ id: expect.stringMatching(/^sha256:/), seq: 1, duplicate: false });
    expect(receiver.stored).toMatchObject([
      {
        source: '/jira/default',
        type: 'jira.issue.updated',
        subject: 'Q1ABC',
        time: new Date(JSON.parse(body).timestamp).toISOString(),
        deliveryId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        actor: 'jira',
        event: {
          agent: { kind: 'person', id: 'acc-ada', name: 'Ada Lopez' },
          data: {
            key: 'OPS-1',
            project: 'OPS',
            labels: ['baton-Q1ABC', 'checkout'],
            status: { name: 'Done', category: 'done' },
            movedFrom: 'To Do',
            incidentId: 'Q1ABC',
            site: 'default',
          },
        },
      },
    ]);
  });

  it('that comes again is a duplicate, whatever its unsigned identifier says', async () => {
    const receiver = await start();
    const body = moved();
    await send(receiver, body);
    const again = await send(receiver, body, { 'x-atlassian-webhook-identifier': 'another' });
    expect(again.json).toMatchObject({ seq: 1, duplicate: true });
  });

  it.each<[string, string[], string | undefined]>([
    ['of another account', ['baton-eu-Q1ABC'], 'eu/Q1ABC'],
    ['without a label of Baton', ['checkout'], undefined],
    ['for another purpose', ['baton-Q1ABC-diagnosis'], undefined],
    ['of two incidents', ['baton-Q1ABC', 'baton-Q2DEF'], undefined],
    ['with a label that is no incident', ['baton-../x', 'baton-'], undefined],
  ])('is filed under its incident alone: an issue %s', async (_, labels, subject) => {
    const receiver = await start();
    expect((await send(receiver, moved({ labels }))).status).toBe(202);
    expect(receiver.stored[0]?.subject).toBe(subject);
  });

  it('without a configured secret gets 503 with the name of the setting', async () => {
    const receiver = await startReceiver();
    for (const headers of [{}, jiraHeaders('', moved())]) {
      const answer = await receiver.post(path, moved(), headers);
      expect(answer.status).toBe(503);
      expect(answer.json.detail).toContain('JIRA_WEBHOOK_SECRETS');
    }
  });

  it.each([
    ['no signature', { 'x-hub-signature': '' }, 400],
    ['a signature of another form', { 'x-hub-signature': `sha1=${'0'.repeat(40)}` }, 400],
    ['a signature that does not match', { 'x-hub-signature': `sha256=${'0'.repeat(64)}` }, 403],
    ['another media type', { 'content-type': 'text/plain' }, 415],
    ['a compressed body', { 'content-encoding': 'gzip' }, 415],
  ])('with %s is refused', async (_, headers, status) => {
    const receiver = await start();
    expect((await send(receiver, moved(), headers)).status).toBe(status);
    expect(receiver.stored).toEqual([]);
  });

  it('that is too long, no JSON, nested too deep or no object is refused, and one that cannot be stored comes again', async () => {
    const receiver = await start();
    const statusOf = async (body: string) => (await send(receiver, body)).status;
    expect(await statusOf('x'.repeat(longestBody + 1))).toBe(413);
    expect(await statusOf('{')).toBe(400);
    expect(await statusOf('['.repeat(65) + ']'.repeat(65))).toBe(400);
    expect(await statusOf('[]')).toBe(400);
    receiver.failWith(storeIsDown());
    expect(await statusOf(moved())).toBe(503);
  });

  it('takes Atlassian’s own example of a signature', async () => {
    const receiver = await startReceiver({ jiraSecrets: ["It's a Secret to Everybody"] });
    const answer = await receiver.post(path, 'Hello World!', {
      'content-type': 'application/json',
      'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9',
    });
    expect(answer.json.title).toBe('Not JSON');
  });

  it('of another type is kept as it came, and one of a known type in another shape is parked', async () => {
    const receiver = await start();
    await send(
      receiver,
      JSON.stringify({ webhookEvent: 'comment_created', timestamp: 1, comment: { id: '1' } }),
    );
    await send(
      receiver,
      JSON.stringify({ webhookEvent: 'jira:issue_updated', timestamp: 2, issue: { key: 'OPS-1' } }),
    );
    await send(receiver, JSON.stringify({ event: 1 }));
    expect(receiver.stored).toMatchObject([
      { type: 'jira.comment.created', event: { data: { comment: { id: '1' } } } },
      { type: 'jira.issue.updated', unreadable: expect.stringContaining('issue.fields') },
      { type: 'jira.unknown', unreadable: expect.stringContaining('webhookEvent') },
    ]);
  });

  it('of a named connection is signed with that connection’s secret', async () => {
    const connections = {
      settingsOf: async (provider: string, name: string) =>
        provider === 'jira' && name === 'eu'
          ? { values: { JIRA_WEBHOOK_SECRETS: 'of-eu' }, version: '1' }
          : undefined,
    };
    const receiver = await start({ connections });
    const body = moved();
    const of = (by: string) => jiraHeaders(by, body);
    expect((await receiver.post(`${path}/eu`, body, of(secret))).status).toBe(403);
    expect((await receiver.post(`${path}/eu`, body, of('of-eu'))).status).toBe(202);
    expect((await receiver.post(`${path}/us`, body, of(secret))).status).toBe(404);
    expect((await receiver.post(`${path}/default`, body, of(secret))).status).toBe(202);
    expect(receiver.stored.map(({ source }) => source)).toEqual(['/jira/eu', '/jira/default']);
  });
});
