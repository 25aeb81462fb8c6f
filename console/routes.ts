/** The addresses of the console. What they hold is what another person is to see who is sent one. */

export type PageName =
  | 'incidents'
  | 'incident'
  | 'runs'
  | 'run'
  | 'approvals'
  | 'triggers'
  | 'trigger'
  | 'events'
  | 'event'
  | 'connections'
  | 'record'
  | 'changes'
  | 'numbers'
  | 'people'
  | 'simulator'
  | 'sign-in'
  | 'nowhere';

export interface Route {
  page: PageName;
  /** The id or the name that the address holds. */
  id?: string;
}

/** A pattern ends in `*` where the id may hold slashes, in `:` where it is one part. */
const patterns: readonly [string, PageName][] = [
  ['/', 'incidents'],
  ['/incidents', 'incidents'],
  ['/incidents/*', 'incident'],
  ['/runs', 'runs'],
  ['/runs/*', 'run'],
  ['/workers/:', 'runs'],
  ['/approvals', 'approvals'],
  ['/approvals/*', 'approvals'],
  ['/triggers', 'triggers'],
  ['/triggers/:', 'trigger'],
  ['/events', 'events'],
  ['/events/*', 'event'],
  ['/connections', 'connections'],
  ['/connections/*', 'connections'],
  ['/record', 'record'],
  ['/changes', 'changes'],
  ['/numbers', 'numbers'],
  ['/people', 'people'],
  ['/tokens', 'people'],
  ['/simulator', 'simulator'],
  ['/sign-in', 'sign-in'],
  ['/sign-in/link', 'sign-in'],
];

export function routeOf(path: string): Route {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') : path;
  for (const [pattern, page] of patterns) {
    const kind = pattern.at(-1);
    if (kind !== '*' && kind !== ':') {
      if (pattern === plain) return { page };
      continue;
    }
    const start = pattern.slice(0, -1);
    const rest = plain.startsWith(start) ? plain.slice(start.length) : '';
    if (rest === '' || (kind === ':' && rest.includes('/'))) continue;
    const id = decoded(rest);
    if (id !== undefined) return { page, id };
  }
  return { page: 'nowhere' };
}

function decoded(text: string): string | undefined {
  try {
    return text.split('/').map(decodeURIComponent).join('/');
  } catch {
    return undefined;
  }
}

/** Ids hold slashes, which stay; all else that an address gives a meaning to is encoded. */
export const inPath = (id: string): string => id.split('/').map(encodeURIComponent).join('/');

type Query = Readonly<Record<string, string | number | undefined>>;

/** An address with a query; what is undefined or empty is left out. */
export function address(path: string, query: Query = {}): string {
  const set = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)] as [string, string]],
  );
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
}

export const incidentPath = (id: string, query?: Query) => address(`/incidents/${inPath(id)}`, query);
export const runPath = (id: string, query?: Query) => address(`/runs/${inPath(id)}`, query);
export const approvalPath = (id: string, query?: Query) => address(`/approvals/${inPath(id)}`, query);
export const triggerPath = (name: string, query?: Query) => address(`/triggers/${inPath(name)}`, query);
export const eventPath = (id: string | number) => `/events/${inPath(String(id))}`;
