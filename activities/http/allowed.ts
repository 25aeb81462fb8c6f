import { BlockList, isIP } from 'node:net';

/** What the connection allows besides public addresses by https. */
export interface AllowedHosts {
  /** `host`, or `host:port`, in small letters and as URLs write them. */
  names: ReadonlySet<string>;
  networks: BlockList;
}

/**
 * Reads `HTTP_ALLOWED_HOSTS`: between commas a name (`ci.internal`), a name or an address with a port (`10.1.2.3:8080`, `[fd00::1]:80`), or a
 * network (`10.0.0.0/8`). Undefined where an entry is none of these.
 */
export function readAllowedHosts(list: string): AllowedHosts | undefined {
  const names = new Set<string>();
  const networks = new BlockList();
  for (const entry of list.split(',').flatMap((each) => each.trim() || [])) {
    if (entry.includes('/')) {
      if (!addNetwork(networks, entry)) return undefined;
      continue;
    }
    const name = nameOf(entry);
    if (name === undefined) return undefined;
    names.add(name);
  }
  return { names, networks };
}

function addNetwork(networks: BlockList, entry: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(entry) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) return false;
  networks.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return true;
}

/** As a URL would write it, so that the two can be compared. */
function nameOf(entry: string): string | undefined {
  const [, host = '', port] = /^(\[[0-9a-f:.]+\]|[^:[\]@?#\\\s]+)(?::(\d{1,5}))?$/i.exec(entry) ?? [];
  const written = URL.parse(`http://${host}/`);
  // A pattern is none: what is allowed is named.
  if (!written || !/^(\[.*\]|[a-z0-9._-]+)$/.test(written.hostname) || Number(port ?? 1) > 65_535)
    return undefined;
  return port === undefined ? hostOf(written) : `${hostOf(written)}:${Number(port)}`;
}

/** The host as a URL writes it, without the dot that may end a name. undici takes the brackets off an address of IPv6. */
export function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return isIP(host) === 6 ? `[${host}]` : host;
}

export const portOf = ({ protocol, port }: Pick<URL, 'protocol' | 'port'>): string =>
  port || (protocol === 'https:' ? '443' : '80');

/** Whether the connection names the host itself, with this port or with any. */
export function isNamed({ names }: AllowedHosts, url: Pick<URL, 'protocol' | 'hostname' | 'port'>): boolean {
  const host = hostOf(url);
  return names.has(host) || names.has(`${host}:${portOf(url)}`);
}

export const isWithin = ({ networks }: AllowedHosts, address: string): boolean =>
  networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
