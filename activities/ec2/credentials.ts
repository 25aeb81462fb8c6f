import type { EC2Client } from '@aws-sdk/client-ec2';
import type { STSClient } from '@aws-sdk/client-sts';
import type { Ec2Settings } from './provider.ts';

/** Undefined where it is no whole key. */
export function credentialsIn({
  AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY,
  AWS_SESSION_TOKEN,
}: Pick<Ec2Settings, 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN'>) {
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}

/** A machine's own service for credentials is away for seconds; what is missing for longer is not there. */
const credentialsMissingMilliseconds = 60_000;

/** Thrown in place of the SDK's error, which does not tell a source that failed once from one that does not exist. */
export class NoCredentials extends Error {
  override name = 'NoCredentials';
  /** They have been missing for so long that trying again helps nobody. */
  readonly isLasting: boolean;

  constructor(isLasting: boolean) {
    super('no credentials were found: set AWS_ACCESS_KEY_ID, AWS_PROFILE or a role');
    this.isLasting = isLasting;
  }
}

/** Of a client that looks for its credentials by itself. */
export function watchCredentials({ config }: Pick<EC2Client, 'config'> | Pick<STSClient, 'config'>): void {
  const credentials = config.credentials;
  let missingSince: number | undefined;
  config.credentials = async (properties) => {
    try {
      const found = await credentials(properties);
      missingSince = undefined;
      return found;
    } catch (error) {
      if ((error as Error).name === 'AbortError') throw error;
      missingSince ??= Date.now();
      throw new NoCredentials(Date.now() - missingSince > credentialsMissingMilliseconds);
    }
  };
}
