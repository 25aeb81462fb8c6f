import { steps } from '../activities.ts';
import { orUnavailable } from '../parts.ts';
import { record } from '../record.ts';
import { healthy } from '../run.ts';
import type { Done, Place, RequestTo, Responder } from './asked.ts';
import { subjectAt } from './place.ts';

/** Puts what somebody said in Slack on the incident's timeline, with who said it and who put it there. */
export async function addToTimeline(
  { text, author, permalink }: RequestTo<'timeline'>,
  place: Place,
  person: Responder,
): Promise<Done> {
  const said = author === undefined ? 'somebody' : await nameInSlack(author);
  const links = permalink === undefined ? [] : [{ text: 'message', url: permalink }];
  await record(`${said} in Slack: ${text} (put here by ${person.name})`, links, subjectAt(place));
  return { outcome: healthy('done'), answer: 'The message is on the timeline of the incident.' };
}

async function nameInSlack(userId: string): Promise<string> {
  const read = await orUnavailable(() => steps.readSlackUser({ userId }));
  return 'unavailable' in read ? userId : (read.user?.name ?? userId);
}
