import { nearestOf } from '../domain/nearest.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { readSettings } from '../processes/settings.ts';
import type { Wiring } from '../processes/wiring.ts';
import { addressOf } from '../server/address.ts';
import { exampleOf, exampleTypes, type Raw } from './examples/events.ts';

interface Request {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** An example of this type; where there is none, a failure names all that there are. */
export function findExample(type: string) {
  const found = exampleOf(type, new Date());
  if (found) return found;
  const meant = nearestOf(type, exampleTypes);
  throw new CliFailure(`There is no event of the type ${type}`, {
    ...(meant === undefined ? {} : { why: `Did you mean ${meant}?` }),
    next: `There are:\n${exampleTypes.map((each) => `  ${each}`).join('\n')}`,
    exit: exits.notFound,
  });
}

/** The request by which the event would come to the Baton of these settings, signed with its own secret. */
export async function requestOf(
  type: string,
  raw: Raw | undefined,
  { env, loadProviders }: Wiring,
): Promise<Request> {
  if (!raw)
    throw new CliFailure(`Nobody sends ${type}: Baton makes it itself`, {
      next: 'Leave --webhook out to see the event.',
      exit: exits.usage,
    });
  const { host, port, publicUrl } = readSettings(env, await loadProviders());
  const secret = env[raw.setting]?.split(',')[0]?.trim();
  if (!secret)
    throw new CliFailure(`${raw.setting} is not set, so there is nothing to sign it with`, {
      exit: exits.usage,
    });
  const address = publicUrl ?? addressOf(host, port ?? 8080);
  return {
    url: `${address.replace(/\/+$/, '')}${raw.path}`,
    headers: raw.headers(secret),
    body: raw.body,
  };
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a command of a shell. */
export const curlOf = ({ url, headers, body }: Request): string =>
  [
    `curl -sS ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    `--data-binary ${quoted(body)}`,
  ].join(' ');
