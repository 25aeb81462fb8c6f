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

/** What a file such as a kubeconfig calls its secrets, in YAML or in JSON. */
const fileSecret =
  /\b(?:token|password|client-key-data)["']?[ \t]*:[ \t]*(?:[>|][+-]?\s+)?["']?([^\s"',}]+)/g;

/**
 * What is to be looked for of a secret's value, so that it is found wherever it is written: the value, the parts of a list, the password of
 * an address. Of a file that names its secrets those alone: nobody writes such a file in one piece, and a pattern of all of it is slow.
 */
export function soughtOf(value: string): string[] {
  const inFile = /\n|^\s*\{/.test(value)
    ? [...value.matchAll(fileSecret)].map(([, found = '']) => found)
    : [];
  const parts = inFile.length > 0 ? inFile : [value, ...value.split(',')];
  return [...parts, ...passwordsOf(value)].map((part) => part.trim());
}
