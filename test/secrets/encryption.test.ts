import { describe, expect, it } from 'vitest';
import { encryptionOf } from '../../secrets/encryption.ts';

const about = ['connection', 'pagerduty', 'eu'];
const secret = 'u+canary-0815-canary';

describe('encryption at rest', () => {
  it('gives a text back to the holder of the key, and shows it to nobody else', () => {
    const encryption = encryptionOf('a key of the tests');
    const encrypted = encryption.encrypt(secret, about);
    expect(encryption.decrypt(encrypted, about)).toBe(secret);
    expect(encrypted.bytes.includes(secret)).toBe(false);
    expect(encryptionOf('another key of the tests').decrypt(encrypted, about)).toBeUndefined();
    const underItsName = { ...encrypted, keyId: encryptionOf('another key of the tests').keyId };
    expect(encryptionOf('another key of the tests').decrypt(underItsName, about)).toBeUndefined();
  });

  it('reads nothing that was copied to another name, or changed by one bit', () => {
    const encryption = encryptionOf('a key of the tests');
    const encrypted = encryption.encrypt(secret, about);
    expect(encryption.decrypt(encrypted, ['connection', 'pagerduty', 'us'])).toBeUndefined();
    expect(encryption.decrypt(encrypted, ['connection', 'pagerdutye', 'u'])).toBeUndefined();
    for (let at = 0; at < encrypted.bytes.length; at += 1) {
      const bytes = Buffer.from(encrypted.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(encryption.decrypt({ ...encrypted, bytes }, about)).toBeUndefined();
    }
    const cut = encrypted.bytes.subarray(0, 20);
    expect(encryption.decrypt({ ...encrypted, bytes: cut }, about)).toBeUndefined();
  });

  it('never writes the same text in the same way', () => {
    const { encrypt } = encryptionOf('a key of the tests');
    const all = new Set(Array.from({ length: 100 }, () => encrypt(secret, about).bytes.toString('hex')));
    expect(all.size).toBe(100);
  });

  it('reads what a former key wrote, and writes under the newest', () => {
    const before = encryptionOf('the former key').encrypt(secret, about);
    const now = encryptionOf('the newest key', ['an older key', 'the former key']);
    expect(now.decrypt(before, about)).toBe(secret);
    expect(now.encrypt(secret, about).keyId).toBe(now.keyId);
    expect(now.keyId).not.toBe(before.keyId);
    expect(encryptionOf('the former key').decrypt(now.encrypt(secret, about), about)).toBeUndefined();
  });
});
