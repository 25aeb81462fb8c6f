import { describe, expect, it } from 'vitest';
import { boundConnections } from '../../server/connections.ts';
import { whoGivesWay } from '../../server/peers.ts';
import { webhookBody } from '../fixtures/webhooks.ts';
import { eventually } from '../world.ts';
import { sendSigned, startReceiver, statusOf } from './receiver.ts';
import { halfSent, strangers, timed } from './strangers.ts';

describe('connections that send nothing', () => {
  it('give way to new ones, and are not more than the bound', async () => {
    const receiver = await startReceiver();
    // The real numbers in small.
    boundConnections(receiver.server, 20, 40);
    const sockets = await strangers(receiver, 60, 'POST /webhooks/pagerduty HTTP/1.1\r\nHost: x\r\n');
    const [status, milliseconds] = await timed(receiver, webhookBody('incident.triggered'));
    expect(status).toBe(202);
    expect(milliseconds).toBeLessThan(1_000);
    await eventually(
      'the oldest to be closed',
      () => sockets.filter(({ destroyed }) => destroyed).length >= 20,
    );
  });
});

describe('who gives way', () => {
  it('is of the peer that holds the most, and the one that has held it longest', () => {
    const held = [
      { peer: 'a', amount: 5 },
      { peer: 'b', amount: 3 },
      { peer: 'b', amount: 4 },
      { peer: 'c', amount: 1 },
    ];
    expect(whoGivesWay(held)).toBe(held[1]);
    expect(whoGivesWay([])).toBeUndefined();
  });
});

describe('a sender that was refused for want of room', () => {
  it('hears 503 with a time to come back', async () => {
    const receiver = await startReceiver();
    const [first] = await strangers(receiver, 1, halfSent(512 * 1024, 200_000));
    let answer = '';
    first?.on('data', (chunk) => {
      answer += chunk.toString();
    });
    await strangers(receiver, 200, halfSent(512 * 1024, 450_000));
    await eventually('the answer', () => answer.includes('\r\n\r\n'));
    expect(statusOf(answer)).toBe(503);
    expect(answer).toMatch(/retry-after: 1\r\n/i);
  });
});

describe('/metrics and /readyz', () => {
  it('ask the store once a second, however often they are asked', async () => {
    const asked = { ping: 0, backlog: 0, head: 0 };
    const receiver = await startReceiver({
      store: {
        ping: async () => void asked.ping++,
        backlog: async () => {
          asked.backlog += 1;
          return { pending: 0, oldestSeconds: 0 };
        },
        head: async () => {
          asked.head += 1;
          return { seq: 0, hash: 'x' };
        },
        idByWords: async ({ digest }) => digest,
      },
    });
    const paths = Array.from({ length: 100 }, (_, index) => (index % 2 ? '/metrics' : '/readyz'));
    const answers = await Promise.all(paths.map((path) => receiver.get(path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toEqual({ ping: 1, backlog: 1, head: 1 });
  });

  it('say that a store is away without asking it for each', async () => {
    let asked = 0;
    const receiver = await startReceiver({
      store: {
        ping: async () => {
          asked += 1;
          throw new Error('away');
        },
        backlog: async () => ({ pending: 0, oldestSeconds: 0 }),
        head: async () => ({ seq: 0, hash: 'x' }),
        idByWords: async ({ digest }) => digest,
      },
    });
    const answers = await Promise.all(Array.from({ length: 100 }, () => receiver.get('/readyz')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(asked).toBe(1);
  });
});

describe('a header that nobody signs', () => {
  it('keeps no signed event out', async () => {
    const receiver = await startReceiver();
    const send = (id: string) =>
      sendSigned(receiver, webhookBody('incident.triggered', {}, { id }), {
        'x-webhook-id': 'd0e1f2a3-0000-4000-8000-000000000001',
      });
    expect((await send('01FIRST')).json).toMatchObject({ duplicate: false });
    expect((await send('01SECOND')).json).toMatchObject({ duplicate: false });
    expect((await send('01SECOND')).json).toMatchObject({ duplicate: true });
  });
});
