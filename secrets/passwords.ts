/** The password of an address, in front of its host or among its parameters, as it stands there and decoded. */
export function passwordsOf(value: string): string[] {
  const front = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^@\s]+)@/i.exec(value)?.[1];
  const parameters = /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    ? [...value.matchAll(/[?&][^=&#\s]*(?:password|token|secret|key)[^=&#\s]*=([^&#\s]+)/gi)].map(
        ([, found]) => found,
      )
    : [];
  return [front, ...parameters].flatMap((raw) => {
    if (raw === undefined) return [];
    try {
      return [raw, decodeURIComponent(raw)];
    } catch {
      return [raw];
    }
  });
}
