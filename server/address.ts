/** Whether an address leads to this machine, by its name or its number. */
export function isLoopback({ hostname }: URL): boolean {
  const isName = hostname === 'localhost' || hostname.endsWith('.localhost');
  return isName || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Whether what is sent there can be read by nobody on the way: it is https, or does not leave this machine. */
export const isPrivate = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));

/**
 * Where this machine reaches what listens at `host` and `port`. `0.0.0.0` and `::` mean every interface and are no place to go
 * to: the loopback address stands for them.
 */
export function addressOf(host: string, port: number): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
