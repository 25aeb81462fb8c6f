import { describe, expect, it } from 'vitest';
import { printAnswer } from '../../cli/answer.ts';
import { makeOutput, type Streams } from '../../cli/output.ts';
import { printFacts, printTable } from '../../cli/table.ts';

/** What is written by `print` to a pipe, or to a terminal of so many columns. */
function linesOf(print: (output: ReturnType<typeof makeOutput>) => void, columns?: number): string[] {
  let written = '';
  const stdout: Streams['stdout'] = {
    write: (text) => (written += text),
    ...(columns === undefined ? {} : { isTTY: true, columns }),
  };
  print(makeOutput({ stdout, stderr: { write: () => {} } }, { color: true, env: {} }));
  return written.split('\n').slice(0, -1);
}

const head = ['ID', 'NAME', 'NOTHING', 'REASON', 'BY'];
const rows = [
  ['1', 'checkout', '-', `it is slow, ${'and '.repeat(20)}so on`, 'person:ada@example.com'],
  ['22', 'search', '', '-', 'baton'],
];

describe('a table', () => {
  it('that fits stands in columns', () => {
    expect(
      linesOf((output) =>
        printTable(
          ['A', 'B'],
          [
            ['1', '2'],
            ['long', ''],
          ],
          output,
        ),
      ),
    ).toEqual(['A     B', '1     2', 'long']);
  });

  it('that is wider leaves out what is empty, and tells what has no room below its row, whole', () => {
    const lines = linesOf((output) => printTable(head, rows, output));
    expect(lines).toEqual([
      'ID  NAME      BY',
      '1   checkout  person:ada@example.com',
      '    reason: it is slow, and and and and and and and and and and and and and and',
      '    and and and and and and so on',
      '22  search    baton',
    ]);
  });

  it('uses the width of the terminal', () => {
    const wide = linesOf((output) => printTable(head, rows, output), 200);
    expect(wide).toHaveLength(3);
    const narrow = linesOf((output) => printTable(head, rows, output), 44);
    expect(narrow.filter((line) => line.length > 44)).toEqual([]);
    expect(narrow.join(' ').replaceAll(/\s+/g, ' ')).toContain('person:ada@example.com');
  });

  it('breaks a cell that no line holds, and cuts nothing of it', () => {
    const lines = linesOf((output) => printTable(['DIGEST', 'AT'], [['d'.repeat(200), 'now']], output));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join('').replaceAll(' ', '')).toContain('d'.repeat(200));
  });

  it('lets nothing from outside act on the terminal, or look like another row', () => {
    const [, row, below] = linesOf((output) =>
      printTable(['ID', 'TEXT'], [['1', `a\u001b[2J\n2  pending ${'b '.repeat(60)}`]], output),
    );
    expect([row, below]).toEqual(['1', expect.stringMatching(/^ {4}text: a 2 pending b/)]);
  });
});

describe('names and values', () => {
  it('hang under themselves where they are long', () => {
    const lines = linesOf((output) =>
      printFacts(
        [
          ['name', 'x'],
          ['rights', 'incidents.read, '.repeat(8)],
        ],
        output,
      ),
    );
    expect(lines[0]).toBe('name    x');
    expect(lines.slice(2).every((line) => line.startsWith(' '.repeat(8)))).toBe(true);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('the answer of an operation', () => {
  const answer = {
    items: [
      {
        id: 'a',
        scope: { workflows: ['x', 'y'], services: ['P1'] },
        createdAt: '2026-11-27T11:18:22.237Z',
        can: {},
      },
      { id: 'b', scope: null, createdAt: '2026-11-27T11:18:22.237Z', note: 'n '.repeat(80) },
    ],
    defaults: { pageAfter: 60, nested: [] },
  };

  it('says in words what stands in a cell, and fits', () => {
    const lines = linesOf((output) => printAnswer(answer, { output, json: false }));
    expect(lines[1]).toMatch(/^a +workflows x, y; services P1 +2026/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.slice(-3)).toEqual(['defaults:', '  page after  60', '  nested      -']);
  });

  it('is whole as JSON', () => {
    const json = linesOf((output) => printAnswer(answer, { output, json: true })).join('\n');
    expect(JSON.parse(json)).toEqual(answer.items);
  });
});
