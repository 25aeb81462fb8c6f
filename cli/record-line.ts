import type { RecordRow } from '../domain/record.ts';
import { dated } from '../domain/story/step.ts';
import { type Teller, tellerOf } from '../domain/story/story.ts';
import { fieldsOf } from '../domain/story/told-activity.ts';
import { printable } from './output.ts';
import { hung } from './story.ts';

/** A line of the record for people: its number, its time, who, what, and then in words. JSON has all of it. */
export function recordLines(row: RecordRow, teller: Teller = tellerOf()): string[] {
  const { seq, at, actor, via, action, subject, detail } = row;
  const head = `${seq ?? 'not linked yet'}  ${dated(at)}  ${actor} via ${via}  ${action}`;
  const told = teller.tell(row).map(({ text }) => text);
  const words = told.length > 0 ? told : [fieldsOf(detail) || `about ${subject}`];
  return [...hung('', printable(head), '    '), ...words.flatMap((text) => hung('    ', printable(text)))];
}
