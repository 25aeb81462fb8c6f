import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../log/log.ts';
import { encryptionOf } from '../../secrets/encryption.ts';
import { keepConnections } from '../../server/kept-connections.ts';
import { storedConnections } from '../../store/connections/stored-connections.ts';
import { signed, webhookBody } from '../fixtures/webhooks.ts';
import { embeddedWorld, entry } from '../store/world.ts';
import { secret, startReceiver, storeIsDown } from './receiver.ts';

/** Webhook secrets by connection. */
const known: Record<string, string | undefined> = { eu: ' one, the-second ', closed: undefined };
const connections = {
  async settingsOf(provider: string, name: string) {
    if (name === 'down') throw storeIsDown();
    if (provider !== 'pagerduty' || !Object.hasOwn(known, name)) return undefined;
    const list = known[name];
    return { values: list === undefined ? {} : { PAGERDUTY_WEBHOOK_SECRETS: list }, version: '1' };
  },
};
const body = webhookBody('incident.triggered', { id: 'P1SAME' }, { id: 'EV1' });

describe('the webhook of a named connection', () => {
  it.each(['one', 'the-second'])('takes what is signed with its secret %s', async (own) => {
    const receiver = await startReceiver({ connections });
    const answer = await receiver.post('/webhooks/pagerduty/eu', body, signed(body, own));
    expect(answer.status).toBe(202);
    expect(receiver.stored).toMatchObject([
      { source: '/pagerduty/eu', subject: 'eu/P1SAME', event: { connection: 'eu', subject: 'eu/P1SAME' } },
    ]);
  });

  it.each([
    ['signed with the secret of default', 'eu', secret, 403],
    ['of a connection without secrets', 'closed', secret, 503],
    ['of an unknown connection', 'us', secret, 404],
    ['of something that is no name', 'EU', secret, 404],
    ['of a name out of a prototype', 'constructor', secret, 404],
    ['while the store is down', 'down', secret, 503],
  ])('refuses a request %s', async (_, name, by, status) => {
    const receiver = await startReceiver({ connections });
    const answer = await receiver.post(`/webhooks/pagerduty/${name}`, body, signed(body, by));
    expect(answer.status).toBe(status);
    expect(receiver.stored).toEqual([]);
  });

  it('is not there where nothing is at all, in the same words', async () => {
    const receiver = await startReceiver({ connections });
    const {
      requestId: _,
      instance: __,
      ...unknown
    } = (await receiver.post('/webhooks/pagerduty/us', body)).json;
    const { requestId: ___, instance: ____, ...nothing } = (await receiver.post('/nothing', body)).json;
    expect(unknown).toEqual(nothing);
    const without = await startReceiver();
    expect((await without.post('/webhooks/pagerduty/eu', body)).status).toBe(404);
  });

  it('leaves what comes for default as it was', async () => {
    const receiver = await startReceiver({ connections });
    for (const path of ['/webhooks/pagerduty', '/webhooks/pagerduty/default'])
      expect((await receiver.post(path, body, signed(body, secret))).status).toBe(202);
    expect(receiver.stored).toMatchObject([{ source: '/pagerduty/default', subject: 'P1SAME' }]);
    expect(receiver.stored[0]?.event).not.toHaveProperty('connection');
  });

  it('takes no id that would lead to an incident of another account', async () => {
    const receiver = await startReceiver({ connections });
    const crossing = webhookBody('incident.triggered', { id: 'eu/P1SAME' });
    const note = webhookBody('incident.annotated', { incident: { id: 'eu/P1SAME' } });
    for (const each of [crossing, note])
      await receiver.post('/webhooks/pagerduty', each, signed(each, secret));
    expect(receiver.stored).toHaveLength(2);
    for (const { subject } of receiver.stored) expect(subject).toBeUndefined();
  });
});

describe('a server', () => {
  it('names at its start the connections that cannot be decrypted, and renews the keys of the others', async () => {
    const world = await embeddedWorld();
    onTestFinished(() => world.close());
    const store = world.newStore();
    const under = (key: string, former: string[] = []) =>
      storedConnections({ store, encryption: encryptionOf(key, former), learn: () => {} });
    const add = (key: string, name: string) =>
      under(key).add({
        name,
        provider: 'pagerduty',
        values: { PAGERDUTY_REGION: 'eu' },
        secrets: [],
        by: 'baton',
        entry: entry(),
      });
    await add('a lost key of the tests', 'lost');
    await add('a former key of the tests', 'old');
    const lines: string[] = [];
    const log = createLog((text) => text, { destination: { write: (line) => lines.push(line) } });
    const kept = keepConnections(under('a key of the tests', ['a former key of the tests']), log);
    await expect.poll(() => lines.some((line) => line.includes('"renewed":1'))).toBe(true);
    await kept.stop();
    expect(lines.filter((line) => line.includes('cannot be decrypted'))).toEqual([
      expect.stringMatching(/The connection lost cannot be decrypted.*BATON_FORMER_SECRET_KEYS/),
    ]);
    expect((await under('a key of the tests').settingsOf('pagerduty', 'old'))?.values).toEqual({
      PAGERDUTY_REGION: 'eu',
    });
  });
});
