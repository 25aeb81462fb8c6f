import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import type { Asked, Done, Member, RequestTo } from './asked.ts';

/** A lowering needs no reason when it is urgent, and so it has this one. */
const unsaid = 'asked for in Slack';

/** How the triggers stand: all, or one with who has lowered it and what it has said lately. */
export async function tellTriggers(
  { request: { trigger } }: Asked<RequestTo<'triggers'>>,
  { email }: Member,
): Promise<Done | { refusal: string }> {
  if (trigger === undefined) {
    const { items = [], refusal } = await steps.listBatonTriggers({ email });
    if (refusal !== undefined) return { refusal: withoutDot(refusal) };
    return done(items.map((each) => `${each.name}: ${standingOf(each)}, runs ${each.workflow}`));
  }
  const { trigger: found, refusal = 'nothing is known of it' } = await steps.readBatonTrigger({
    trigger,
    email,
  });
  if (!found) return { refusal: withoutDot(refusal) };
  const { name, workflow, mode, lowered, answers } = found;
  const why = lowered
    ? `${lowered.by} has lowered it from ${mode} at ${lowered.at}: ${lowered.reason}.`
    : 'So says its file.';
  const said = answers.map(({ at, subject, answer, reason }) => `• ${at}, ${subject}: ${answer} (${reason})`);
  return done([
    `${name} is ${standingOf(found)}, and runs ${workflow}. ${why}`,
    ...(said.length === 0 ? ['It has said nothing lately.'] : ['What it has said lately:', ...said]),
  ]);
}

const standingOf = ({ standing, lowered }: { standing: string; lowered?: object | undefined }) =>
  lowered ? `${standing} (lowered)` : standing;

const done = (lines: readonly string[]): Done => ({ outcome: healthy('done'), answer: lines.join('\n') });

/** Lowers a trigger at once. Baton's roles say who may; nothing raises one but a reviewed line of its file. */
export async function lowerTrigger({
  request: { trigger, to, reason = unsaid },
}: Asked<RequestTo<'lower'>>): Promise<Done | { refusal: string }> {
  const lowered = await steps.lowerBatonTrigger({ trigger, to, reason });
  if (lowered.refusal !== undefined) return { refusal: withoutDot(lowered.refusal) };
  return done([
    `You lowered ${trigger} to ${lowered.standing}: ${reason}. It holds for its next runs, and those that are at work change nothing beyond it. ` +
      (to === 'off'
        ? `npx baton triggers enable ${trigger} takes it back.`
        : 'A reviewed line of its file raises it.'),
  ]);
}

const withoutDot = (text: string) => text.replace(/\.$/, '');
