import { z } from 'zod';

/** Whether an address leads to this machine, by its name or its number. */
function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/** Whether a token may be sent there: it is https, or plain http on this machine alone, for a simulator or a proxy beside us. */
export function isSafeAddress(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url));
}

/** What an address of a provider has to be. */
export const safeAddress = 'an https:// address (plain http:// is taken on this machine only)';

/** A setting that holds a provider's address. */
export const addressSetting = z.string().refine(isSafeAddress, `is not ${safeAddress}`);

/** An address to which a path is added. A loop, for an expression would look at each slash of a long row anew. */
export function withoutSlashAtEnd(address: string): string {
  let end = address.length;
  while (address[end - 1] === '/') end -= 1;
  return address.slice(0, end);
}
