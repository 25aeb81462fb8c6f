const longest = 255;

/**
 * A dedup key out of its parts, at most 255 characters as PagerDuty allows
 * (https://developer.pagerduty.com/docs/send-alert-event): the tail of a longer one becomes its hash. Equal parts give
 * equal keys.
 */
export function keyOf(...parts: string[]): string {
  const key = parts.map((part) => part.replaceAll('/', '%2F')).join('/');
  if (key.length <= longest) return key;
  return `${key.slice(0, longest - 17)}~${hash(key)}`;
}

/** FNV-1a, 64 bits: to tell keys apart, not to protect anything. The sandbox has no crypto. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    value ^= BigInt(text.charCodeAt(index));
    value = BigInt.asUintN(64, value * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, '0');
}
