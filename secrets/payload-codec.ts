import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { encryptionOfBytes } from './encryption.ts';

/** Whose keys read what lies in Temporal, and whether what is put there is encrypted. */
export interface PayloadKeys {
  secretKey: string;
  formerSecretKeys: readonly string[];
  encrypts: boolean;
}

/** The name that Temporal's own samples give to an encrypted payload. https://docs.temporal.io/payload-codec */
const encoding = 'binary/encrypted';
const { Payload: Wire } = proto.temporal.api.common.v1;
/** Temporal carries payloads on, into a new history or another run of a schedule, so nothing that holds for one run alone is bound in. */
const about: readonly string[] = [];

/**
 * Encrypts what runs are given and give before it reaches Temporal, where that is asked for, and reads it whether or not it still is: so
 * the setting may change while runs live. What is not encrypted passes. What none of the keys reads throws, and says what to do; a worker
 * then leaves the run as it is, and tries again. One key is good for 2^32 payloads.
 */
export function payloadCodec({ secretKey, formerSecretKeys, encrypts }: PayloadKeys): PayloadCodec {
  const encryption = encryptionOfBytes('payloads', secretKey, formerSecretKeys);

  function encrypted(payload: Payload): Payload {
    const { keyId, bytes } = encryption.encrypt(Wire.encode(payload).finish(), about);
    return {
      metadata: { encoding: Buffer.from(encoding), 'encryption-key-id': Buffer.from(keyId) },
      data: bytes,
    };
  }

  function decrypted(payload: Payload): Payload {
    const { metadata, data } = payload;
    if (textOf(metadata?.encoding) !== encoding) return payload;
    const keyId = textOf(metadata?.['encryption-key-id']);
    const plain = encryption.decrypt({ keyId, bytes: Buffer.from(data ?? []) }, about);
    if (plain) return Wire.decode(plain);
    throw new Error(
      encryption.knows(keyId)
        ? `What Temporal keeps is not what Baton wrote there, under its key ${keyId}: it was changed or damaged. Its run waits. Look who ` +
            'reaches Temporal, and restore it from a backup, or terminate the run there'
        : `What Temporal keeps is encrypted under the key ${keyId}, which this process does not have. Its run waits. Give all servers and ` +
            'workers the earlier BATON_SECRET_KEY in BATON_FORMER_SECRET_KEYS, or the same BATON_SECRET_KEY, and restart them',
    );
  }

  return {
    encode: async (payloads) => (encrypts ? payloads.map(encrypted) : payloads),
    decode: async (payloads) => payloads.map(decrypted),
  };
}

/**
 * For a client, which lists and describes runs and does not need what they were given: a run that it cannot read is not to keep it from
 * the others. In the place of what cannot be read stands why.
 */
export const forgiving = ({ encode, decode }: PayloadCodec): PayloadCodec => ({
  encode,
  decode: async (payloads) =>
    (
      await Promise.all(
        payloads.map((payload) =>
          decode([payload]).catch((error: Error) => [
            defaultPayloadConverter.toPayload({ unreadable: error.message }),
          ]),
        ),
      )
    ).flat(),
});

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');
