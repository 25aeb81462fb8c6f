import { isOverAlert, isOverField, partsOf } from './alert-over.ts';

/** The labels or fields of one firing alert, flat. Names are in lower case, without dots, hyphens and underscores. */
export type Labels = Readonly<Record<string, string>>;

/** One group of alerts can be hundreds; nobody looks into more. */
const maxAlerts = 50;
const maxDepth = 5;
const maxFields = 500;

/** Where Alertmanager and its like put several alerts into one. */
const groups = new Set(['firing', 'firingjson', 'firingalerts', 'alerts']);
/** They say where labels are, and are no part of a label's name. */
const wrappers = new Set([
  'labels',
  'commonlabels',
  'grouplabels',
  'tags',
  'details',
  'customdetails',
  'attributes',
  'dimensions',
  'fields',
  'data',
  'event',
  'entity',
  'resource',
  'alert',
  'text',
  'list',
]);

/** `kube_namespace`, `namespaceName` and `k8s.namespace.name` differ in more than their marks; `exported-pod` and `exported_pod` do not. */
export const plainName = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * What a monitor says in the details of an alert, as sets of labels: one set for each alert that fires, and those of resolved
 * ones left out. Read are objects, lists of `{ name, value }`, tags (`a:b,c:d`), Alertmanager's text (`Labels:`, ` - a = b`)
 * and JSON in a text. What all alerts of a group share is in each set.
 */
export function labelSetsOf(details: unknown): Labels[] {
  const shared = new Map<string, string>();
  const sets: Map<string, string>[] = [];
  readInto(unfold(details), [], shared, sets);
  if (sets.length === 0) return shared.size === 0 ? [] : [Object.fromEntries(shared)];
  return sets.slice(0, maxAlerts).map((set) => Object.fromEntries([...shared, ...set]));
}

type Sets = Map<string, string>[];

function readInto(value: unknown, path: readonly string[], into: Map<string, string>, sets: Sets): void {
  if (path.length > maxDepth || into.size > maxFields) return;
  if (typeof value === 'string') readText(value, path, into, sets);
  else if (typeof value === 'number' || typeof value === 'boolean') keep(into, path.join(''), String(value));
  else if (Array.isArray(value)) readList(value, path, into, sets);
  else if (isObject(value)) readObject(value, path, into, sets);
}

function readObject(value: Fields, path: readonly string[], into: Map<string, string>, sets: Sets): void {
  // What stands nearer to the root is said of the alert itself, so it comes first and stays.
  const entries = Object.entries(value)
    .slice(0, maxFields)
    .map(([name, each]) => [plainName(name), unfold(each)] as const);
  const deep = (each: unknown) => Number(typeof each === 'object' && each !== null);
  for (const [name, each] of entries.toSorted(([, one], [, other]) => deep(one) - deep(other))) {
    if (isOverField(name)) continue;
    if (groups.has(name) && readGroup(each, sets)) continue;
    readInto(each, wrappers.has(name) ? path : [...path, name], into, sets);
  }
}

/** Several alerts. False where it is none: `firing: true` is a field. */
function readGroup(value: unknown, sets: Sets): boolean {
  if (typeof value === 'string') return readAlertText(value, sets);
  const all = Array.isArray(value) ? value : [value];
  const alerts = all.map(unfold).filter((each) => isObject(each) || typeof each === 'string');
  if (alerts.length === 0) return Array.isArray(value);
  for (const alert of alerts.slice(0, maxAlerts)) {
    if (isObject(alert) && isOverAlert(alert)) continue;
    if (typeof alert === 'string' && readAlertText(alert, sets)) continue;
    const set = new Map<string, string>();
    readInto(alert, [], set, sets);
    sets.push(set);
  }
  return true;
}

function readList(list: readonly unknown[], path: readonly string[], into: Map<string, string>, sets: Sets) {
  for (const item of list.slice(0, maxFields)) {
    const each = unfold(item);
    if (typeof each === 'string') readPairs(each, into);
    if (!isObject(each)) continue;
    const name = [each.name, each.key, each.title, each.label].find((said) => typeof said === 'string');
    if (typeof name === 'string' && 'value' in each)
      readInto(
        unfold(each.value),
        wrappers.has(plainName(name)) ? path : [...path, plainName(name)],
        into,
        sets,
      );
    else if (isObject(each.labels)) readGroup([each], sets);
    else readInto(each, path, into, sets);
  }
}

/** The value of a field, and what it tells of others where it is a list of tags or lines. */
function readText(text: string, path: readonly string[], into: Map<string, string>, sets: Sets): void {
  if (readAlertText(text, sets)) return;
  const name = path.join('');
  keep(into, name || 'text', text);
  // A long prose has colons too; names that no label has do no harm.
  if (name === '' || name.endsWith('tags') || name.endsWith('labels')) readPairs(text, into);
}

/** Alertmanager's own template: `Labels:`, a line for each, `Annotations:`, a line for each, `Source:`. */
function readAlertText(text: string, sets: Sets): boolean {
  let set: Map<string, string> | undefined;
  let found = false;
  for (const line of partsOf(text).firing.split('\n')) {
    const plain = line.trim();
    if (/^labels:?$/i.test(plain)) {
      found = true;
      if (sets.length >= maxAlerts) break;
      set = new Map();
      sets.push(set);
    } else if (set && plain.startsWith('-')) {
      const pair = plain.slice(1).split(' = ');
      if (pair.length > 1) keep(set, plainName(pair[0] ?? ''), pair.slice(1).join(' = '));
    }
  }
  return found;
}

function readPairs(text: string, into: Map<string, string>): void {
  for (const part of text.split(/[,\n;]/).slice(0, maxFields)) {
    const at = part.search(/[:=]/);
    const name = at < 0 ? '' : plainName(part.slice(0, at));
    if (name !== '' && name.length <= 64) keep(into, name, part.slice(at + 1));
  }
}

/** The first that says it is believed. */
function keep(into: Map<string, string>, name: string, value: string): void {
  const text = value.trim().replace(/^["']|["']$/g, '');
  if (name !== '' && text !== '' && !into.has(name)) into.set(name, text);
}

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON in a text is read as what it says. */
function unfold(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
