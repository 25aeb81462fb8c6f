import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** A text that only the holder of a secret key can read. */
export interface Encrypted {
  /** Which key it is under: tells nothing of the key. */
  keyId: string;
  /** 12 bytes nonce, 16 bytes tag, then the ciphertext. */
  bytes: Buffer;
}

/** Encrypts what is kept at rest, with AES-256-GCM. `about` is what the text belongs to: it is not hidden, and is read under no other. */
export interface Encryption {
  /** The key under which all is written. */
  keyId: string;
  encrypt(text: string, about: readonly string[]): Encrypted;
  /** Undefined where none of our keys reads it: it is under another one, was changed, or belongs to something else. */
  decrypt(encrypted: Encrypted, about: readonly string[]): string | undefined;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The encryption of those who share a secret key. What was written under a former key is still read. The keys are derived, so no other
 * use of the secret meets them. https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
export function encryptionOf(secretKey: string, formerSecretKeys: readonly string[] = []): Encryption {
  const newest = keyOf(secretKey);
  const keys = new Map([...formerSecretKeys.map(keyOf), newest].map(({ id, key }) => [id, key]));
  return {
    keyId: newest.id,
    encrypt(text, about) {
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, newest.key, nonce).setAAD(dataOf(about));
      const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
      return { keyId: newest.id, bytes: Buffer.concat([nonce, sealing.getAuthTag(), sealed]) };
    },
    decrypt({ keyId, bytes }, about) {
      const key = keys.get(keyId);
      if (key === undefined || bytes.length < nonceBytes + tagBytes) return undefined;
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      opening.setAAD(dataOf(about)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        const sealed = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([opening.update(sealed), opening.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

function keyOf(secretKey: string): { id: string; key: Buffer } {
  const derived = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secretKey, '', `baton/connections/${use}/v1`, bytes));
  return { id: derived('key-id', 8).toString('hex'), key: derived('key', 32) };
}

/** A list, so that no part can run over into the next one. */
const dataOf = (about: readonly string[]) => Buffer.from(JSON.stringify(about));
