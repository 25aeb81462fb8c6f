import { type Output, printable } from './output.ts';
import { printFacts, printTable } from './table.ts';

interface Printing {
  output: Output;
  json: boolean;
  /** The field that is shown once. */
  secret?: string | undefined;
  /** The list is one of several. */
  whole?: boolean | undefined;
}

type Fields = Record<string, unknown>;

/**
 * Prints what an operation answered: a list as a table, with what is told beside it (as JSON the list alone, or with `whole` all of it); one thing as lines of name and value. A secret stands alone on stdout, so that it
 * can be sent on; the words about it go to stderr.
 */
export function printAnswer(answer: unknown, { output, json, secret, whole }: Printing): void {
  const { items, next: _, ...all } = answer as Fields & { items?: Fields[] };
  const fields = Object.fromEntries(Object.entries(all).filter(([name]) => isForPeople(name)));
  if (json) output.json(items && !whole ? items : answer);
  else if (items) {
    printList(items, output);
    printFields(fields, output);
  } else if (secret !== undefined) printSecret(fields, secret, output);
  else printFields(fields, output);
}

/** What a page needs to show buttons, and what has a command of its own. */
const isForPeople = (name: string) => name !== 'can' && name !== 'calls';

function printSecret(fields: Fields, name: string, output: Output): void {
  const { [name]: secret, ...others } = fields;
  output.line(String(secret));
  for (const [name, value] of plainOf(others)) output.note(printable(`${name}  ${value}`));
  output.note('The secret is shown this once.');
}

function printFields(fields: Fields, output: Output): void {
  printFacts(plainOf(fields), output);
  for (const [name, value] of Object.entries(fields).filter(([, each]) => !isPlain(each))) {
    output.line();
    output.line(`${words(name)}:`);
    if (Array.isArray(value)) printList(value, output);
    else if (Object.values(value as object).every(isPlain))
      printFacts(plainOf(value as Fields), output, '  ');
    else output.json(value);
  }
}

/** `createdAt` in words: `created at`. */
const words = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
/** What stands in one cell. */
const isPlain = (value: unknown) =>
  Array.isArray(value)
    ? !value.some(isObject)
    : !isObject(value) || Object.keys(value as object).length === 0;

const plainOf = (fields: Fields) =>
  Object.entries(fields)
    .filter(([, value]) => isPlain(value))
    .map(([name, value]) => [words(name), cell(value)] as const);

function printList(rows: readonly Fields[], output: Output): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(isForPeople);
  const head = columns.map((column) => words(column).toUpperCase());
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  if (rows.length === 0) output.note('There are none.');
  else printTable(head, cells, output);
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (Array.isArray(value))
    return value.length === 0 ? '-' : value.map(cell).join(isPlain(value) ? ', ' : ' | ');
  if (!isObject(value)) return String(value);
  const held = Object.entries(value as object).map(([name, each]) => `${words(name)} ${cell(each)}`);
  return held.length === 0 ? '-' : held.join('; ');
}
