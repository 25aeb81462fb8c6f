import { BlockList, isIP } from 'node:net';

/** The proxy's variables (`HTTPS_PROXY`, `NO_PROXY`) as other tools read them; the lower-case name counts first. */
const variable = (env: NodeJS.ProcessEnv, name: string) => env[name.toLowerCase()] || env[name] || undefined;

/** The two variables of Node's own agents, for SDKs that take one. */
export const proxyVariables = (env: NodeJS.ProcessEnv) => ({
  HTTPS_PROXY: variable(env, 'HTTPS_PROXY'),
  NO_PROXY: variable(env, 'NO_PROXY'),
});

/**
 * The proxy by which `url` is to be reached, from `HTTPS_PROXY` and `NO_PROXY`; undefined where there is none. Plain http is
 * spoken with this machine only, so it takes no proxy. `NO_PROXY` lists hosts (with all below them), addresses, networks
 * such as `10.0.0.0/8`, each with a port or without, or `*`.
 */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): string | undefined {
  const proxy = variable(env, 'HTTPS_PROXY');
  const { protocol, hostname, port } = new URL(url);
  if (!proxy || protocol !== 'https:') return undefined;
  const entries = (variable(env, 'NO_PROXY') ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const host = hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return entries.some((entry) => isMeant(entry, host, port || '443')) ? undefined : proxy;
}

function isMeant(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isWithin(entry, host);
  const [, bracketed, plain = entry, entryPort] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const wanted = (bracketed ?? plain).replace(/^\*?\./, '');
  return host === wanted || (isIP(wanted) === 0 && host.endsWith(`.${wanted}`));
}

function isWithin(network: string, host: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || isIP(host) !== isIP(address) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
