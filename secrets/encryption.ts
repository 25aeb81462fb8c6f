import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** What only the holder of a secret key can read. */
export interface Encrypted {
  /** Which key it is under: tells nothing of the key. */
  keyId: string;
  /** 12 bytes nonce, 16 bytes tag, then the ciphertext. */
  bytes: Buffer;
}

/**
 * Encrypts texts or bytes that somebody else keeps, with AES-256-GCM. `about` is what the plain one belongs to: it is not hidden, and is
 * read under no other.
 */
export interface Encryption<Plain = string> {
  /** The key under which all is written. */
  keyId: string;
  /** Whether it is a key of ours, the newest or a former one. */
  knows(keyId: string): boolean;
  encrypt(plain: Plain, about: readonly string[]): Encrypted;
  /** Undefined where none of our keys reads it: it is under another one, was changed, or belongs to something else. */
  decrypt(encrypted: Encrypted, about: readonly string[]): Plain | undefined;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** What is encrypted. Each has keys of its own, so that nothing of the one can be given out for the other. */
type Use = 'connections' | 'payloads';

/**
 * The encryption of those who share a secret key. What was written under a former key is still read. The keys are derived, so no other
 * use of the secret meets them. https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
export function encryptionOfBytes(
  use: Use,
  secretKey: string,
  formerSecretKeys: readonly string[] = [],
): Encryption<Uint8Array> {
  const newest = keyOf(use, secretKey);
  const former = formerSecretKeys.map((each) => keyOf(use, each));
  const keys = new Map([...former, newest].map(({ id, key }) => [id, key]));
  return {
    keyId: newest.id,
    knows: (keyId) => keys.has(keyId),
    encrypt(plain, about) {
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, newest.key, nonce).setAAD(dataOf(about));
      const sealed = Buffer.concat([sealing.update(plain), sealing.final()]);
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
        return Buffer.concat([opening.update(sealed), opening.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

/** The same for the texts of named connections. */
export function encryptionOf(secretKey: string, formerSecretKeys: readonly string[] = []): Encryption {
  const { encrypt, decrypt, ...keys } = encryptionOfBytes('connections', secretKey, formerSecretKeys);
  return {
    ...keys,
    encrypt: (text, about) => encrypt(Buffer.from(text, 'utf8'), about),
    decrypt(encrypted, about) {
      const bytes = decrypt(encrypted, about);
      return bytes && Buffer.from(bytes).toString('utf8');
    },
  };
}

/** As an object of Node's: from plain bytes it would make one at each use, which takes longer than to encrypt a payload. */
function keyOf(use: Use, secretKey: string): { id: string; key: KeyObject } {
  const derived = (what: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secretKey, '', `baton/${use}/${what}/v1`, bytes));
  return { id: derived('key-id', 8).toString('hex'), key: createSecretKey(derived('key', 32)) };
}

/** A list, so that no part can run over into the next one. */
const dataOf = (about: readonly string[]) => Buffer.from(JSON.stringify(about));
