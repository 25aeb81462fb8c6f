import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { encryptionOf } from '../../secrets/encryption.ts';
import { forgiving, type PayloadKeys, payloadCodec } from '../../secrets/payload-codec.ts';

const secretKey = 'a key of the tests';
const codecOf = (more: Partial<PayloadKeys> = {}) =>
  payloadCodec({ secretKey, formerSecretKeys: [], encrypts: true, ...more });
const value = { title: 'canary-0815', parts: [1, 'two', null] };
const plain = defaultPayloadConverter.toPayload(value);
const read = (payload: Payload | undefined) => defaultPayloadConverter.fromPayload(payload as Payload);
const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');

async function encrypted(more: Partial<PayloadKeys> = {}): Promise<Payload> {
  const [payload] = await codecOf(more).encode([plain]);
  return payload as Payload;
}

describe('a payload', () => {
  it('comes back to the holder of the key, and shows nothing to anybody else', async () => {
    const payload = await encrypted();
    expect(textOf(payload.data)).not.toContain('canary');
    expect(textOf(payload.data)).not.toContain('json/plain');
    const [back] = await codecOf().decode([payload]);
    expect(read(back)).toEqual(value);
  });

  it('of no value at all, or of bytes, comes back as it was', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const payloads = [undefined, bytes].map((each) => defaultPayloadConverter.toPayload(each) as Payload);
    const back = await codecOf().decode(await codecOf().encode(payloads));
    expect(back.map(read)).toEqual([undefined, bytes]);
  });

  it('names its key, which tells nothing of the key, and is no key of connections', async () => {
    const { metadata } = await encrypted();
    expect(textOf(metadata?.encoding)).toBe('binary/encrypted');
    const keyId = textOf(metadata?.['encryption-key-id']);
    expect(keyId).toMatch(/^[0-9a-f]{16}$/);
    expect(keyId).not.toBe(encryptionOf(secretKey).keyId);
    const other = await encrypted({ secretKey: 'another key of the tests' });
    expect(textOf(other.metadata?.['encryption-key-id'])).not.toBe(keyId);
  });

  it('is never written twice in the same way', async () => {
    const all = await codecOf().encode(Array.from({ length: 100 }, () => plain));
    expect(new Set(all.map(({ data }) => textOf(data))).size).toBe(100);
  });

  it('stays as it is where nothing is encrypted, and is read there where it was', async () => {
    const off = codecOf({ encrypts: false });
    expect(await off.encode([plain])).toEqual([plain]);
    const [one, other] = await off.decode([plain, await encrypted()]);
    expect([read(one), read(other)]).toEqual([value, value]);
    expect((await codecOf().decode([plain])).map(read)).toEqual([value]);
  });

  it('under a former key is read, and new ones are under the newest', async () => {
    const rotated = codecOf({ secretKey: 'the newest key', formerSecretKeys: ['an older key', secretKey] });
    expect((await rotated.decode([await encrypted()])).map(read)).toEqual([value]);
    const now = await rotated.encode([plain]);
    await expect(codecOf().decode(now)).rejects.toThrow('this process does not have');
  });

  it('under another key is refused, with its name and what to do', async () => {
    const payload = await encrypted({ secretKey: 'another key of the tests' });
    const keyId = textOf(payload.metadata?.['encryption-key-id']);
    const refusal = codecOf().decode([plain, payload]);
    await expect(refusal).rejects.toThrow(`under the key ${keyId}`);
    await expect(refusal).rejects.toThrow('BATON_FORMER_SECRET_KEYS');
  });

  it('that was changed by one bit, or cut, is refused, also under our key’s name', async () => {
    const payload = await encrypted();
    const data = Buffer.from(payload.data ?? []);
    for (let at = 0; at < data.length; at += 1) {
      const changed = Buffer.from(data);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(codecOf().decode([{ ...payload, data: changed }])).rejects.toThrow('changed or damaged');
    }
    for (const cut of [data.subarray(0, 20), Buffer.alloc(0)])
      await expect(codecOf().decode([{ ...payload, data: cut }])).rejects.toThrow('changed or damaged');
    const { metadata } = await encrypted({ secretKey: 'another key of the tests' });
    const renamed = {
      ...(await encrypted({ secretKey: 'another key of the tests' })),
      metadata: payload.metadata,
    };
    await expect(codecOf().decode([renamed as Payload])).rejects.toThrow('changed or damaged');
    await expect(
      codecOf().decode([{ metadata: { encoding: metadata?.encoding ?? Buffer.alloc(0) } }]),
    ).rejects.toThrow('under the key');
  });

  it('that cannot be read keeps a client from none of the others', async () => {
    const other = await encrypted({ secretKey: 'another key of the tests' });
    const [one, lost, last] = await forgiving(codecOf()).decode([plain, other, await encrypted()]);
    expect([read(one), read(last)]).toEqual([value, value]);
    expect(read(lost)).toEqual({ unreadable: expect.stringContaining('BATON_FORMER_SECRET_KEYS') });
  });
});
