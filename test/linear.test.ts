import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { triggers } from '../triggers/index.ts';
import { expressionsIn, hostileTexts } from './regular-expressions.ts';
import { incidentTriggered } from './triggers/events.ts';

const root = join(import.meta.dirname, '..');
/** Where texts of events come along: all but the command line, whose texts are the user's own. */
const files = globSync(
  ['domain', 'triggers', 'workflows', 'activities', 'server', 'store', 'worker'].map(
    (folder) => `${folder}/**/*.ts`,
  ),
  { cwd: root },
);
const expressions = files.flatMap((file) => expressionsIn(file, readFileSync(join(root, file), 'utf8')));

/** Short ones for what doubles with each character, long ones for what looks at each part of the text anew. */
const lengths = [24, 2_000, 20_000, 200_000];
/** A linear expression takes 3 ms for the longest, and one that looks at each part anew some seconds. */
const boundMilliseconds = 60;

/** Of a processor, which a busy machine does not stretch. */
function milliseconds(expression: RegExp, text: string): number {
  const start = process.cpuUsage();
  text.replace(expression, '');
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const answers = new Map<string, string | undefined>();
/** The first text that takes too long. An expression that stands in several files is tried once. */
function tooSlow({ source, flags }: { source: string; flags: string }): string | undefined {
  const expression = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
  const key = String(expression);
  if (!answers.has(key)) answers.set(key, firstSlow(expression));
  return answers.get(key);
}

/** Looked at twice, so that a pause of the machine is not taken for it. */
function firstSlow(expression: RegExp): string | undefined {
  const isSlow = (text: string) => milliseconds(expression, text) > boundMilliseconds;
  for (const length of lengths) {
    const texts = hostileTexts(expression, length);
    // Of the longest ones a few: what is not linear shows in all sizes.
    const tried = length > 20_000 ? texts.slice(0, 12) : texts;
    const slow = tried.find((text) => isSlow(text) && isSlow(text));
    if (slow !== undefined) return `${JSON.stringify(slow.slice(0, 20))}… of ${length} characters`;
  }
  return undefined;
}

describe('regular expressions', () => {
  it('are found in the code, and only there', () => {
    const code =
      "const a = /x+$/u; // /no/\nconst b = 6 / 2 / 1; f('/no/', `/no/ \u0024{c.replace(/[/]y/g, '')} /no/`);";
    expect(expressionsIn('x.ts', code).map(({ source }) => source)).toEqual(['x+$', '[/]y']);
    expect(expressions.length).toBeGreaterThan(50);
  });

  it.each(['\\s+$', '(a+)+$', '<[^>]*>x', '(\\w+)-(\\w+)!', 'a.*b.*c'])(
    'that are not linear are found out: %s',
    (source) => {
      expect(tooSlow({ source, flags: '' })).toBeDefined();
    },
  );

  it.each(expressions)('$file: /$source/$flags takes time in proportion to the text', (written) => {
    expect(tooSlow(written)).toBeUndefined();
  });
});

describe('the shipped triggers', () => {
  it.each([
    'a',
    ' ',
    'i-',
    'i-0abc12345def67890 ',
    '/',
    'shop/',
    'CrashLoopBackOff ',
    'pod=',
    '<',
    '\n',
    '"',
    'é',
    '😀',
  ])('answer to a title of 200 KB at once: %j repeated', (part) => {
    const title = part.repeat(200_000 / part.length);
    const start = performance.now();
    for (const trigger of triggers) trigger.respond(incidentTriggered({ title }));
    expect(performance.now() - start).toBeLessThan(500);
  });
});
