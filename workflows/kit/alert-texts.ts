import { byState, isAllOver, isOverAlert, isOverField, saysOver, unfold } from './alert-over.ts';
import { isElsewhere, plainName } from './label-texts.ts';
import type { Alert } from './read-context.ts';

/** What an alert says, taken apart into short texts: those of what fires, and those of what is over. */
export interface AlertTexts {
  /** The key, the summary, the source and the component, which are among the others too. */
  head: string[];
  firing: string[];
  resolved: string[];
}

/** Where several alerts are put into one. */
const groups = new Set(['alerts', 'firing', 'firingjson', 'firingalerts', 'evalmatches']);

/** Deeper than anything that a monitor sends. */
const deepest = 20;

/** Each key and each text of an alert in the order in which they are believed. An alert is over as a whole where it says so. */
export function textsOfAlert({ key, summary, source, component, details, links, status }: Alert): AlertTexts {
  const head = [key, summary, source, component].filter((text) => text !== undefined);
  const texts: AlertTexts = { head, firing: [], resolved: [] };
  const isOver = status === 'resolved' || isAllOver(details) || saysOver(summary);
  const of = isOver ? 'resolved' : 'firing';
  texts[of].push(...head);
  gather(details, of, texts, 0);
  texts[of].push(...links.flatMap(({ href, text }) => [...(href ? [href] : []), ...(text ? [text] : [])]));
  return texts;
}

/** A field keeps its name with a short value: `StatusCheckFailed` says something else with 0 than with 1. */
function gather(said: unknown, of: 'firing' | 'resolved', texts: AlertTexts, depth: number, name = ''): void {
  const value = unfold(said);
  if (depth > deepest || value === null || isElsewhere(plainName(name))) return;
  if (typeof value !== 'object') {
    push(name === '' ? String(value) : `${name}: ${value}`, of, texts);
  } else if (Array.isArray(value)) {
    const group = groups.has(plainName(name)) ? value.map(unfold).filter(isObject) : [];
    if (group.length > 1) gatherGroup(group, of, texts, depth);
    // A tag has a name of its own.
    else
      for (const item of value) {
        const isNamed = typeof item !== 'string' || /^[\w.-]{1,60}[:=]/.test(item);
        gather(fieldOf(item), of, texts, depth + 1, isNamed ? '' : name);
      }
  } else if (isObject(value)) {
    const part = isOverAlert(value) ? 'resolved' : of;
    for (const [inner, each] of Object.entries(value)) {
      const under = isOverField(inner) ? 'resolved' : part;
      if (typeof unfold(each) === 'object' && each !== null && !isElsewhere(plainName(inner)))
        texts[under].push(inner);
      gather(each, under, texts, depth + 1, inner);
    }
  }
}

/** Several alerts in one, each a part of one text, as Alertmanager writes them. */
function gatherGroup(
  group: readonly Record<string, unknown>[],
  of: 'firing' | 'resolved',
  texts: AlertTexts,
  depth: number,
): void {
  const blocks: string[] = [];
  for (const each of group) {
    const own: AlertTexts = { head: [], firing: [], resolved: [] };
    gather(each, of, own, depth + 1);
    if (own.firing.length > 0) blocks.push(`Labels:\n${own.firing.join('\n')}`);
    texts.resolved.push(...own.resolved);
  }
  if (blocks.length > 0) texts.firing.push(blocks.join('\n'));
}

function push(text: string, of: 'firing' | 'resolved', texts: AlertTexts): void {
  const { firing, over } = byState(text);
  texts[of].push(firing);
  if (over) texts.resolved.push(over);
}

/** `{ name, value }` is a field. */
const fieldOf = (item: unknown) =>
  isObject(item) && typeof item.name === 'string' && 'value' in item ? { [item.name]: item.value } : item;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
