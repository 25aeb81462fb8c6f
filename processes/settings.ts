import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';
import { makeScrubber } from '../secrets/scrub.ts';
import { shortestSecretKey } from '../secrets/secret-key.ts';
import { isPrivate } from '../server/address.ts';
import type { OidcSettings } from '../server/api/identity.ts';
import { CliFailure, exits } from './failure.ts';
import { oidcEnvironment, readOidc } from './oidc-settings.ts';

export const providers = ['pagerduty', 'slack', 'jira', 'kubernetes', 'ec2'] as const;
export type Provider = (typeof providers)[number];

/** The variables by which one of them shows that a provider is set. The SDKs' regions and the like do not connect anything. */
const marks: Record<Provider, RegExp> = {
  pagerduty: /^PAGERDUTY_/,
  slack: /^SLACK_/,
  jira: /^JIRA_/,
  kubernetes: /^(KUBECONFIG|KUBERNETES_SERVICE_HOST)$/,
  ec2: /^(AWS_ACCESS_KEY_ID|AWS_PROFILE|AWS_ROLE_ARN|AWS_WEB_IDENTITY_TOKEN_FILE|AWS_CONTAINER_CREDENTIALS_.*|AWS_ENDPOINT_URL_EC2)$/,
};

export interface Settings {
  host: string;
  /** Undefined: 8080, or the next free one. */
  port: number | undefined;
  dataDir: string;
  publicUrl: string | undefined;
  /** Undefined: the embedded store in the data folder. */
  databaseUrl: string | undefined;
  /** Of the embedded store: a commit is on the disk before it is answered. */
  storeFsync: boolean;
  /** The owner of the tables of `databaseUrl`. */
  migrationDatabaseUrl: string | undefined;
  /** For how long it is kept what came in and what was done. */
  retentionDays: number;
  /** Where the heads of the record are written. Undefined: `start` writes them to the data folder. */
  headsDir: string | undefined;
  /** Undefined: the one in the data folder, where the store is embedded. */
  secretKey: string | undefined;
  /** With which no more is signed: what they signed is still good. */
  formerSecretKeys: readonly string[];
  /** Whether the embedded Temporal shows its web page, on which anybody who reaches it may do everything. */
  temporalUi: boolean;
  /** Each run is finished by workers of the code that it began with. */
  workerVersions: boolean;
  /** Undefined: nobody signs in by a browser. */
  oidc: OidcSettings | undefined;
  pagerDutySecrets: readonly string[];
  slackSigningSecret: string | undefined;
  slackApiUrl: string | undefined;
  simulated: readonly Provider[];
  /** The variables that say which providers are real. */
  connectedBy: readonly string[];
  /** Undefined: the embedded development server. */
  temporal: { connection: NativeConnectionOptions; namespace: string } | undefined;
}

const httpUrl = z.url({ protocol: /^https?$/, error: 'is not an http:// or https:// address' });

/** Where a provider is. Tokens are sent there. */
const providerUrl = z
  .string()
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && isPrivate(url);
  }, 'is not an https:// address (plain http:// is taken on this machine only)')
  .optional();

/** A hundred years. */
const mostDays = 36_500;
const retentionBounds = `a whole number of days from 1 to ${mostDays}`;
const isJsonObject = (text: string) => {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

const Environment = z.object({
  HOST: z.string().regex(/^\S+$/, 'contains a space').default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port number (1 to 65535)')
    .transform(Number)
    .refine((port) => port >= 1 && port <= 65_535, 'is not a port number (1 to 65535)')
    .optional(),
  BATON_DATA_DIR: z.string().default('./data'),
  BATON_PUBLIC_URL: httpUrl.optional(),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is not of the form postgres://user:password@host:port/database',
    })
    .optional(),
  BATON_STORE_FSYNC: z.enum(['on', 'off'], { error: 'is neither "on" nor "off"' }).default('on'),
  BATON_MIGRATION_DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is not of the form postgres://user:password@host:port/database',
    })
    .optional(),
  BATON_RETENTION_DAYS: z
    .string()
    .regex(/^\d{1,5}$/, `is not ${retentionBounds}`)
    .transform(Number)
    .refine((days) => days >= 1 && days <= mostDays, `is not ${retentionBounds}`)
    .default(365),
  BATON_RECORD_HEADS_DIR: z.string().optional(),
  BATON_SECRET_KEY: z
    .string()
    .min(shortestSecretKey, `has less than ${shortestSecretKey} characters (openssl rand -hex 32 makes one)`)
    .optional(),
  BATON_FORMER_SECRET_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .refine((list) => list.every((key) => key !== ''), 'has an empty part between its commas')
    .default([]),
  BATON_WORKER_VERSIONS: z.enum(['0', '1'], { error: 'is neither 1 nor 0' }).optional(),
  BATON_TEMPORAL_UI: z.enum(['0', '1'], { error: 'is neither 1 nor 0' }).optional(),
  ...oidcEnvironment,
  PAGERDUTY_WEBHOOK_SECRETS: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .refine((list) => list.every((secret) => secret !== ''), 'has an empty part between its commas')
    .default([]),
  SLACK_SIGNING_SECRET: z.string().optional(),
  PAGERDUTY_API_URL: providerUrl,
  PAGERDUTY_EVENTS_URL: providerUrl,
  SLACK_API_URL: providerUrl,
  JIRA_BASE_URL: providerUrl,
  AWS_ENDPOINT_URL: providerUrl,
  AWS_ENDPOINT_URL_EC2: providerUrl,
  JIRA_FIELDS: z
    .string()
    .refine(isJsonObject, 'is not a JSON object, such as {"customfield_10042":{"value":"High"}}')
    .optional(),
  BATON_PEOPLE: z
    .string()
    .refine(
      (list) => list.split(',').every((link) => /^([UW][A-Z0-9]+=[^\s=@]+@[^\s=@]+)?$/.test(link.trim())),
      'is not a list like U0ADA=ada@example.com,U0BEN=ben@example.com',
    )
    .optional(),
  BATON_SIMULATE: z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(
      z.array(
        z.enum(['all', ...providers], { error: `is neither "all" nor a list of ${providers.join(', ')}` }),
      ),
    )
    .optional(),
});

/** Compose files and CI pass on unset variables as empty ones. */
const withoutEmpty = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  ) as Record<string, string>;

/**
 * The settings, from the environment. Throws one failure with all complaints; it names variables and never shows what is in
 * them.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const env = withoutEmpty(environment);
  const parsed = Environment.safeParse(env);
  const temporal = readTemporal(env);
  const oidc = parsed.success ? readOidc(parsed.data, parsed.data.BATON_PUBLIC_URL) : { found: undefined };
  const complaints = [
    ...(parsed.error?.issues.map(({ path, message }) => `${String(path[0])} ${message}`) ?? []),
    ...('complaint' in temporal ? [temporal.complaint] : []),
    ...('complaint' in oidc ? [oidc.complaint] : []),
  ];
  if (!parsed.success || 'complaint' in temporal || 'complaint' in oidc)
    throw new CliFailure('The settings are not usable', {
      why: [...new Set(complaints)].map((complaint) => `- ${complaint}`).join('\n'),
      next: 'Correct these environment variables, or unset them for their defaults.',
      exit: exits.usage,
    });
  const { data } = parsed;
  const connectedBy = Object.keys(env)
    .filter((name) => providers.some((provider) => marks[provider].test(name)))
    .sort();
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.BATON_DATA_DIR,
    publicUrl: data.BATON_PUBLIC_URL,
    databaseUrl: data.DATABASE_URL,
    storeFsync: data.BATON_STORE_FSYNC === 'on',
    migrationDatabaseUrl: data.BATON_MIGRATION_DATABASE_URL,
    retentionDays: data.BATON_RETENTION_DAYS,
    headsDir: data.BATON_RECORD_HEADS_DIR,
    secretKey: data.BATON_SECRET_KEY,
    formerSecretKeys: data.BATON_FORMER_SECRET_KEYS,
    workerVersions: data.BATON_WORKER_VERSIONS === '1',
    temporalUi: data.BATON_TEMPORAL_UI === '1',
    oidc: oidc.found,
    pagerDutySecrets: data.PAGERDUTY_WEBHOOK_SECRETS,
    slackSigningSecret: data.SLACK_SIGNING_SECRET,
    slackApiUrl: data.SLACK_API_URL,
    simulated: simulatedOf(data.BATON_SIMULATE, connectedBy),
    connectedBy,
    temporal: temporal.found,
  };
}

/** Nothing set at all: everything is simulated. Something set: only what is asked for, so that nothing real is mixed up. */
function simulatedOf(
  asked: readonly string[] | undefined,
  connectedBy: readonly string[],
): readonly Provider[] {
  if (asked === undefined) return connectedBy.length === 0 ? providers : [];
  return asked.includes('all') ? providers : providers.filter((provider) => asked.includes(provider));
}

/**
 * Temporal's own variables, read as all its tools read them. A configuration file counts only where a variable names it or a
 * profile: one that lies about in somebody's home must not lead a demonstration to a real cluster.
 */
function readTemporal(env: Record<string, string>): { found: Settings['temporal'] } | { complaint: string } {
  const isSet = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => name in env);
  if (!isSet) return { found: undefined };
  try {
    const disableFile = !('TEMPORAL_PROFILE' in env || 'TEMPORAL_CONFIG_FILE' in env);
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env, disableFile });
    return { found: { connection: connectionOptions, namespace: namespace ?? 'default' } };
  } catch (error) {
    return { complaint: `TEMPORAL_… : ${makeScrubber(secretsOf(env))((error as Error).message)}` };
  }
}

/** What is secret: the whole value, and each part of a list. */
const secretNames = [
  'PAGERDUTY_WEBHOOK_SECRETS',
  'PAGERDUTY_API_TOKEN',
  'PAGERDUTY_ROUTING_KEY',
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'JIRA_API_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'BATON_SECRET_KEY',
  'BATON_FORMER_SECRET_KEYS',
  'BATON_OIDC_CLIENT_SECRET',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_CODEC_AUTH',
  'TEMPORAL_GRPC_META_AUTHORIZATION',
];
/** Shorter ones would be found in ordinary words. */
const shortestSecret = 4;

/** Variables of others that look secret by their names count too, where the value is no ordinary word either. */
const secretLooks = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE_KEY|API_?KEY|ACCESS_KEY$|GRPC_META/;
const isFile = /_(FILE|PATH|DIR|URI|URL)$/;
const shortestUnknownSecret = 12;

/** What `baton config` may show as it is. Whatever is not listed here is masked, also what nobody knows yet. */
const harmlessNames = new Set([
  'HOST',
  'PORT',
  'BATON_DATA_DIR',
  'BATON_PUBLIC_URL',
  'BATON_OIDC_ISSUER',
  'BATON_OIDC_CLIENT_ID',
  'BATON_OIDC_ROLES',
  'BATON_OIDC_GROUPS_CLAIM',
  'BATON_OIDC_SCOPES',
  'BATON_PEOPLE',
  'BATON_SIMULATE',
  'BATON_SIMULATED_TIME_SCALE',
  'BATON_TEMPORAL_UI',
  'BATON_WORKER_VERSIONS',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'PAGERDUTY_FROM_EMAIL',
  'PAGERDUTY_REGION',
  'PAGERDUTY_API_URL',
  'PAGERDUTY_EVENTS_URL',
  'SLACK_API_URL',
  'JIRA_BASE_URL',
  'JIRA_EMAIL',
  'JIRA_PROJECT_KEY',
  'JIRA_ISSUE_TYPE',
  'KUBERNETES_NAMESPACES',
  'KUBECONFIG',
  'KUBERNETES_SERVICE_HOST',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_EC2',
  'DATABASE_URL',
]);

/** The values that must not appear anywhere: what the scrubber looks for. */
export function secretsOf(environment: NodeJS.ProcessEnv): string[] {
  const env = withoutEmpty(environment);
  const named = secretNames.flatMap((name) => (env[name] ?? '').split(',').map((part) => part.trim()));
  const passwords = Object.values(env).flatMap(passwordsOf);
  const unknown = Object.entries(env)
    .filter(([name]) => !secretNames.includes(name) && !harmlessNames.has(name))
    .filter(([name]) => secretLooks.test(name) && !isFile.test(name))
    .map(([, value]) => value.trim())
    .filter((secret) => secret.length >= shortestUnknownSecret);
  return [...new Set([...named, ...passwords, ...unknown])].filter(
    (secret) => secret.length >= shortestSecret,
  );
}

/** The password of an address, in front of its host or among its parameters, as it stands there and decoded. */
function passwordsOf(value: string): string[] {
  const front = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^@\s]+)@/i.exec(value)?.[1];
  const parameters = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    ? [...value.matchAll(/[?&][^=&#\s]*(?:password|token|secret|key)[^=&#\s]*=([^&#\s]+)/gi)].map(
        ([, found]) => found,
      )
    : [];
  return [front, ...parameters].flatMap((raw) => {
    if (raw === undefined) return [];
    try {
      return [raw, decodeURIComponent(raw)];
    } catch {
      return [raw];
    }
  });
}

const dots = '••••••••';

/** A variable as it may be shown: as dots, unless it is known to be harmless; of an address never password and parameters. */
export function masked(name: string, value: string): string {
  if (!harmlessNames.has(name)) return dots;
  if (!/:\/\/|@.*[:/]/.test(value)) return value;
  const wiring =
    /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/@\s:]*)(:[^/\s]*)?@)?([^/@?#\s]*)(\/[^?#\s]*)?([?#].*)?$/i.exec(value);
  if (!wiring || wiring[5]?.includes('@')) return dots;
  const [, scheme = '', user, password, host = '', path = '', parameters] = wiring;
  // Without a password the name may be the secret: a token in front of the host.
  const isName = password !== undefined || name === 'DATABASE_URL';
  const who = user === undefined ? '' : `${isName ? user : dots}${password === undefined ? '' : `:${dots}`}@`;
  return `${scheme}${who}${host}${path}${parameters === undefined ? '' : `${parameters[0]}${dots}`}`;
}

const shownNames =
  /^((HOST|PORT|DATABASE_URL|KUBECONFIG|(https?|no|all)_proxy)$|BATON_|PAGERDUTY_|SLACK_|JIRA_|TEMPORAL_|KUBERNETES_|AWS_)/i;

/** Every variable that Baton or its libraries read and that is set; only what is known to be harmless with its value. */
export function shownSettings(environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = Object.keys(withoutEmpty(environment)).filter((name) => shownNames.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, masked(name, environment[name] ?? '')]));
}
