import { notConnected } from './failures.ts';
import { isDirect } from './no-proxy.ts';

/** As other tools read them: the lower-case name counts first, and what is said of https before what is said of all. */
const variables = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/**
 * The proxy by which `url` is to be reached, from `HTTPS_PROXY` or `ALL_PROXY`; undefined where there is none, or `NO_PROXY` names the
 * host. Plain http is spoken with this machine only, so it takes no proxy. Throws `NotConnected` where the proxy's address is none.
 */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): string | undefined {
  const variable = variables.find((name) => env[name]?.trim());
  const { protocol, hostname, port } = new URL(url);
  if (!variable || protocol !== 'https:') return undefined;
  if (isDirect(hostname, port || '443', env.no_proxy || env.NO_PROXY || '')) return undefined;
  return proxyAddress(variable, (env[variable] ?? '').trim());
}

/** Many write `proxy:3128`, and mean plain http. The value can hold a password, so a complaint does not show it. */
function proxyAddress(variable: string, value: string): string {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.parse(address);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (isHttp && isDecodable(url.username) && isDecodable(url.password)) return address;
  const form =
    'http://proxy.example:3128 (with a user: http://user:password@…, special characters percent-encoded)';
  throw notConnected('The network’s proxy', `${variable} to an address like ${form}`);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
