import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';

/** What commands take as an incident. */
export const incidentArgument = 'its id as incidents list tells it, <connection>/<id>, or its number: 1234';

/** The id of the incident that somebody names by its number, with or without `#`; of anything else: what was written. */
export async function namedIncident(text: string, ask: Ask): Promise<string> {
  const [, number] = /^#?(\d{1,9})$/.exec(text.trim()) ?? [];
  if (number === undefined) return text;
  const { items } = await ask('incidents.list', { q: `#${number}`, limit: 20 });
  const found = items.filter(({ incident }) => String(incident?.number) === number);
  const [first, second] = found;
  if (!first) throw noIncident(text);
  if (second)
    throw new CliFailure(`Several accounts have an incident #${number}`, {
      next: `Name it by its id: ${found.map(({ id }) => id).join(', ')}.`,
      exit: exits.usage,
    });
  return first.id;
}

/** The same words, and the same exit code, for every command that takes an incident. */
export const noIncident = (text: string): CliFailure =>
  new CliFailure(`Nothing is known of an incident ${text}`, {
    next: 'baton incidents list shows those there are.',
    exit: exits.notFound,
  });

/** Rejects with these words where the operation finds nothing. */
export const orNoIncident =
  (text: string) =>
  (error: unknown): never => {
    throw error instanceof CliFailure && error.exit === exits.notFound ? noIncident(text) : error;
  };
