import type { PayloadKeys } from '../secrets/payload-codec.ts';
import { SecretKeyUnusable, secretKeyIn } from '../secrets/secret-key.ts';
import { CliFailure, exits } from './failure.ts';
import type { Settings } from './settings.ts';

/** What to set, and why: in the words that all commands use for a missing variable. */
export const missingSecretKey =
  'BATON_SECRET_KEY: the same for every server and worker; it signs what runs are started for (openssl rand -hex 32 makes one)';

/**
 * The secret key of this Baton: as it is set, else the one in the data folder, made where there is none. Processes that share a database
 * must share it too, so there it has to be set. The caller holds the folder's lock.
 */
export function secretKeyOf({
  secretKey,
  databaseUrl,
  dataDir,
}: Pick<Settings, 'secretKey' | 'databaseUrl' | 'dataDir'>): string {
  if (secretKey !== undefined) return secretKey;
  if (databaseUrl !== undefined)
    throw new CliFailure('DATABASE_URL is set, and no secret key beside it', {
      why: `Not set:\n- ${missingSecretKey}`,
      next: 'Set it.',
      exit: exits.usage,
    });
  try {
    return secretKeyIn(dataDir);
  } catch (error) {
    throw error instanceof SecretKeyUnusable ? new CliFailure(error.message) : error;
  }
}

/** The keys for what Temporal keeps. */
export const payloadKeysOf = (
  secretKey: string,
  { formerSecretKeys, encryptPayloads: encrypts }: Pick<Settings, 'formerSecretKeys' | 'encryptPayloads'>,
): PayloadKeys => ({ secretKey, formerSecretKeys, encrypts });
