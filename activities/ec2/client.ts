import type { EC2Client, EC2ClientConfig } from '@aws-sdk/client-ec2';
import { defaultConnection } from '../../domain/subject.ts';
import { notConnected } from '../failures.ts';
import type { Use } from '../provider.ts';
import { proxyFor } from '../proxy.ts';
import { timeScaleOf } from '../time-scale.ts';
import { version } from '../version.ts';
import { Connections } from './agent.ts';
import { callIn, type InstanceCall } from './calls.ts';
import { credentialsIn, watchCredentials } from './credentials.ts';
import { type Identity, identityBy } from './identity.ts';
import { lookPolicy } from './policy.ts';
import type { Ec2Settings } from './provider.ts';
import { keysFor, type Role, roleOf, type SessionKeys, sessionName } from './role.ts';
import type { AllowedTag } from './tag.ts';

/** The SDK's module, loaded on first use: it is 34 MB. Commands are made from it. */
type Sdk = typeof import('@aws-sdk/client-ec2');

export interface Ec2 {
  /** For looks. Where the connection has a role, its keys can change nothing. */
  client: EC2Client;
  sdk: Sdk;
  region: string;
  /** What instances must have to be changed; undefined: no tag beside their owner's. */
  allowedTag: AllowedTag | undefined;
  /** Seconds that pass there in one of ours: 1, but for a simulated endpoint, whose instances boot faster. */
  timeScale: number;
  /** Assumed for each use. Undefined: all calls are made with the keys that the connection has. */
  role: Role | undefined;
  /**
   * The calls of the plan that is carried out, each with the client that may make it. With a role that one has keys for just these
   * instances, and nothing else has any for a change.
   */
  toMake(signal: AbortSignal): Promise<CallToMake[]>;
  /** Asks by EC2's dry run whether a call would be allowed. Throws EC2's own error where it would not be. */
  dryRun(call: InstanceCall, signal: AbortSignal): Promise<void>;
  /** Whose the connection's own keys are. */
  identity(signal: AbortSignal): Promise<Identity>;
  /** The same for one use of it. */
  forUse(use: Use): Ec2;
}

export interface CallToMake extends InstanceCall {
  client: EC2Client;
}

const requestMilliseconds = 10_000;
/** Within an attempt there has to be time for the call itself, too. */
const roleMilliseconds = 5_000;
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
  if (!credentialsIn(settings) && connection !== defaultConnection)
    throw notConnected('EC2', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', connection);
  // Complains of a proxy's address that is none; within the SDK the complaint would be lost.
  proxyFor(endpoint ?? 'https://ec2.amazonaws.com', env);
  const sdk = await import('@aws-sdk/client-ec2');
  const own = configOf(settings, connection, env, { endpoint, milliseconds: requestMilliseconds });
  const role = await roleIn(settings, connection, env, region);
  const credentials = role && (() => role.assume(lookPolicy, batonItself));
  const client = new sdk.EC2Client({ ...own, ...(credentials ? { credentials } : {}) });
  if (!role && !settings.AWS_ACCESS_KEY_ID) watchCredentials(client);
  const connected = {
    config: { ...own, requestHandler: client.config.requestHandler },
    client,
    sdk,
    region,
    allowedTag: settings.EC2_ALLOWED_TAG,
    timeScale: timeScaleOf(endpoint, env),
    role,
    async identity(signal: AbortSignal) {
      const sts = await connectSts(settings, connection, env);
      return identityBy(sts.sdk, sts.client, signal);
    },
  };
  return usedFor(connected, undefined);
}

/** What looks is shared by all runs, so that a role is assumed for it every ten minutes, and not for every look. */
const batonItself: Use = { run: 'baton', by: 'baton' };

/** What both services' clients have in common. */
function configOf(
  settings: Ec2Settings,
  connection: string,
  env: NodeJS.ProcessEnv,
  { endpoint, milliseconds }: { endpoint: string | undefined; milliseconds: number },
) {
  const region = settings.AWS_REGION ?? settings.AWS_DEFAULT_REGION ?? '';
  const credentials = credentialsIn(settings);
  return {
    region,
    // One retrier: Temporal.
    maxAttempts: 1,
    // Without `throwOnRequestTimeout` the SDK only warns, and a call that hangs never ends.
    requestHandler: {
      requestTimeout: milliseconds,
      connectionTimeout: connectMilliseconds,
      throwOnRequestTimeout: true,
      httpsAgent: new Connections(env, { keepAlive: true, maxSockets: 50 }),
    },
    // The SDK looks for an address in the environment, too, and that one is the default connection's.
    ...(endpoint ? { endpoint } : { ignoreConfiguredEndpointUrls: connection !== defaultConnection }),
    ...(credentials ? { credentials } : {}),
  } satisfies EC2ClientConfig;
}

/** The role that the settings name. STS is asked in the connection's own region, which is where the instances are. */
async function roleIn(
  settings: Ec2Settings,
  connection: string,
  env: NodeJS.ProcessEnv,
  region: string,
): Promise<Role | undefined> {
  if (!settings.EC2_ROLE_ARN) return undefined;
  const { sdk, client } = await connectSts(settings, connection, env);
  return roleOf(settings.EC2_ROLE_ARN, region, sdk, client);
}

async function connectSts(settings: Ec2Settings, connection: string, env: NodeJS.ProcessEnv) {
  const endpoint = settings.AWS_ENDPOINT_URL_STS ?? settings.AWS_ENDPOINT_URL;
  proxyFor(endpoint ?? 'https://sts.amazonaws.com', env);
  const sdk = await import('@aws-sdk/client-sts');
  const client = new sdk.STSClient(
    configOf(settings, connection, env, { endpoint, milliseconds: roleMilliseconds }),
  );
  if (!settings.AWS_ACCESS_KEY_ID) watchCredentials(client);
  return { sdk, client };
}

interface Connected
  extends Pick<Ec2, 'client' | 'sdk' | 'region' | 'allowedTag' | 'timeScale' | 'role' | 'identity'> {
  /** What all its clients are made of. */
  config: EC2ClientConfig;
}

function usedFor(connected: Connected, use: Use | undefined): Ec2 {
  const { config, client, sdk, role, ...shared } = connected;
  /** A client of its own costs a fifth of a millisecond: connections and credentials are shared. */
  const clientWith = (credentials: SessionKeys | EC2Client['config']['credentials']) =>
    new sdk.EC2Client({ ...config, credentials, ...(use ? { customUserAgent: toldOf(use) } : {}) });
  const looking = use ? clientWith(client.config.credentials) : client;
  const withKeys = async (calls: readonly InstanceCall[], signal: AbortSignal): Promise<CallToMake[]> => {
    if (!role) return calls.map((call) => ({ ...call, client: looking }));
    const lots = await keysFor(calls, role, use ?? batonItself, signal);
    return lots.flatMap((lot) => {
      const keyed = clientWith(lot.keys);
      return lot.calls.map((call) => ({ ...call, client: keyed }));
    });
  };
  return {
    ...shared,
    sdk,
    role,
    client: looking,
    async toMake(signal) {
      if (!use?.calls) throw new Error('There is no plan of which a call is to be made');
      return withKeys(use.calls.map(callIn), signal);
    },
    async dryRun(asked, signal) {
      for (const { client: keyed, action, instanceIds } of await withKeys([asked], signal))
        await dryRunOf(sdk, keyed, { action, instanceIds }, signal).catch((error: Error) => {
          // 412: the call would have been made.
          if (error.name !== 'DryRunOperation') throw error;
        });
    },
    forUse: (other) => usedFor(connected, other),
  };
}

/** As CloudTrail shows it beside each call, looks too: `baton/0.1.0 run/ec2-unhealthy.PABC123`. */
const toldOf = ({ run }: Use): [string, string][] => [
  ['baton', version],
  ['run', sessionName(run)],
];

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html, `DryRun` */
async function dryRunOf(
  sdk: Sdk,
  client: EC2Client,
  { action, instanceIds }: InstanceCall,
  signal: AbortSignal,
): Promise<void> {
  const input = { InstanceIds: [...instanceIds], DryRun: true };
  const options = { abortSignal: signal };
  switch (action) {
    case 'ec2:RebootInstances':
      return void (await client.send(new sdk.RebootInstancesCommand(input), options));
    case 'ec2:StopInstances':
      return void (await client.send(new sdk.StopInstancesCommand(input), options));
    case 'ec2:StartInstances':
      return void (await client.send(new sdk.StartInstancesCommand(input), options));
    case 'ec2:GetConsoleOutput':
      return void (await client.send(
        new sdk.GetConsoleOutputCommand({ InstanceId: instanceIds[0], DryRun: true }),
        options,
      ));
    default:
      throw new Error(`There is no dry run of ${action}`);
  }
}
