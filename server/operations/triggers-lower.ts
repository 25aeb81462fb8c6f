import { z } from 'zod';
import { isLower, lowerModes } from '../../domain/mode.ts';
import { actorOf } from '../../domain/rights.ts';
import { standingOf, type Trigger } from '../../triggers/trigger.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation } from './operation.ts';
import { findTrigger, shownTrigger, triggerShape } from './triggers.ts';

const name = z.string().min(1).max(200);
const reason = z.string().trim().min(1).max(500).describe('Why, for those who read the record');
const subjectOf = ({ name }: { name: string }) => `trigger:${name}`;

/** Why it stands as it does, in words. */
const because = ({ name, lowered }: Trigger) =>
  lowered ? `by ${lowered.by}, at ${lowered.at}: ${lowered.reason}` : `as the file of ${name} says`;

export const lowerTrigger = defineOperation({
  name: 'triggers.lower',
  kind: 'change',
  writesOwnLine: true,
  right: 'triggers.switch',
  route: 'POST /triggers/{name}/lower',
  summary:
    'Lowers a trigger at once: off, observe, propose or approve. A reviewed line of its file raises it',
  within: ['workflows'],
  subject: subjectOf,
  input: z.strictObject({ name, to: z.enum(lowerModes), reason }),
  output: triggerShape,
  async run({ name, to, reason }, context) {
    const { store, principal, via } = context;
    const trigger = await findTrigger(name, context);
    const before = standingOf(trigger);
    if (!isLower(to, before))
      throw new Refusal(
        409,
        'Not lower',
        `${name} is ${before} already, ${because(trigger)}. ${to} is no lower, and this never raises: ` +
          (before === 'off'
            ? 'triggers.enable takes back that it was switched off.'
            : "say the mode and the day of its review in the trigger's file, and deploy."),
      );
    const by = actorOf(principal);
    await store.lowerTrigger(
      { trigger: name, mode: to, by, reason },
      {
        at: new Date().toISOString(),
        actor: by,
        via,
        action: 'trigger.lowered',
        subject: subjectOf({ name }),
        detail: { trigger: name, mode: to, before, reason },
      },
    );
    return shownTrigger(await findTrigger(name, context));
  },
});

export const enableTrigger = defineOperation({
  name: 'triggers.enable',
  kind: 'change',
  writesOwnLine: true,
  right: 'triggers.switch',
  route: 'POST /triggers/{name}/enable',
  summary: 'Takes back that a trigger was switched off: it is as it was before that',
  within: ['workflows'],
  subject: subjectOf,
  input: z.strictObject({ name, reason }),
  output: triggerShape,
  async run({ name, reason }, context) {
    const { store, principal, via } = context;
    const trigger = await findTrigger(name, context);
    const isEnabled = await store.enableTrigger(name, {
      at: new Date().toISOString(),
      actor: actorOf(principal),
      via,
      action: 'trigger.enabled',
      subject: subjectOf({ name }),
      detail: { trigger: name, reason },
    });
    if (isEnabled) return shownTrigger(await findTrigger(name, context));
    const standing = standingOf(trigger);
    throw new Refusal(
      409,
      'Not off',
      `${name} is not off: it is ${standing}, ${because(trigger)}. A mode is raised only by a reviewed line of its file.`,
    );
  },
});
