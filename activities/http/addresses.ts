import { BlockList, isIP } from 'node:net';

/**
 * IPv4: what is not for the public internet, by IANA's special-purpose registry
 * (https://www.iana.org/assignments/iana-ipv4-special-registry), and addresses at which clouds tell a machine its secrets.
 */
const closedV4 = listOf('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's own, though it is a public number.
  '168.63.129.16/32',
]);

/** IPv6: only what is given out to networks. Mapped IPv4, NAT64, local, link-local and multicast addresses lie outside. */
const openV6 = listOf('ipv6', ['2000::/3']);

/** Within that: protocol assignments with Teredo, documentation, and 6to4, which carries any IPv4 address. */
const closedV6 = listOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Whether an address, without brackets, is one of the public internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !closedV4.check(address, 'ipv4');
  return isIP(address) === 6 && openV6.check(address, 'ipv6') && !closedV6.check(address, 'ipv6');
}

function listOf(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
