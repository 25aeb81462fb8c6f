import { isSecretName, maskNamed, nameOf, tellsNothing } from './secret-names.ts';
import { mask, namedShapes, shapes } from './secret-shapes.ts';
import { isInDigest, patternOf } from './secret-values.ts';

/** Masks secrets in a text. `name` is the name of the field that holds the text, where it is one: a password's field holds a password. */
export type Scrub = (text: string, name?: string) => string;

/** Most texts hold no name of a secret, and this is quick to see. */
const hint = /pass|pwd|secret|token|credential|auth|sessi|key|cookie|bearer|sig/i;

/**
 * Gives a function that masks secrets in a text: by value (`secret-values.ts`), by their looks (`secret-shapes.ts`) and by the name in
 * front of them (`secret-names.ts`). Scrub before cutting: half a secret is not recognised.
 */
export function makeScrubber(secrets: readonly string[]): Scrub {
  const values = patternOf(secrets);
  return (text, name) => {
    if (name !== undefined && isSecretName(name)) return tellsNothing(text) ? text : mask;
    let scrubbed = values
      ? text.replace(values, (found, at: number) => (isInDigest(text, found, at) ? found : mask))
      : text;
    for (const [shape, replacement] of shapes) scrubbed = scrubbed.replace(shape, replacement);
    if (!hint.test(scrubbed)) return scrubbed;
    for (const [shape, replacement] of namedShapes) scrubbed = scrubbed.replace(shape, replacement);
    return maskNamed(scrubbed);
  };
}

/** The same value with every text in it scrubbed, the names of fields too. Numbers and the like stay what they are. */
export function scrubValue(value: unknown, scrub: Scrub, name?: string): unknown {
  if (typeof value === 'string') return scrub(value, name);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, scrub, name));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, held]) => [
      scrub(field),
      scrubValue(held, scrub, nameOf(field, value)),
    ]),
  );
}

/** A scrubber that can be told of more secrets while it is in use, as connections come and change. What it knew it keeps. */
export function learningScrubber(secrets: readonly string[]): {
  scrub: Scrub;
  learn(more: readonly string[]): void;
} {
  const known = new Set(secrets);
  let scrub = makeScrubber(secrets);
  return {
    scrub: (text, name) => scrub(text, name),
    learn(more) {
      const before = known.size;
      for (const secret of more) known.add(secret);
      if (known.size > before) scrub = makeScrubber([...known]);
    },
  };
}
