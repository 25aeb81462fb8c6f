import { isOverAlert, isOverField, partsOf } from './alert-over.ts';
import type { Alert } from './read-context.ts';

/** What an alert says, taken apart into short texts: those of what fires, and those of what is over. */
export interface AlertTexts {
  firing: string[];
  resolved: string[];
}

/** Deeper than anything that a monitor sends. */
const deepest = 20;

/** Each key and each text of an alert in the order in which they are believed. A resolved alert is over as a whole. */
export function textsOfAlert({ key, summary, source, component, details, links, status }: Alert): AlertTexts {
  const texts: AlertTexts = { firing: [], resolved: [] };
  const of = status === 'resolved' ? 'resolved' : 'firing';
  texts[of].push(...[key, summary, source, component].filter((text) => text !== undefined));
  gather(details, of, texts, 0);
  texts[of].push(...links.flatMap(({ href, text }) => [...(href ? [href] : []), ...(text ? [text] : [])]));
  return texts;
}

/** A field keeps its name with a short value: `StatusCheckFailed` says something else with 0 than with 1. */
function gather(value: unknown, of: keyof AlertTexts, texts: AlertTexts, depth: number): void {
  if (depth > deepest) return;
  if (typeof value === 'string') {
    const parsed = jsonIn(value);
    if (parsed === undefined) push(value, of, texts);
    else gather(parsed, of, texts, depth + 1);
  } else if (Array.isArray(value)) {
    for (const item of value) gather(fieldOf(item), of, texts, depth + 1);
  } else if (isObject(value)) {
    const part = isOverAlert(value) ? 'resolved' : of;
    for (const [name, inner] of Object.entries(value)) {
      const under = isOverField(name) ? 'resolved' : part;
      if (typeof inner === 'object' && inner !== null) {
        texts[under].push(name);
        gather(inner, under, texts, depth + 1);
      } else if (typeof inner === 'string' && jsonIn(inner) !== undefined)
        gather(inner, under, texts, depth + 1);
      else if (inner !== null) push(`${name}: ${inner}`, under, texts);
    }
  }
}

function push(text: string, of: keyof AlertTexts, texts: AlertTexts): void {
  const { firing, over } = partsOf(text);
  texts[of].push(firing);
  if (over) texts.resolved.push(over);
}

/** `{ name, value }` is a field. */
const fieldOf = (item: unknown) =>
  isObject(item) && typeof item.name === 'string' && 'value' in item ? { [item.name]: item.value } : item;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Some monitors put JSON into a text. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
