import { type AnyProvider, settingsOf, withoutEmpty } from '../activities/provider.ts';
import { passwordsOf, soughtOf } from '../secrets/passwords.ts';
import { settingPrefixes } from './misspelt.ts';
import { ownSettings, readByLibraries } from './own-settings.ts';

/** Secrets that no provider declares: Baton's own, and Temporal's. */
const ownSecrets = [
  'BATON_SECRET_KEY',
  'BATON_FORMER_SECRET_KEYS',
  'BATON_OIDC_CLIENT_SECRET',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_CODEC_AUTH',
  'TEMPORAL_GRPC_META_AUTHORIZATION',
];

/** What Temporal's library reads and may be shown as it is. */
const harmlessOfTemporal = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
];

const secretNames = (providers: readonly AnyProvider[]): string[] => [
  ...ownSecrets,
  ...providers.flatMap(({ secrets }) => [...secrets]),
];

/** What `baton config` may show as it is. Whatever is not listed here is masked, also what nobody knows yet. */
function harmlessNames(providers: readonly AnyProvider[]): Set<string> {
  const declared = [...ownSettings, ...harmlessOfTemporal, ...providers.flatMap(settingsOf)];
  const secret = secretNames(providers);
  return new Set(declared.filter((name) => !secret.includes(name)));
}

/** Shorter ones would be found in ordinary words. */
const shortestSecret = 4;

/** Variables of others that look secret by their names count too, where the value is no ordinary word either. */
const secretLooks = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE_KEY|API_?KEY|ACCESS_KEY$|GRPC_META/;
const isFile = /_(FILE|PATH|DIR|URI|URL)$/;
const shortestUnknownSecret = 12;

/** The values that must not appear anywhere: what the scrubber looks for. Of a list, the whole and each part. */
export function secretsOf(environment: NodeJS.ProcessEnv, providers: readonly AnyProvider[]): string[] {
  const env = withoutEmpty(environment);
  const secret = secretNames(providers);
  const harmless = harmlessNames(providers);
  const named = secret.flatMap((name) => soughtOf(env[name] ?? ''));
  const passwords = Object.values(env).flatMap(passwordsOf);
  const unknown = Object.entries(env)
    .filter(([name]) => !secret.includes(name) && !harmless.has(name))
    .filter(([name]) => secretLooks.test(name) && !isFile.test(name))
    .map(([, value]) => value.trim())
    .filter((value) => value.length >= shortestUnknownSecret);
  return [...new Set([...named, ...passwords, ...unknown])].filter((value) => value.length >= shortestSecret);
}

const dots = '••••••••';

/** A variable as it may be shown: as dots, unless it is known to be harmless; of an address never password and parameters. */
export function masked(name: string, value: string, providers: readonly AnyProvider[]): string {
  if (!harmlessNames(providers).has(name)) return dots;
  if (!/:\/\/|@.*[:/]/.test(value)) return value;
  const parts =
    /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/@\s:]*)(:[^/\s]*)?@)?([^/@?#\s]*)(\/[^?#\s]*)?([?#].*)?$/i.exec(value);
  if (!parts || parts[5]?.includes('@')) return dots;
  const [, scheme = '', user, password, host = '', path = '', parameters] = parts;
  // Without a password the name may be the secret: a token in front of the host.
  const isName = password !== undefined || name === 'DATABASE_URL';
  const who = user === undefined ? '' : `${isName ? user : dots}${password === undefined ? '' : `:${dots}`}@`;
  return `${scheme}${who}${host}${path}${parameters === undefined ? '' : `${parameters[0]}${dots}`}`;
}

/** Every variable that Baton or its libraries read, or that looks like one of them, and that is set; only what is known to be harmless with its value. */
export function shownSettings(
  environment: NodeJS.ProcessEnv,
  providers: readonly AnyProvider[],
): Record<string, string> {
  const prefixes = settingPrefixes(providers);
  const known = new Set([...ownSettings, ...providers.flatMap(settingsOf)]);
  const names = Object.keys(withoutEmpty(environment)).filter(
    (name) =>
      known.has(name) ||
      readByLibraries.test(name) ||
      prefixes.some((prefix) => name.toUpperCase().startsWith(prefix)),
  );
  const shown = names.sort().map((name) => [name, masked(name, environment[name] ?? '', providers)]);
  return Object.fromEntries(shown);
}
