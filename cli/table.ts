import { type Output, printable } from './output.ts';
import { hung } from './story.ts';

type Row = readonly string[];

/**
 * Prints rows under the names of their columns, no wider than the terminal. Where they are wider, empty columns are left out, and what does
 * not fit stands below its row with its name, in as many lines as it takes: nothing is cut, and each row is read from its first word to its last.
 */
export function printTable(head: Row, rows: readonly Row[], output: Output): void {
  const cells = rows.map((row) => head.map((_, column) => printable(row[column] ?? '')));
  const all = head.map((_, column) => column);
  const isIn = widthOf(head, cells, all) <= output.width;
  const used = isIn ? all : all.filter((column) => cells.some((row) => !isEmpty(row[column])));
  const inLine = isIn ? all : fitting(head, cells, used, output.width);
  const below = used.filter((column) => !inLine.includes(column));
  const print = (row: Row) => {
    for (const line of hung('', lineOf(row, inLine, head, cells), '  ', output.width)) output.line(line);
  };
  print(head);
  for (const row of cells) {
    print(row);
    const told = below
      .filter((column) => !isEmpty(row[column]))
      .map((column) => `${head[column]?.toLowerCase()}: ${row[column]}`);
    if (told.length > 0)
      for (const line of hung('    ', told.join('; '), '    ', output.width)) output.line(line);
  }
}

/** Prints rows whose columns need no names: what does not fit goes on in the next line. */
export function printRows(rows: readonly Row[], output: Output): void {
  const cells = rows.map((row) => row.map(printable));
  const columns = (cells[0] ?? []).map((_, column) => column);
  for (const row of cells)
    for (const line of hung('', lineOf(row, columns, [], cells), '    ', output.width)) output.line(line);
}

/** Prints names and values, a value that is too long for its line below itself. */
export function printFacts(facts: readonly Row[], output: Output, indent = ''): void {
  const clean = facts.map(([name = '', value = '']) => [printable(name), printable(value)] as const);
  const width = Math.max(0, ...clean.map(([name]) => name.length));
  for (const [name, value] of clean) {
    const before = `${indent}${name.padEnd(width)}  `;
    for (const line of hung(before, value, ' '.repeat(before.length), output.width)) output.line(line);
  }
}

/** Gives each text of others one line, however long it is: no part of it can be taken for a line of ours. For what people decide by. */
export const toTheLetter = (output: Output): Output => ({ ...output, width: Number.POSITIVE_INFINITY });

/** Prints one sentence in as many lines as it takes. */
export function printText(text: string, output: Output, indent = ''): void {
  for (const line of hung(indent, printable(text), `${indent}  `, output.width)) output.line(line);
}

const isEmpty = (cell: string | undefined) => cell === undefined || cell === '' || cell === '-';
const gap = '  ';

const columnWidth = (head: Row, cells: readonly Row[], column: number): number =>
  [head, ...cells].reduce((widest, row) => Math.max(widest, (row[column] ?? '').length), 0);

const widthOf = (head: Row, cells: readonly Row[], columns: readonly number[]): number =>
  columns.reduce((sum, column) => sum + columnWidth(head, cells, column) + gap.length, -gap.length);

/** The columns that stand side by side: the first one, and of those after it each for which there is room. */
function fitting(head: Row, cells: readonly Row[], used: readonly number[], width: number): number[] {
  const inLine: number[] = [];
  for (const column of used)
    if (inLine.length === 0 || widthOf(head, cells, [...inLine, column]) <= width) inLine.push(column);
  return inLine;
}

/** Every cell as wide as its column, but the last. */
const lineOf = (row: Row, columns: readonly number[], head: Row, cells: readonly Row[]): string =>
  columns
    .map((column, place) => {
      const cell = row[column] ?? '';
      return place === columns.length - 1 ? cell : cell.padEnd(columnWidth(head, cells, column));
    })
    .join(gap);
