/**
 * The seconds that an answer asks us to wait: `Retry-After` as a number or a date (RFC 9110 §10.2.3), else the time at which a
 * limit that is used up begins anew (`X-RateLimit-Reset` as Jira sends it, a date). Undefined where it asks for nothing.
 */
export function retryAfterSeconds(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  return secondsIn(headers['retry-after']) ?? secondsUntil(headers['x-ratelimit-reset']);
}

/** A number of seconds, or a date. */
function secondsIn(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(seconds) ? seconds : secondsUntil(text);
}

/** Only a date: as a plain number the header is seconds for some and a time for others. */
function secondsUntil(header: string | undefined): number | undefined {
  if (header === undefined || !/\d:\d/.test(header)) return undefined;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
