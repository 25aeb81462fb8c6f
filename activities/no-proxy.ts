import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether a host is reached without a proxy. Each entry of `list` (`NO_PROXY`), between commas or spaces, is `*`, a name with all below it
 * (`example.com`, `.example.com`, `*.example.com`), a pattern (`10.*`), an address or a network (`10.0.0.0/8`), with a port or without.
 * This machine is never reached by a proxy.
 */
export function isDirect(hostname: string, port: string, list: string): boolean {
  const host = withoutDot(withoutBrackets(hostname.toLowerCase()));
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (isIP(host) !== 0 && loopback.check(host, familyOf(host))) return true;
  const entries = list
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
  return entries.some((entry) => isMeant(entry, host, port));
}

const withoutBrackets = (host: string) => (host.startsWith('[') ? host.slice(1, -1) : host);
const withoutDot = (host: string) => (host.endsWith('.') ? host.slice(0, -1) : host);

function isMeant(entry: string, host: string, port: string): boolean {
  const { name, bits, entryPort } = readEntry(entry);
  if (entryPort !== undefined && Number(entryPort) !== Number(port)) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && isWithin(name, bits, host);
  // A network of something that is no address.
  if (bits !== undefined) return false;
  const wanted = domainToASCII(name) || name;
  // All below a name are meant, and the name itself.
  const parent = wanted.replace(/^\*?\./, '');
  if (parent.includes('*')) return isLike(parent, host);
  return host === parent || (isIP(host) === 0 && host.endsWith(`.${parent}`));
}

/** An address of IPv6 without brackets has colons of its own, and so no port. */
function readEntry(entry: string): {
  name: string;
  bits?: string | undefined;
  entryPort?: string | undefined;
} {
  const plain = entry.replace(/^[a-z]{1,10}:\/\//, '').replace(/\/$/, '');
  const [, address, network] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/.exec(plain) ?? [];
  if (address !== undefined && isIP(address) === 6) return { name: address, bits: network };
  const [, bracketed, other = plain, bits, entryPort] =
    /^(?:\[([^\]]*)\]|([^:/]*))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/.exec(plain) ?? [];
  return { name: bracketed ?? withoutDot(other), bits, entryPort };
}

/** Compared as numbers: an address of IPv6 has many forms, and one of IPv4 can be written as one of IPv6. */
function isWithin(address: string, bits: string | undefined, host: string): boolean {
  const family = familyOf(address);
  const most = family === 'ipv6' ? 128 : 32;
  const length = bits === undefined ? most : Number(bits);
  if (length > most) return false;
  const list = new BlockList();
  list.addSubnet(address, length, family);
  return list.check(host, familyOf(host));
}

/** `*` stands for any characters. */
function isLike(pattern: string, host: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop() ?? '';
  if (!host.startsWith(first) || !host.endsWith(last) || host.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of others) {
    const found = host.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= host.length - last.length;
}
