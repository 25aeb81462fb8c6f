import type { EC2Client } from '@aws-sdk/client-ec2';
import { defaultConnection } from '../../domain/subject.ts';
import { notConnected } from '../failures.ts';
import { proxyFor } from '../proxy.ts';
import { timeScaleOf } from '../time-scale.ts';
import { Connections } from './agent.ts';
import type { Ec2Settings } from './provider.ts';
import type { AllowedTag } from './tag.ts';

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

/**
 * EC2 by these settings. Without keys in them the connection `default` takes what the SDK's own provider chain finds; another one is not
 * connected, and asks no machine, profile or variable for somebody else's.
 */
export async function connectEc2(
  settings: Ec2Settings,
  env: NodeJS.ProcessEnv,
  connection: string,
): Promise<Ec2> {
  const region = settings.AWS_REGION ?? settings.AWS_DEFAULT_REGION;
  if (!region) throw notConnected('EC2', 'AWS_REGION', connection);
  const endpoint = settings.AWS_ENDPOINT_URL_EC2 ?? settings.AWS_ENDPOINT_URL;
  const credentials = credentialsIn(settings);
  const isDefault = connection === defaultConnection;
  if (!credentials && !isDefault)
    throw notConnected('EC2', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', connection);
  // Complains of a proxy's address that is none; within the SDK the complaint would be lost.
  proxyFor(endpoint ?? 'https://ec2.amazonaws.com', env);
  const sdk = await import('@aws-sdk/client-ec2');
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
    // The SDK looks for an address in the environment, too, and that one is the default connection's.
    ...(endpoint ? { endpoint } : { ignoreConfiguredEndpointUrls: !isDefault }),
    ...(credentials ? { credentials } : {}),
  });
  if (!settings.AWS_ACCESS_KEY_ID) watchCredentials(client);
  return { client, sdk, region, allowedTag: settings.EC2_ALLOWED_TAG, timeScale: timeScaleOf(endpoint, env) };
}

/** Undefined where it is no whole key. */
function credentialsIn({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: Ec2Settings) {
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
