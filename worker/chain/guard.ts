import { ApplicationFailure } from '@temporalio/activity';
import { conflict, coolDown } from '../../activities/failures.ts';
import type { Intent } from '../../store/effects.ts';
import { notAuthorized } from '../authority.ts';
import type { AnyChangeable, Call, Surroundings } from './call.ts';
import { refused } from './entry.ts';

/** How long an attempt waits for another change on the same target. */
const busyMilliseconds = 300;
/** How long a destructive change leaves its target alone, where its declaration says nothing else. */
const coolDownMinutes = 15;

/** How long a destructive change leaves its targets alone; undefined of any other. */
export function coolDownOf({ kind, coolDown = {} }: AnyChangeable) {
  const { minutes = coolDownMinutes, repeats = false } = coolDown;
  return kind === 'destructive' ? { seconds: minutes * 60, repeats } : undefined;
}

/** What a call gives that is not to act: what was done before, or why not now. A refusal is written down. */
export async function answerWithout(
  intent: Exclude<Intent, { answer: 'go' }>,
  call: Call<AnyChangeable>,
  options: Surroundings,
): Promise<unknown> {
  const { declaration } = call;
  switch (intent.answer) {
    case 'done': {
      const parsed = declaration.output.safeParse(intent.result);
      if (parsed.success) return parsed.data;
      const failure = otherEffect(call, 'what was stored of it is no result of this activity');
      throw await refused(call, failure, options);
    }
    case 'busy':
      throw busy(intent.heldBy);
    case 'ended':
      throw await refused(call, notAuthorized(declaration, 'its run has ended'), options);
    case 'cooling': {
      const { seconds } = coolDownOf(declaration) ?? { seconds: 0 };
      const until = new Date(Date.parse(intent.earlier.at) + seconds * 1000).toISOString();
      throw await refused(call, coolDown(declaration.provider, intent.earlier, until), options);
    }
    case 'conflict': {
      const what = intent.activity === declaration.name ? 'another input' : intent.activity;
      const failure = otherEffect(call, `the call with this number was made before, with ${what}`);
      throw await refused(call, failure, options);
    }
  }
}

/** The run has taken another way than it had: nothing is made twice, and nothing is passed off as something else. */
const otherEffect = ({ declaration, key }: Call, why: string) =>
  conflict(
    'Baton',
    `${declaration.name} is not made, as ${why} (${key}). Look at what was done, then let an event start a new run`,
  );

const busy = (holder: string) =>
  ApplicationFailure.create({
    type: 'Busy',
    message: `Another change on the same target is being made by ${holder}`,
    nextRetryDelay: busyMilliseconds,
  });
