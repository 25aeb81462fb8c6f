import type { EC2Client } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { providerAddress } from '../address.ts';
import { notConnected } from '../failures.ts';
import { proxyFor } from '../proxy.ts';
import { timeScaleOf } from '../time-scale.ts';
import { Connections } from './agent.ts';
import { type AllowedTag, tagSettings } from './tag.ts';

/** The SDK's module, loaded on first use: it is 34 MB. Commands are made from it. */
type Sdk = typeof import('@aws-sdk/client-ec2');

export interface Ec2 {
  client: EC2Client;
  sdk: Sdk;
  region: string;
  /** What instances must have to be changed; undefined: no tag beside their owner's. */
  allowedTag: AllowedTag | undefined;
  /** Seconds that pass there in one of ours: 1, but for a simulated endpoint, whose instances boot faster. */
  timeScale: number;
}

const requestMilliseconds = 10_000;
const connectMilliseconds = 3_000;

/** EC2 by the AWS settings in `env`, as the AWS SDK names them; without keys there, by the SDK's own provider chain. */
export function ec2Connections(env: NodeJS.ProcessEnv): (connection: string) => Promise<Ec2> {
  let connected: Promise<Ec2> | undefined;
  return async (connection) => {
    // Compose files pass on unset variables as empty ones.
    const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
    if (connection !== 'default' || !region) throw notConnected('EC2', 'AWS_REGION', connection);
    connected ??= connect(env, region);
    return connected;
  };
}

async function connect(env: NodeJS.ProcessEnv, region: string): Promise<Ec2> {
  const variable = env.AWS_ENDPOINT_URL_EC2 ? 'AWS_ENDPOINT_URL_EC2' : 'AWS_ENDPOINT_URL';
  const endpoint = env[variable];
  if (endpoint) providerAddress('EC2', variable, endpoint);
  // Complains of a proxy's address that is none; within the SDK the complaint would be lost.
  proxyFor(endpoint || 'https://ec2.amazonaws.com', env);
  const limits = z.object(tagSettings).safeParse({ EC2_ALLOWED_TAG: env.EC2_ALLOWED_TAG || undefined });
  if (!limits.success) throw notConnected('EC2', 'EC2_ALLOWED_TAG to a tag like team=checkout');
  const sdk = await import('@aws-sdk/client-ec2');
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  const client = new sdk.EC2Client({
    region,
    // One retrier: Temporal.
    maxAttempts: 1,
    // Without `throwOnRequestTimeout` the SDK only warns, and a call that hangs never ends.
    requestHandler: {
      requestTimeout: requestMilliseconds,
      connectionTimeout: connectMilliseconds,
      throwOnRequestTimeout: true,
      httpsAgent: new Connections(env, { keepAlive: true, maxSockets: 50 }),
    },
    ...(endpoint ? { endpoint } : {}),
    ...(accessKeyId && secretAccessKey
      ? {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
  });
  if (!accessKeyId) watchCredentials(client);
  const timeScale = timeScaleOf(endpoint, env);
  return { client, sdk, region, allowedTag: limits.data.EC2_ALLOWED_TAG, timeScale };
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

function watchCredentials({ config }: EC2Client): void {
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
