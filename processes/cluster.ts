import type { Logger } from 'pino';
import { type Clients, connectClients, environmentConnections } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import { createLog } from '../log/log.ts';
import { type Authority, authorityOf } from '../secrets/authority.ts';
import type { PayloadKeys } from '../secrets/payload-codec.ts';
import { learningScrubber } from '../secrets/scrub.ts';
import type { Store } from '../store/store.ts';
import { CliFailure, exits } from './failure.ts';
import { secretsOf } from './masking.ts';
import { missingSecretKey, payloadKeysOf, secretKeyOf } from './secret-key.ts';
import { halvesFor, readSettings, type Settings } from './settings.ts';
import type { Wiring } from './wiring.ts';

/** What `server` and `worker` have in common: they share a database and a Temporal cluster with others, and log to stderr. */
export interface ClusterProcess {
  settings: Settings;
  temporal: NonNullable<Settings['temporal']>;
  providers: readonly AnyProvider[];
  secretKey: string;
  payloadKeys: PayloadKeys;
  scrub: (text: string) => string;
  /** Tells `scrub` of more secrets. */
  learn: (secrets: readonly string[]) => void;
  log: Logger;
  authority: Authority;
  /** The connections that the environment's variables define. */
  clients: Clients;
  /** What keeps providers from being connected in full, for this process. */
  halves: string[];
}

/** Said once at a start: what guards the record guards it only from a role that does not own the tables. */
export async function warnOfOwner(store: Pick<Store, 'ownsTables'>, log: Logger): Promise<void> {
  if (await store.ownsTables())
    log.warn(
      'The role of DATABASE_URL owns the tables, so whoever has it can rewrite the record. Run `baton migrate` with another owner in ' +
        'BATON_MIGRATION_DATABASE_URL (docs/operating.md, "Who owns the tables")',
    );
}

/** Throws `CliFailure` where a setting is missing that only `start` can do without. */
export async function prepareCluster(
  { env, loadProviders }: Wiring,
  process: 'server' | 'worker',
): Promise<ClusterProcess> {
  const providers = await loadProviders();
  const settings = readSettings(env, providers);
  const missing = [
    ...(settings.databaseUrl === undefined ? ['DATABASE_URL: the PostgreSQL that all processes share'] : []),
    ...(settings.temporal === undefined ? ['TEMPORAL_ADDRESS: the Temporal cluster'] : []),
    ...(settings.secretKey === undefined ? [missingSecretKey] : []),
  ];
  const { temporal } = settings;
  if (missing.length > 0 || temporal === undefined)
    throw new CliFailure('This process shares its work with others, and has no place to', {
      why: ['Not set:', ...missing.map((line) => `- ${line}`)].join('\n'),
      next: 'Set them, or run baton start, which has both embedded.',
      exit: exits.usage,
    });
  if (env.BATON_SIMULATE)
    throw new CliFailure('Only baton start simulates providers', {
      next: 'Unset BATON_SIMULATE, or run baton start.',
      exit: exits.usage,
    });
  const secretKey = secretKeyOf(settings);
  const payloadKeys = payloadKeysOf(secretKey, settings);
  const authority = authorityOf(secretKey);
  const { scrub, learn } = learningScrubber(secretsOf(env, providers));
  const log = createLog(scrub);
  const halves = halvesFor(settings, process);
  for (const words of [...settings.misspelt, ...halves]) log.warn(words);
  const clients = connectClients(providers, environmentConnections(env), env);
  return {
    settings,
    temporal,
    providers,
    secretKey,
    payloadKeys,
    scrub,
    learn,
    log,
    authority,
    clients,
    halves,
  };
}
