import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { once } from '../../server/api/repeated.ts';
import { replayEvent } from '../../server/operations/events.ts';
import { delivery } from '../store/world.ts';
import { incident, openApi } from './served.ts';

const { served, store, world } = await openApi();

describe('whoever may read incidents alone', () => {
  const get = (path: string, token: string) => served.ask('GET', `/api/v1${path}`, { token });

  it('reads no line of the record that is about somebody, a token or a connection', async () => {
    await store.append([
      {
        at: '2026-03-01T10:00:00.000Z',
        actor: 'baton',
        via: 'console',
        action: 'sign-in.failed',
        subject: 'ada@example.com',
        detail: { reason: 'no verified e-mail address', address: '10.0.0.7' },
      },
    ]);
    for (const path of ['/incidents/ada@example.com/record', '/incidents/ada@example.com']) {
      const { status, text } = await get(path, 'viewer');
      expect([status, text]).toEqual([404, expect.not.stringContaining('10.0.0.7')]);
      // The same to whoever may read the whole record.
      expect((await get(path, 'operator')).status).toBe(200);
    }
  });

  it('still reads the timeline of an incident, of an event without a state, and of a run by hand', async () => {
    const { subject } = await incident(store);
    const lonely = delivery();
    await store.receive(lonely);
    for (const id of [subject, lonely.subject]) {
      expect((await get(`/incidents/${id}/record`, 'viewer')).status).toBe(200);
      const told = await get(`/incidents/${id}/timeline`, 'viewer');
      expect([told.status, told.status === 200 ? '' : told.text + served.log.at(-1)]).toEqual([200, '']);
    }
  });

  it('does not get the bytes of a click, which hold an address and tokens of Slack', async () => {
    const body = Buffer.from('payload=%7B%22token%22%3A%22legacy%22%7D');
    const { seq } = await store.receive(delivery({ source: '/slack/T0ADA', type: 'slack.action', body }));
    const { json } = await get(`/events/${seq}`, 'viewer');
    expect(json).toMatchObject({ seq, type: 'slack.action' });
    expect(JSON.stringify(json)).not.toContain('legacy');
    expect((await get(`/events/${seq}`, 'operator')).json).toMatchObject({ body: String(body) });
  });

  it('shows an incident although another version wrote its answers in another shape', async () => {
    const { subject } = await incident(store);
    await store.append([
      {
        at: '2026-03-01T10:00:00.000Z',
        actor: 'baton',
        via: 'dispatch',
        action: 'event.answered',
        subject,
        detail: { event: 7, answers: { news: 'no' }, hold: 'stale' },
      } as never,
    ]);
    while ((await store.seal()) > 0);
    expect((await get(`/incidents/${subject}`, 'viewer')).status).toBe(200);
  });

  it('gets no stored answer under the name of a token that could do more', async () => {
    const { subject, run } = await incident(store);
    const replay = (seq: number) =>
      served.ask('POST', `/api/v1/events/${seq}/replay`, {
        token: 'responder',
        headers: { 'idempotency-key': 'the-same' },
      });
    const { seq } = (await get('/events?limit=1', 'operator')).json.items[0];
    void run;
    expect((await replay(seq)).json).toMatchObject({ seq, subject });
    const before = served.principals.get('responder');
    if (!before) throw new Error('nobody');
    served.principals.set('responder', { ...before, scope: { services: ['PELSEWHERE'] } });
    const again = await replay(seq);
    served.principals.set('responder', before);
    expect([again.status, again.text]).toEqual([
      expect.toSatisfy((status) => status >= 400),
      expect.not.stringContaining(subject),
    ]);
  });

  it('gets no second change where the first one was made and its answer could not be kept', async () => {
    const keyed = { key: 'kept-late', operation: replayEvent, input: { id: '1' } };
    const principal = { kind: 'token', name: 'the-responder', role: 'responder' } as const;
    let made = 0;
    const make = async () => {
      made += 1;
      return { made };
    };
    const { claimAnswer, giveUp } = store;
    const answered = async () => {
      throw new StoreUnavailable('it went away');
    };
    await expect(
      once({ ...keyed, principal, store: { claimAnswer, giveUp, answered } }, make),
    ).rejects.toThrow('it went away');
    const again = () => once({ ...keyed, principal, store }, make);
    await expect(again()).rejects.toMatchObject({ status: 409, title: 'Under way' });
    await world.run(`update answers set at = now() - interval '10 minutes' where key = '${keyed.key}'`);
    await expect(again()).rejects.toMatchObject({ status: 409, title: 'Outcome unknown' });
    expect(made).toBe(1);
  });
});
