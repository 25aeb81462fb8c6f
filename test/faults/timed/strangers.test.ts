import { describe, expect, it } from 'vitest';
import { webhookBody } from '../../fixtures/webhooks.ts';
import { startReceiver } from '../../server/receiver.ts';
import { halfSent, large, strangers, timed } from '../../server/strangers.ts';

describe('875 bodies that never end', () => {
  it.each([
    ['of 64 KB', 64 * 1024, 60_000],
    ['of 512 KB, nearly all of it sent', 512 * 1024, 160_000],
  ])('%s, shut the door on no signed webhook, short or long', async (_, promised, sent) => {
    const receiver = await startReceiver();
    await strangers(receiver, 875, halfSent(promised, sent));
    for (const body of [webhookBody('incident.triggered'), large(64 * 1024), large(300_000)]) {
      const [status, milliseconds] = await timed(receiver, body);
      expect(status).toBe(202);
      expect(milliseconds).toBeLessThan(1_000);
    }
  });
});
