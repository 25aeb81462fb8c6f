import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })];

/** The headings of a page, as GitHub makes addresses of them. */
const anchorsOf = (page: string) =>
  [
    ...read(page)
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the links of the docs', () => {
  it.each(pages)('%s links only to headings that exist', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:\s]*\.md|)#([^)\s]+)\)/g)];
    const missing = links.filter(
      ([, path, anchor = '']) => !anchorsOf(path ? join(dirname(page), path) : page).includes(anchor),
    );
    expect(missing.map(([link]) => link)).toEqual([]);
  });
});
