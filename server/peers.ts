import type { Socket } from 'node:net';

/**
 * Who is at the other end, as far as it can be known: the address of the connection. Headers that name another one can be written by
 * anybody. Whoever has one address of IPv6 has 2^64 of them, so the first half stands for all.
 */
export function peerOf({ remoteAddress = '' }: Socket): string {
  if (!remoteAddress.includes(':') || remoteAddress.startsWith('::')) return remoteAddress;
  return remoteAddress.split(':').slice(0, 4).join(':');
}

/** Something that a stranger holds here, and how much of it. */
export interface Held {
  peer: string;
  amount: number;
}

/**
 * Who gives way when there is no more room: of the peer that holds the most, the first in the list, which has held it longest. So whoever
 * sends what is expected and goes finds room, beside strangers and, behind a proxy whose address all share, among them: a real
 * request takes milliseconds, and what is held long is not one.
 */
export function whoGivesWay<Each extends Held>(held: Iterable<Each>): Each | undefined {
  const all = [...held].filter(({ amount }) => amount > 0);
  const sums = new Map<string, number>();
  for (const { peer, amount } of all) sums.set(peer, (sums.get(peer) ?? 0) + amount);
  const most = Math.max(...sums.values());
  return all.find(({ peer }) => sums.get(peer) === most);
}
