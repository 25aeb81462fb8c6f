import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clickBody, clickPayload, slackSigned } from '../fixtures/slack-requests.ts';
import { signed, webhookBody, wireData } from '../fixtures/webhooks.ts';
import { secret, slackSecret, startReceiver } from './receiver.ts';

const originals = Object.keys(wireData).map((type) => webhookBody(type));
const clicks = [clickBody(), clickBody(clickPayload({ team: null })), clickBody({ type: 'view_closed' })];

type Change = (body: Buffer, other: Buffer) => Buffer;

const flip = fc.tuple(fc.nat(), fc.nat(7)).map(
  ([at, bit]): Change =>
    (body) => {
      const changed = Buffer.from(body);
      changed.writeUInt8(changed.readUInt8(at % body.length) ^ (1 << bit), at % body.length);
      return changed;
    },
);
const cut = fc.nat().map(
  (at): Change =>
    (body) =>
      body.subarray(0, 1 + (at % body.length)),
);
const splice = fc.tuple(fc.nat(), fc.nat()).map(
  ([at, from]): Change =>
    (body, other) =>
      Buffer.concat([body.subarray(0, at % body.length), other.subarray(from % other.length)]),
);
/** Another value in the place of one: JSON that is still well formed, with the wrong things in it. */
const replace = fc
  .tuple(fc.nat(), fc.constantFrom('null', '7', '"x"', '[]', '{}', '-1e999', 'true', '"\\ud800\\u0000"'))
  .map(
    ([which, value]): Change =>
      (body) => {
        const text = body.toString();
        const values = [...text.matchAll(/:("[^"\\]*"|null|true|false|\d+)/g)];
        const place = values[which % values.length];
        if (!place) return body;
        return Buffer.from(
          `${text.slice(0, place.index)}:${value}${text.slice(place.index + place[0].length)}`,
        );
      },
  );
const changes = fc.array(fc.oneof(flip, cut, splice, replace), { minLength: 1, maxLength: 3 });
const apply = (list: Change[], body: Buffer, other: Buffer) =>
  list.reduce((current, change) => (current.length > 1 ? change(current, other) : current), body);

const anyOf = (bodies: Buffer[]) => fc.constantFrom(...bodies);

describe('a changed body', () => {
  it('that is signed again is stored or refused as bad input, and never a fault of ours', async () => {
    const receiver = await startReceiver();
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(changes, anyOf(originals), anyOf(originals), async (list, body, other) => {
        const changed = apply(list, body, other);
        const before = receiver.stored.length;
        const { status, json } = await receiver.post('/webhooks/pagerduty', changed, signed(changed, secret));
        seen.add(status);
        expect([202, 400]).toContain(status);
        expect(receiver.stored.length - before).toBe(status === 202 && !json.duplicate ? 1 : 0);
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toEqual(new Set([202, 400]));
    expect((await receiver.get('/healthz')).status).toBe(200);
  });

  it('that is not signed again is refused and not stored', async () => {
    const receiver = await startReceiver();
    await fc.assert(
      fc.asyncProperty(changes, anyOf(originals), anyOf(originals), async (list, body, other) => {
        const changed = apply(list, body, other);
        fc.pre(!changed.equals(body));
        const { status } = await receiver.post('/webhooks/pagerduty', changed, signed(body, secret));
        expect(status).toBe(403);
      }),
      { numRuns: 200 },
    );
    expect(receiver.stored).toEqual([]);
  });

  it('of a click that is signed again is answered 200; not signed again 401', async () => {
    const receiver = await startReceiver();
    await fc.assert(
      fc.asyncProperty(changes, anyOf(clicks), anyOf(clicks), async (list, body, other) => {
        const changed = apply(list, body, other);
        fc.pre(!changed.equals(body));
        const path = '/slack/interactivity';
        expect((await receiver.post(path, changed, slackSigned(changed, slackSecret))).status).toBe(200);
        expect((await receiver.post(path, changed, slackSigned(body, slackSecret))).status).toBe(401);
      }),
      { numRuns: 300 },
    );
    expect(receiver.log.join()).not.toContain('could not be stored');
  });
});
