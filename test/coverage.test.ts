import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** How many capabilities each integration has, and those that are left out on purpose. */
const integrations = { Prefect: 20, Keptn: 23, Atlas: 12, Apica: 15 };
const leftOut = ['Apica 9'];

const rows = [
  ...read('docs/coverage.md').matchAll(
    /^\| ((?:Prefect|Keptn|Atlas|Apica) \d+) \| (.+) \| (.+) \| (.+) \|$/gm,
  ),
].map(([, number = '', what = '', , tests = '']) => ({ number, what, tests: testsIn(tests) }));

/** A file, and the titles in it that follow. */
function testsIn(cell: string): { file: string; title: string }[] {
  let file = '';
  return [...cell.matchAll(/`([^`]+)`: |“([^”]+)”/g)].flatMap(([, named, title]) => {
    file = named ?? file;
    return title === undefined ? [] : [{ file, title }];
  });
}

/** As a test has it: `it('…'`, `describe('…'`, `it.each(…)('…'`. */
const isTitleIn = (source: string, title: string) =>
  ["'", '"', '`'].some(
    (mark) => source.includes(`(${mark}${title}${mark}`) || source.includes(`\n    ${mark}${title}${mark}`),
  );

describe('the page of what is here of other integrations', () => {
  it('has each number once, with what it does', () => {
    const wanted = Object.entries(integrations).flatMap(([name, count]) =>
      Array.from({ length: count }, (_, index) => `${name} ${index + 1}`),
    );
    expect(rows.map(({ number }) => number)).toEqual(wanted.filter((number) => !leftOut.includes(number)));
    for (const { number, what } of rows) expect([number, what.length > 10]).toEqual([number, true]);
  });

  it.each(rows)('$number names a test that is there', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { file, title } of tests) {
      expect([file, existsSync(join(root, file))]).toEqual([file, true]);
      expect([title, isTitleIn(read(file), title)]).toEqual([title, true]);
    }
  });
});
