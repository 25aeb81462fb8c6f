import { ApplicationFailure } from '@temporalio/common';
import type { FailureDetail } from '../failures.ts';
import type { Reasons } from './error-body.ts';

/** A final no of Jira's. */
export const isRefusal = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === 'ProviderRefused';

/** Why Jira did not take the fields of an issue; undefined where the error is about something else. */
export function refusalOf(error: unknown): Reasons | undefined {
  if (!isRefusal(error)) return undefined;
  const [detail] = (error.details ?? []) as FailureDetail[];
  const { status, messages = [], fields = {} } = detail ?? {};
  return status === 400 || status === 422 ? { messages, fields } : undefined;
}

/** How Jira speaks of a field, where it does not give its name: "User 'q' cannot be assigned issues." */
const words: ReadonlyMap<string, RegExp> = new Map([
  ['issuetype', /issue ?type|vorgangstyp|type de (?:ticket|demande)|tipo de/i],
  ['assignee', /assign|zugewiesen|zuweis|bearbeiter|asign|atribu/i],
  ['labels', /label|stichw|[ée]tiquet/i],
  ['priority', /priori/i],
  ['description', /descri|beschreib/i],
  ['summary', /summary|zusammenfassung|r[ée]sum[ée]|resum/i],
  ['project', /proje|proyect|progett/i],
]);

/** Each of the fields that were sent and that the refusal is about, with Jira's reason. */
export function refusedOf({ messages, fields }: Reasons, sent: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const note = (field: string | undefined, reason: string) => {
    if (field !== undefined && !found.has(field)) found.set(field, reason);
  };
  for (const [name, reason] of Object.entries(fields)) note(sentAs(name, sent), reason);
  for (const message of messages) for (const field of namedIn(message, sent)) note(field, message);
  return found;
}

/** `priority.name`, `customfield_10010[0].value` and `fields.labels` are parts of a field, or ways to it; `Issue Type` is its title. */
function sentAs(name: string, sent: readonly string[]): string | undefined {
  const [field = ''] = name.replace(/^(?:fields|update)\./, '').split(/[.[]/);
  return sent.find((each) => plain(each) === plain(field));
}

const plain = (text: string) => text.replaceAll(' ', '').toLowerCase();

/** By what stands in quotes, else by names and words. */
function namedIn(message: string, sent: readonly string[]): string[] {
  const among = (parts: readonly string[]) => (field: string) =>
    parts.includes(plain(field)) || parts.includes(plain(field).replace(/s$/, ''));
  const quoted = sent.filter(among(message.split(/['"`‘’“”„«»]/).map(plain)));
  if (quoted.length > 0) return quoted;
  const isNamed = among(message.split(/[^\p{L}\p{N}_]/u).map(plain));
  return sent.filter((field) => isNamed(field) || words.get(field)?.test(message));
}
