import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createInbox } from '../../server/receiving/inbox.ts';
import { signed, webhookBody } from '../fixtures/webhooks.ts';
import { secret, sendSigned, startReceiver, storeIsDown, webhookPath } from './receiver.ts';

describe('a PagerDuty webhook while something of ours fails', () => {
  it('gets 503 and Retry-After without a store, and is taken when it is back', async () => {
    const receiver = await startReceiver();
    const body = webhookBody('incident.triggered');
    receiver.failWith(storeIsDown());
    const answer = await sendSigned(receiver, body);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(receiver.dispatched).toEqual([]);
    receiver.failWith(undefined);
    expect((await sendSigned(receiver, body)).json).toMatchObject({ duplicate: false });
  });

  it('gets 503 for a fault that nobody foresaw; the log has it, the answer has not', async () => {
    const receiver = await startReceiver();
    receiver.failWith(new Error('column "boot" does not exist'));
    const answer = await sendSigned(receiver, webhookBody('incident.triggered'));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.text).not.toContain('boot');
    expect(receiver.log.join()).toContain('column \\"boot\\" does not exist');
  });

  it('is answered, 2 000 at once over 100 connections', async () => {
    const receiver = await startReceiver();
    const dispatcher = new Agent({ connections: 100 });
    onTestFinished(() => dispatcher.destroy());
    const send = async () => {
      const body = webhookBody('incident.triggered');
      const headers = signed(body, secret);
      const answer = await request(receiver.url + webhookPath, { method: 'POST', body, headers, dispatcher });
      await answer.body.dump();
      return answer.statusCode;
    };
    const statuses = await Promise.all(Array.from({ length: 2_000 }, send));
    expect(statuses.filter((status) => status !== 202)).toEqual([]);
    expect(receiver.stored).toHaveLength(2_000);
  });

  it('is refused with Retry-After when too many wait, and those that wait are still taken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const receipt = { seq: 1, duplicate: false, leased: false };
    const inbox = createInbox(
      { receive: () => promise.then(() => receipt), isRaisedByDrill: async () => false },
      () => {},
    );
    const delivery = {
      source: '/pagerduty/default',
      eventId: '1',
      type: 'pagerduty.pagey.ping',
      time: '2026-11-20T09:00:00.000Z',
      body: Buffer.alloc(0),
      actor: 'pagerduty',
      via: 'webhook',
    };
    const taken = Array.from({ length: 2_500 }, () => inbox.store(delivery));
    await expect(inbox.store(delivery)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    resolve();
    expect(await Promise.all(taken)).toHaveLength(2_500);
    expect(await inbox.store(delivery)).toEqual(receipt);
  });
});
