import { notConnected } from './failures.ts';

/** Whether an address leads to this machine, by its name or its number. */
function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/**
 * The address of a provider, as `variable` holds it. Tokens go there, so it is https; plain http is taken on this machine alone, for a
 * simulator or a proxy beside us. Throws `NotConnected`, which names the variable and not what is in it.
 */
export function providerAddress(provider: string, variable: string, value: string): string {
  const url = URL.parse(value);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw notConnected(provider, variable);
  if (url.protocol === 'https:' || isLoopback(url)) return value;
  const wanted = 'an https:// address (plain http:// is taken on this machine only)';
  throw notConnected(provider, `${variable} to ${wanted}`);
}

/** An address to which a path is added. A loop, for an expression would look at each slash of a long row anew. */
export function withoutSlashAtEnd(address: string): string {
  let end = address.length;
  while (address[end - 1] === '/') end -= 1;
  return address.slice(0, end);
}
