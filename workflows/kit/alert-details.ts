import { isOverAlert, isOverField, unfold } from './alert-over.ts';
import {
  bare,
  isSubject,
  type LabelBlock,
  labelBlocksOf,
  labelName,
  pairBlocksOf,
  pairsOf,
} from './label-texts.ts';

/**
 * The labels or fields of one firing alert, flat. Names are in lower case, without dots, hyphens and underscores. Under each name
 * stands all that was said of it, the nearest to the alert first. What was said at once can be a list.
 */
export type Labels = Readonly<Record<string, readonly (readonly string[])[]>>;

/** One group of alerts can be hundreds; nobody looks into more. */
const maxAlerts = 50;
const maxDepth = 12;
const maxFields = 500;

/** Where Alertmanager, Grafana and their like put several alerts into one. */
const groups = new Set(['firing', 'firingjson', 'firingalerts', 'alerts', 'evalmatches']);
/** A list of what has one of these is a list of objects. */
const ofObjects = ['labels', 'namespace', 'involvedobject', 'regarding', 'object'];
/** Texts in these fields are lists of labels. */
const holdsLabels =
  /^$|(?:tags?|labels?|dimensions?|text|details|fields|attributes|scope|list|metric|firing|alerts)$/;

/** What the details of an alert tell, as sets of labels. */
export interface LabelSets {
  /** One for each alert that fires, with what all alerts of a group share. */
  alerts: Labels[];
  /** One for each object in a list beside them: it may be what the alert is about, or a mention. */
  objects: Labels[];
}

/**
 * What a monitor says in the details of an alert; what is over is left out. Read are objects, lists of `{ name, value }`, tags
 * (`a:b,c:d`), Alertmanager's text (`Labels:`, ` - a = b`) and JSON in a text.
 */
export function labelSetsOf(details: unknown): LabelSets {
  const shared: LabelSet = new Map();
  const sets: Sets = { alerts: [], objects: [] };
  readInto(unfold(details), [], shared, sets);
  const withShared = (set: LabelSet) => {
    const both: LabelSet = new Map(set);
    for (const [name, said] of shared) both.set(name, [...(set.get(name) ?? []), ...said]);
    return Object.fromEntries(both);
  };
  const alerts = sets.alerts.length > 0 || shared.size === 0 ? sets.alerts : [new Map()];
  return {
    alerts: alerts.slice(0, maxAlerts).map(withShared),
    objects: sets.objects.slice(0, maxAlerts).map(withShared),
  };
}

type Sets = Record<keyof LabelSets, LabelSet[]>;
type LabelSet = Map<string, string[][]>;
/** The names down to a value. Those that are no part of its label are empty. */
type Path = readonly string[];

function readInto(value: unknown, path: Path, into: LabelSet, sets: Sets): void {
  if (path.length > maxDepth || into.size > maxFields) return;
  if (typeof value === 'string') readText(value, path, into, sets);
  else if (typeof value === 'number' || typeof value === 'boolean')
    keep(into, path.join(''), [String(value)]);
  else if (Array.isArray(value)) readList(value, path, into, sets);
  else if (isObject(value)) readObject(value, path, into, sets);
}

function readObject(value: Fields, path: Path, into: LabelSet, sets: Sets): void {
  if (isOverAlert(value)) return;
  // What stands nearer to the root is said of the alert itself, so it comes first.
  const entries = Object.entries(value)
    .slice(0, maxFields)
    .map(([name, each]) => [name, unfold(each)] as const);
  const deep = (each: unknown) => Number(typeof each === 'object' && each !== null);
  for (const [said, each] of entries.toSorted(([, one], [, other]) => deep(one) - deep(other))) {
    const label = isOverField(said) ? undefined : labelName(said);
    if (!label) continue;
    if (groups.has(label.name) && readGroup(each, path, sets.alerts, sets)) continue;
    const isPart = !isObject(each) || isSubject(label.name);
    readInto(each, [...path, ...label.outer, isPart ? label.name : ''], into, sets);
  }
}

/** Several alerts. False where it is none: `firing: true` is a field. */
function readGroup(value: unknown, path: Path, group: LabelSet[], sets: Sets): boolean {
  if (typeof value === 'string') return readBlocks(labelBlocksOf(value), group);
  const all = Array.isArray(value) ? value : [value];
  const alerts = all.map(unfold).filter((each) => isObject(each) || typeof each === 'string');
  if (alerts.length === 0) return Array.isArray(value);
  for (const alert of alerts.slice(0, maxAlerts)) {
    if (isObject(alert) && isOverAlert(alert)) continue;
    if (typeof alert === 'string' && readBlocks(labelBlocksOf(alert), group)) continue;
    const set: LabelSet = new Map();
    readInto(alert, [...path, ''], set, sets);
    group.push(set);
  }
  return true;
}

function readBlocks(blocks: readonly LabelBlock[], group: LabelSet[]): boolean {
  for (const block of blocks.slice(0, Math.max(0, maxAlerts - group.length)))
    group.push(new Map([...block].map(([name, values]) => [name, [values]])));
  return blocks.length > 0;
}

/** A list of tags, of `{ name, value }`, of alerts or objects, or of values of one label. */
function readList(list: readonly unknown[], path: Path, into: LabelSet, sets: Sets): void {
  const items = list.slice(0, maxFields).map(unfold);
  const name = path.at(-1) ?? '';
  const inner = isSubject(name) ? path : [...path.slice(0, -1), ''];
  const texts = items.filter((each) => typeof each === 'string');
  const tags = new Map<string, string[]>();
  for (const [tag, value] of texts.flatMap(pairsOf)) tags.set(tag, [...(tags.get(tag) ?? []), bare(value)]);
  for (const [tag, values] of tags) keep(into, tag, values);
  if (tags.size === 0) keep(into, path.join(''), texts);
  for (const [key, value] of items.filter(isPair)) readObject({ [key]: value }, inner, into, sets);
  for (const item of items.filter(isObject)) {
    const fields = new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]));
    const said = ['name', 'key', 'title', 'label', 'tag'].map((key) => fields.get(key));
    const key = said.find((each) => typeof each === 'string');
    if (key !== undefined && fields.has('value'))
      readObject({ [key]: fields.get('value') }, inner, into, sets);
    else if (ofObjects.some((each) => fields.has(each))) readGroup([item], inner, sets.objects, sets);
    else readInto(item, [...inner, ''], into, sets);
  }
}

/** The value of a field, and what it tells of others where it is a list of tags or lines. */
function readText(text: string, path: Path, into: LabelSet, sets: Sets): void {
  if (readBlocks(labelBlocksOf(text), sets.alerts)) return;
  const name = path.at(-1) ?? '';
  keep(into, path.join('') || 'text', [text]);
  // A long prose has colons too; names that no label has do no harm.
  if (!holdsLabels.test(name)) return;
  const blocks = pairBlocksOf(text);
  if (blocks.length > 1) readBlocks(blocks, sets.alerts);
  else for (const [label, values] of blocks[0] ?? []) keep(into, label, values);
}

function keep(into: LabelSet, name: string, values: readonly string[]): void {
  const texts = values.map(bare).filter((text) => text !== '');
  if (name !== '' && texts.length > 0) into.set(name, [...(into.get(name) ?? []), texts]);
}

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPair = (item: unknown): item is [string, unknown] =>
  Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';
