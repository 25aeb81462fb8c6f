import { lowerModes } from '../../domain/mode.ts';
import type { PersonRequest } from '../../domain/person-request.ts';
import { plainText, shown, unquoted, type Word } from './words.ts';

/** As `triggers.lower` takes it. */
const longestReason = 500;

/** As the sentence of `triggers.lower` has it: nobody in Slack raises a trigger. */
const neverRaised =
  'a trigger is only lowered here. It is raised by a reviewed line: say the mode and the day of its review in the trigger’s file, and deploy';

/** What stands behind `/baton trigger`. */
export function readTrigger(
  words: readonly Word[],
  incident: string | undefined,
): { request: PersonRequest } | { wrong: string } {
  if (incident !== undefined) return { wrong: 'it is about a trigger, and not about an incident' };
  const [name, mode, why] = words.map((word) => ({ ...word, text: plainText(word.text) }));
  if (!name) return { request: { do: 'triggers' } };
  if (!mode) return { request: { do: 'triggers', trigger: name.text } };
  const asked = mode.text.toLowerCase();
  if (['auto', 'on', 'enable'].includes(asked)) return { wrong: neverRaised };
  const to = lowerModes.find((each) => each === asked);
  if (!to) return { wrong: `"${shown(mode.text)}" is none of ${lowerModes.join(', ')}` };
  const reason = unquoted(plainText(why?.rest ?? ''));
  if (reason.length > longestReason)
    return { wrong: `a reason takes ${longestReason} characters, and this has ${reason.length}` };
  return { request: { do: 'lower', trigger: name.text, to, ...(reason === '' ? {} : { reason }) } };
}
