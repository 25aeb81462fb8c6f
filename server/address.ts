/**
 * Where this machine reaches what listens at `host` and `port`. `0.0.0.0` and `::` mean every interface and are no place to go
 * to: the loopback address stands for them.
 */
export function addressOf(host: string, port: number): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
