import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { z } from 'zod';
import { type AnyProvider, type Need, settingsOf, withoutEmpty } from '../activities/provider.ts';
import type { Role } from '../domain/rights.ts';
import { makeScrubber } from '../secrets/scrub.ts';
import type { OidcSettings } from '../server/api/identity.ts';
import { CliFailure, exits } from './failure.ts';
import { secretsOf } from './masking.ts';
import { misspeltSettings } from './misspelt.ts';
import { readOidc } from './oidc-settings.ts';
import { OwnEnvironment } from './own-settings.ts';

/** A provider that is in use lacks a setting. */
export interface Half {
  /** Names variables, never what is in them. */
  words: string;
  /** The process that misses it. Undefined: each. */
  by: Need['by'];
}

export interface Settings {
  host: string;
  /** Undefined: 8080, or the next free one. */
  port: number | undefined;
  dataDir: string;
  publicUrl: string | undefined;
  /** What an image was built from. Undefined: git is asked. */
  commit: string | undefined;
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
  /** What runs are given and give is encrypted in Temporal. */
  encryptPayloads: boolean;
  /** Whether the embedded Temporal shows its web page, on which anybody who reaches it may do everything. */
  temporalUi: boolean;
  /** Each run is finished by workers of the code that it began with. */
  workerVersions: boolean;
  workersExpected: number;
  /** Undefined: nobody signs in by a browser. */
  oidc: OidcSettings | undefined;
  /** The role of people in Slack to whom nobody gave one. */
  responderRole: Role;
  pagerDutySecrets: readonly string[];
  jiraSecrets: readonly string[];
  httpSource: { secrets: readonly string[]; tokens: readonly string[]; format: string | undefined };
  /** How often PagerDuty's log is read. Undefined: never. */
  pullSeconds: number | undefined;
  slackSigningSecret: string | undefined;
  /** Undefined: no Socket Mode. */
  slackAppToken: string | undefined;
  slackApiUrl: string | undefined;
  /** The names of the simulated providers. */
  simulated: readonly string[];
  /** The variables that say which providers are real. */
  connectedBy: readonly string[];
  /** Variables that look like settings and are none, a sentence each. */
  misspelt: readonly string[];
  /** What keeps providers from being connected in full. */
  halves: readonly Half[];
  /** Undefined: the embedded development server. */
  temporal: { connection: NativeConnectionOptions; namespace: string } | undefined;
}

/**
 * The settings, from the environment: Baton's own and those of all providers. Throws one failure with all complaints; it names variables
 * and never shows what is in them.
 */
export function readSettings(environment: NodeJS.ProcessEnv, providers: readonly AnyProvider[]): Settings {
  const env = withoutEmpty(environment);
  const parsed = OwnEnvironment.safeParse(env);
  const temporal = readTemporal(env, providers);
  const oidc = parsed.success ? readOidc(parsed.data, parsed.data.BATON_PUBLIC_URL) : { found: undefined };
  const simulatable = providers.filter(({ simulated }) => simulated).map(({ name }) => name);
  const asked = env.BATON_SIMULATE?.split(',').map((name) => name.trim());
  const complaints = [
    ...complaintsOf(parsed),
    ...providers.flatMap(({ settings }) => complaintsOf(settings.safeParse(env))),
    ...(asked?.every((name) => name === 'all' || simulatable.includes(name)) === false
      ? [`BATON_SIMULATE is neither "all" nor a list of ${simulatable.join(', ')}`]
      : []),
    ...('complaint' in temporal ? [temporal.complaint] : []),
    ...('complaint' in oidc ? [oidc.complaint] : []),
  ];
  if (!parsed.success || 'complaint' in temporal || 'complaint' in oidc || complaints.length > 0)
    throw new CliFailure('The settings are not usable', {
      why: [...new Set(complaints)].map((complaint) => `- ${complaint}`).join('\n'),
      next: 'Correct these environment variables, or unset them for their defaults.',
      exit: exits.usage,
    });
  const { data } = parsed;
  const connectedBy = Object.keys(env)
    .filter((name) => providers.some((provider) => isMark(provider, name)))
    .sort();
  const simulated = simulatedOf(asked, providers, connectedBy);
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.BATON_DATA_DIR,
    publicUrl: data.BATON_PUBLIC_URL,
    commit: data.BATON_COMMIT,
    databaseUrl: data.DATABASE_URL,
    storeFsync: data.BATON_STORE_FSYNC === 'on',
    migrationDatabaseUrl: data.BATON_MIGRATION_DATABASE_URL,
    retentionDays: data.BATON_RETENTION_DAYS,
    headsDir: data.BATON_RECORD_HEADS_DIR,
    secretKey: data.BATON_SECRET_KEY,
    formerSecretKeys: data.BATON_FORMER_SECRET_KEYS,
    encryptPayloads: data.BATON_ENCRYPT_PAYLOADS === '1',
    workerVersions: data.BATON_WORKER_VERSIONS === '1',
    workersExpected: data.BATON_WORKERS_EXPECTED,
    responderRole: data.BATON_RESPONDER_ROLE,
    temporalUi: data.BATON_TEMPORAL_UI === '1',
    oidc: oidc.found,
    pagerDutySecrets: secretsIn(env.PAGERDUTY_WEBHOOK_SECRETS),
    jiraSecrets: secretsIn(env.JIRA_WEBHOOK_SECRETS),
    httpSource: {
      secrets: secretsIn(env.HTTP_WEBHOOK_SECRETS),
      tokens: secretsIn(env.HTTP_WEBHOOK_TOKENS),
      format: env.HTTP_WEBHOOK_FORMAT,
    },
    pullSeconds: data.BATON_PAGERDUTY_PULL,
    slackSigningSecret: env.SLACK_SIGNING_SECRET,
    slackAppToken: env.SLACK_APP_TOKEN,
    slackApiUrl: env.SLACK_API_URL,
    simulated,
    connectedBy,
    misspelt: misspeltSettings(env, providers),
    halves: providers
      .filter(({ name }) => !simulated.includes(name))
      .flatMap((provider) => halvesOf(provider, env)),
    temporal: temporal.found,
  };
}

const secretsIn = (list: string | undefined) => list?.split(',').map((secret) => secret.trim()) ?? [];

const complaintsOf = ({ error }: z.ZodSafeParseResult<unknown>): string[] =>
  error?.issues.map(({ path, message }) => `${String(path[0])} ${message}`) ?? [];

/** Whether the variable shows that the provider is in use. A name that is only like a setting's shows nothing. */
export const isMark = (provider: AnyProvider, name: string): boolean =>
  provider.marks?.test(name) ?? settingsOf(provider).includes(name);

/** What a provider that is in use lacks. */
function halvesOf(provider: AnyProvider, env: Record<string, string>): Half[] {
  if (!Object.keys(env).some((name) => isMark(provider, name))) return [];
  return (provider.needs ?? [])
    .filter(
      ({ oneOf, beside }) => (beside === undefined || beside in env) && !oneOf.some((name) => name in env),
    )
    .map(({ oneOf, by, else: consequence }) => ({
      words: `${provider.title} is connected in half: ${oneOf.join(' or ')} is not set, so ${consequence}`,
      by,
    }));
}

/** What a process misses: a server, a worker, or one that is both. */
export const halvesFor = ({ halves }: Pick<Settings, 'halves'>, process?: 'server' | 'worker'): string[] =>
  halves
    .filter(({ by }) => process === undefined || by === undefined || by === process)
    .map(({ words }) => words);

/** Nothing set at all: what a first start plays with is simulated. Something set: only what is asked for, so that nothing real is mixed up. */
function simulatedOf(
  asked: readonly string[] | undefined,
  providers: readonly AnyProvider[],
  connectedBy: readonly string[],
): readonly string[] {
  const isSimulated = ({ name, simulated }: AnyProvider) => {
    if (simulated === undefined) return false;
    if (asked) return asked.includes('all') || asked.includes(name);
    return simulated === 'at first' && connectedBy.length === 0;
  };
  return providers.filter(isSimulated).map(({ name }) => name);
}

/**
 * Temporal's own variables, read as all its tools read them. A configuration file counts only where a variable names it or a
 * profile: one that lies about in somebody's home must not lead a demonstration to a real cluster.
 */
function readTemporal(
  env: Record<string, string>,
  providers: readonly AnyProvider[],
): { found: Settings['temporal'] } | { complaint: string } {
  const isSet = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => name in env);
  if (!isSet) return { found: undefined };
  try {
    const disableFile = !('TEMPORAL_PROFILE' in env || 'TEMPORAL_CONFIG_FILE' in env);
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env, disableFile });
    return { found: { connection: connectionOptions, namespace: namespace ?? 'default' } };
  } catch (error) {
    return { complaint: `TEMPORAL_… : ${makeScrubber(secretsOf(env, providers))((error as Error).message)}` };
  }
}
