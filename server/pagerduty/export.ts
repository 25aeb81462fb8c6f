import { type CsvError, parse } from 'csv-parse/sync';
import type { Past } from './past.ts';

/** An entry of an export that is left out, by where it stands. */
export interface BadEntry {
  where: string;
  why: string;
}

/** What an export of PagerDuty's incidents tells, in the shape in which the API would tell it. */
export interface Exported extends Pick<Past, 'incidents' | 'entries'> {
  bad: BadEntry[];
}

/** The file holds no incidents of PagerDuty at all. */
export class NoExport extends Error {}

type Fields = Readonly<Record<string, unknown>>;
/** One entry of the file, or why it is none. */
type Entry = { where: string } & ({ fields: Fields } | { why: string });

/**
 * Reads an export of incidents: the CSV of a report, or JSON as the API answers (`POST /analytics/raw/incidents`, `GET /incidents`), as a
 * list, or one incident a line. An entry that cannot be read is left out and named. Throws `NoExport`.
 */
export function readExport(text: string): Exported {
  const exported: Exported = { incidents: [], entries: [], bad: [] };
  const seen = new Map<string, string>();
  for (const entry of /^\s*[[{]/.test(text.replace('\uFEFF', '')) ? jsonEntries(text) : csvEntries(text))
    try {
      if ('why' in entry) throw new Error(entry.why);
      const { incident, log } = readEntry(entry.fields);
      const first = seen.get(incident.id);
      if (first !== undefined) throw new Error(`has the incident ${incident.id} again, as ${first}`);
      seen.set(incident.id, entry.where);
      exported.incidents.push(incident);
      exported.entries.push(...log);
    } catch (error) {
      exported.bad.push({ where: entry.where, why: (error as Error).message });
    }
  // PagerDuty lists its log with the newest entry first.
  exported.entries.reverse();
  return exported;
}

function csvEntries(text: string): Entry[] {
  const torn: CsvError[] = [];
  const [head, ...rows] = parse(text, {
    bom: true,
    delimiter: separatorIn(text),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip(error) {
      if (error) torn.push(error);
      return undefined;
    },
  }) as unknown as { record: string[]; info: { lines: number } }[];
  const names = head?.record.map((name) => name.trim().toLowerCase().replaceAll(/\s+/g, '_')) ?? [];
  if (!names.some((name) => createdNames.includes(name)))
    throw new NoExport(`The first line names no column ${createdNames.join(' or ')}`);
  const whole = rows.map(({ record, info }) => {
    // It is told where a record ends.
    const where = `line ${info.lines - record.join('').split('\n').length + 1}`;
    if (record.length !== names.length)
      return { where, why: `has ${record.length} cells, and the first line ${names.length}` };
    return { where, fields: Object.fromEntries(names.map((name, place) => [name, record[place]])) };
  });
  const ends = [head, ...rows].flatMap((row) => row?.info.lines ?? []);
  return [...whole, ...torn.map((error) => tornAt(error, ends))];
}

/** Where a comma is written in numbers, spreadsheets put a semicolon between cells, and a tab into what they call Unicode text. */
function separatorIn(text: string): string {
  const [first = ''] = text.trimStart().split(/[\r\n]/, 1);
  const count = (mark: string) => first.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

/** A quote that nothing closes takes all that follows into its cell. `ends`: the lines where whole entries end. */
function tornAt({ code, lines }: CsvError, ends: readonly number[]): Entry {
  if (code !== 'CSV_QUOTE_NOT_CLOSED') return { where: `line ${lines}`, why: 'has a quote within a cell' };
  const begins = Math.max(0, ...ends) + 1;
  return begins < Number(lines)
    ? {
        where: `lines ${begins} to ${lines}`,
        why: 'are left out, as a quote is opened there that nothing closes',
      }
    : { where: `line ${lines}`, why: 'has a quote that nothing closes' };
}

function jsonEntries(file: string): Entry[] {
  const text = file.replace('\uFEFF', '');
  const whole = parsed(text);
  const list = isFields(whole) ? (whole.data ?? whole.incidents) : whole;
  if (Array.isArray(list)) return list.map((value, place) => entryOf(`incident ${place + 1}`, value));
  const lines = text
    .split('\n')
    .flatMap((line, place) => (line.trim() === '' ? [] : entryOf(`line ${place + 1}`, parsed(line))));
  if (lines.some((entry) => 'fields' in entry && createdNames.some((name) => name in entry.fields)))
    return lines;
  throw new NoExport('It is JSON, and holds no list of incidents');
}

const entryOf = (where: string, value: unknown): Entry =>
  isFields(value) ? { where, fields: value } : { where, why: 'is no JSON object' };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const createdNames = ['created_at', 'created_on'];
const resolvedNames = ['resolved_at', 'resolved_on'];

/** The incident as `GET /incidents` tells one, and its log, oldest entry first. */
function readEntry(fields: Fields) {
  const value = (...names: string[]) => names.map((name) => fields[name]).find(isGiven);
  const number = isGiven(fields.incident_number) ? Number(fields.incident_number) : undefined;
  const id = String(value('id', 'incident_id') ?? (Number.isInteger(number) ? `number-${number}` : ''));
  if (id === '' || id.includes('/')) throw new Error('has no id of an incident');
  const created = timeIn(fields, createdNames);
  if (created === undefined) throw new Error(`has no ${createdNames.join(' or ')}`);
  const acknowledged = secondsIn(fields, 'seconds_to_first_ack');
  const resolvedAt = timeIn(fields, resolvedNames);
  const resolved =
    secondsIn(fields, 'seconds_to_resolve') ??
    (resolvedAt === undefined ? undefined : (resolvedAt - created) / 1_000);
  if (resolved !== undefined && resolved < 0) throw new Error('was resolved before it was created');
  const isOver =
    resolved !== undefined && value('status') !== 'triggered' && value('status') !== 'acknowledged';
  const reference = (name: string) =>
    isFields(fields[name])
      ? fields[name]
      : { id: value(`${name}_id`) ?? '', summary: value(`${name}_name`) ?? value(`${name}_id`) ?? '' };
  const title = String(value('title', 'description', 'summary') ?? '');
  const incident = {
    id,
    ...(number === undefined || Number.isNaN(number) ? {} : { incident_number: number }),
    title,
    status: isOver ? 'resolved' : acknowledged === undefined ? 'triggered' : 'acknowledged',
    urgency: String(value('urgency') ?? 'high').toLowerCase(),
    created_at: isoOf(created),
    service: reference('service'),
    ...(isGiven(value('priority_name')) || isFields(fields.priority)
      ? { priority: reference('priority') }
      : {}),
  };
  const entry = (type: string, seconds: number, agent: object) => ({
    id: `${id}.${type}`,
    type: `${type}_log_entry`,
    created_at: isoOf(created + seconds * 1_000),
    agent,
    incident: { id },
  });
  const [acknowledger] = namesIn(value('acknowledged_user_names', 'acknowledged_by_user_names'));
  const resolver = namesIn(value('resolved_by_user_name'))[0];
  const log = [
    ...(acknowledged === undefined
      ? []
      : [entry('acknowledge', acknowledged, user(acknowledger ?? resolver ?? 'somebody'))]),
    ...(isOver ? [entry('resolve', resolved, resolver === undefined ? nobody : user(resolver))] : []),
  ];
  return { incident, log };
}

/** Nobody is named: the monitor or PagerDuty itself has resolved it. */
const nobody = { id: '', type: 'service_reference', summary: '' };
const user = (name: string) => ({ id: name, type: 'user_reference', summary: name });

const isGiven = (value: unknown) =>
  value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');

/** Names in a list; in a cell they are separated by commas. */
const namesIn = (value: unknown): string[] =>
  (Array.isArray(value) ? value : String(value ?? '').split(',')).flatMap(
    (name) => String(name).trim() || [],
  );

function secondsIn(fields: Fields, name: string): number | undefined {
  if (!isGiven(fields[name])) return undefined;
  const seconds = Number(fields[name]);
  if (!(seconds >= 0)) throw new Error(`${name} is no number of seconds: ${JSON.stringify(fields[name])}`);
  return seconds;
}

const timeShape = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/** In milliseconds. A time without a zone is one in UTC, as reports are asked for by default. */
function timeIn(fields: Fields, names: readonly string[]): number | undefined {
  const name = names.find((each) => isGiven(fields[each]));
  if (name === undefined) return undefined;
  const [, day, clock, zone = 'Z'] = timeShape.exec(String(fields[name]).trim()) ?? [];
  const time = Date.parse(`${day}T${clock}${/^utc$/i.test(zone) ? 'Z' : zone}`);
  if (Number.isNaN(time)) throw new Error(`${name} is no time: ${JSON.stringify(fields[name])}`);
  return time;
}

const isoOf = (milliseconds: number) => new Date(milliseconds).toISOString();
