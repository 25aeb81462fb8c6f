import type { LookupAddress } from 'node:dns';
import { lookup as lookUpName } from 'node:dns/promises';
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { invalidInput } from '../failures.ts';
import { isPublic } from './addresses.ts';
import { type AllowedHosts, hostOf, isNamed, isWithin } from './allowed.ts';

/** All addresses of a name. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

export const systemLookup: Lookup = (name) => lookUpName(name, { all: true });

/** An address that the connection does not allow. Nothing was dialled. */
export class NotAllowed extends Error {}

type Target = Pick<URL, 'protocol' | 'hostname' | 'port'>;

/**
 * The address that is asked for, read as a URL. Throws `InvalidInput` unless it is http or https without user and password, which would
 * stand in the run's history. Where it leads to is checked when it is dialled.
 */
export function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw invalidInput('HTTP', 'the url must be an http:// or https:// address');
  if (url.username !== '' || url.password !== '')
    throw invalidInput(
      'HTTP',
      'the url must hold no user and no password; they belong to the connection’s settings',
    );
  return url;
}

/**
 * The addresses to dial for a target, each of which is allowed. Those of the public internet are, by https; whatever
 * `HTTP_ALLOWED_HOSTS` names is, by http too. A name that leads to one address that is not allowed is not dialled at all, since whoever
 * owns the name chooses what it leads to. Throws `NotAllowed`.
 */
export async function addressesFor(
  target: Target,
  allowed: AllowedHosts,
  lookup: Lookup,
): Promise<LookupAddress[]> {
  const host = hostOf(target).replace(/^\[(.*)\]$/, '$1');
  const version = isIP(host);
  const addresses = version === 0 ? [...(await lookup(host))] : [{ address: host, family: version }];
  if (isNamed(allowed, target)) return addresses;
  const isInside = ({ address }: LookupAddress) => isWithin(allowed, address);
  if (target.protocol !== 'https:' && !(addresses.length > 0 && addresses.every(isInside)))
    throw new NotAllowed(
      `plain http to ${host} is not allowed; use https, or name the host in HTTP_ALLOWED_HOSTS`,
    );
  if (!addresses.every((each) => isInside(each) || isPublic(each.address)))
    throw new NotAllowed(
      `${host} is not an address of the public internet; name it in HTTP_ALLOWED_HOSTS to allow it`,
    );
  return addresses;
}

/**
 * Dials for undici: the very addresses that were checked, so that a name cannot lead elsewhere in between. Literals come through here
 * as well, which a check in a `lookup` alone would miss.
 */
export function guardedConnector(
  allowed: AllowedHosts,
  lookup: Lookup,
  timeout: number,
): buildConnector.connector {
  return (options, callback) => {
    addressesFor(options, allowed, lookup).then(
      (addresses) => {
        const dial = buildConnector({ timeout, allowH2: false, lookup: answering(addresses) });
        dial(options, callback);
      },
      (error: Error) => callback(error, null),
    );
  };
}

/** A `lookup` as sockets take it, that knows one answer. */
function answering(addresses: readonly LookupAddress[]) {
  return (_name: string, { all }: { all?: boolean | undefined }, done: (...answer: never[]) => void) => {
    const [first] = addresses;
    const answer = done as (error: Error | null, address?: unknown, family?: number) => void;
    if (!first) answer(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }));
    else if (all) answer(null, [...addresses]);
    else answer(null, first.address, first.family);
  };
}
