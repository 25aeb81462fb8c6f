import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { forgiving, type PayloadKeys, payloadCodec } from '../secrets/payload-codec.ts';

export const encodedFailures = fileURLToPath(
  new URL('../workflows/kit/encoded-failures.ts', import.meta.url),
);

/** How a worker reads what Temporal keeps, and writes it. Where it encrypts, its bundle has to be made for that, too. */
export const workerConverter = (keys: PayloadKeys): DataConverter => ({
  payloadCodecs: [payloadCodec(keys)],
  ...(keys.encrypts ? { failureConverterPath: encodedFailures } : {}),
});

/** The same for a client, which gives runs their input and their events. */
export const clientConverter = (keys: PayloadKeys): DataConverter => ({
  payloadCodecs: [forgiving(payloadCodec(keys))],
});
