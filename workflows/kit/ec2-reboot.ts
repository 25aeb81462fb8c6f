import { patched } from '@temporalio/workflow';
import type { Held } from '../../domain/guard.ts';
import { detailOf, steps } from './activities.ts';
import { type Asking, withApproval } from './ask-approval.ts';
import { ticketForCause } from './cause-ticket.ts';
import { guard } from './guard.ts';
import { callBeside } from './hand-over.ts';
import { heldIn, isForPeople } from './held.ts';
import { failureOf, orUnavailable } from './parts.ts';
import type { CurrentIncident } from './read-context.ts';
import { runCause } from './run.ts';

/** How long people are asked about an instance whose tag does not allow a reboot. */
const askedFor = '1 hour';
/** How long they are asked about one that a guard holds: as long as a cool-down. */
const askedOverGuardFor = '15 minutes';
/** Of instances that stand for each other so many are rebooted within the cool-down, and at least one. */
const mostOfGroup = '25%' as const;

/** What was seen of one instance at first. */
export interface Look {
  instanceId: string;
  finding: 'to reboot' | 'to ask for' | 'passes' | 'unclear' | 'needs a person';
  said: string;
  /** The tag by which it is one of several that stand for each other. */
  group?: Record<string, string>;
}

/** Whether the run has acknowledged the incident: from then on it pages nobody by itself. */
export interface InHand {
  isAcknowledged: boolean;
}

async function take(incidentId: string, hand: InHand): Promise<void> {
  hand.isAcknowledged = await acknowledge(incidentId);
}

/** Reads first. False: somebody has resolved the incident meanwhile, so there is nothing left to act on. */
export async function acknowledge(incidentId: string): Promise<boolean> {
  try {
    await steps.acknowledgePagerDutyIncident({ incidentId });
    return true;
  } catch (error) {
    if (failureOf(error)?.class !== 'Conflict') throw error;
    const { status } = await steps.readPagerDutyIncident({ incidentId });
    if (status !== 'resolved') throw error;
    return false;
  }
}

/**
 * Whether one of these instances may be rebooted now, without a word of people. Else the incident stays as it is: an acknowledged one pages
 * nobody while people are asked.
 */
export async function isAnyFree(looks: readonly Look[]): Promise<boolean> {
  if (!patched('guards-before-acknowledging')) return true;
  // By the mode people are asked before each reboot.
  if (runCause()?.mode === 'approve') return false;
  for (const look of looks) if (!(await heldNow(look))) return true;
  return false;
}

export type Reboot =
  | { requestedAt: string; changed: boolean }
  | { refusal: string; held?: Held; mayBeMade?: true };

/**
 * Reboots one instance, where its tag does not allow that once people have approved it. Where a guard holds it people are asked whether it is to
 * be done all the same, unless that is not for them to say.
 */
export async function reboot(
  look: Look,
  incident: CurrentIncident,
  hand: InHand,
  readFirst?: () => Promise<void>,
): Promise<Reboot> {
  const first = await orRefusal(async () => {
    const held = await heldByGroup(look);
    if (held) return { refusal: held.reason, held };
    if (look.finding === 'to ask for')
      return rebootIfApproved(look, incident, hand, {
        expiresIn: askedFor,
        ...(readFirst ? { first: readFirst } : {}),
      });
    await readFirst?.();
    return steps.rebootEc2Instances({ instanceIds: [look.instanceId] });
  });
  if (!hand.isAcknowledged && look.finding === 'to reboot' && !('refusal' in first) && first.changed)
    await orUnavailable(() => take(incident.id, hand));
  if (!('held' in first) || !first.held || !patched('asked-over-a-guard')) return first;
  const { reason } = first.held;
  const ticket = await ticketForCause(first.held, {
    incidentId: incident.id,
    what: `why ${look.instanceId} fails its status checks`,
    remedy: 'reboots it',
  });
  if (!isForPeople(first.held)) return { ...first, refusal: `${first.refusal}${ticket}` };
  const second = await orRefusal(() =>
    rebootIfApproved(look, incident, hand, {
      expiresIn: askedOverGuardFor,
      overridesGuards: true,
      though: reason,
      ...(readFirst ? { first: readFirst } : {}),
    }),
  );
  if (!('refusal' in second)) return second;
  return { refusal: `${first.refusal}. Asked whether to reboot it all the same: ${second.refusal}` };
}

/** Its group is not to lose more than a part at a time. */
async function heldByGroup(look: Look): Promise<Held | undefined> {
  const { group } = look;
  if (!group || !patched('blast-radius')) return undefined;
  const held = await heldNow(look);
  // What was made too often is stopped by the change itself, so that a person can lift that.
  return held?.guard === 'repeats' ? undefined : held;
}

/** What the guards say of its reboot before it is tried. */
async function heldNow({ instanceId, group }: Look): Promise<Held | undefined> {
  const blastRadius = group && { group: await membersOf(group), max: mostOfGroup };
  const looked = await guard(`ec2:${instanceId}`, blastRadius ? { blastRadius } : {});
  return looked.allowed ? undefined : looked.held;
}

async function membersOf(tags: Record<string, string>): Promise<string[]> {
  const { instances } = await steps.listEc2Instances({ tags, max: 1_000 });
  return instances.filter(({ state }) => state !== 'terminated').map(({ id }) => `ec2:${id}`);
}

/**
 * Asks who is on call for the incident's service, and whoever may approve in Baton. Where Baton has acknowledged the incident, which then pages
 * nobody by itself, a person is called by PagerDuty, too.
 */
async function rebootIfApproved(
  { instanceId }: Look,
  incident: CurrentIncident,
  hand: InHand,
  asking: Pick<Asking, 'expiresIn' | 'overridesGuards'> & { though?: string; first?: () => Promise<void> },
): Promise<Reboot> {
  const approvers = { onCallOf: incident.service.id, role: 'approver' } as const;
  const { though = 'it lacks the tag baton:restart = allowed', expiresIn } = asking;
  const beside = () =>
    callBeside(
      incident,
      `${instanceId} fails its checks, and is not rebooted unasked: ${though}. Whether to reboot it is asked in Slack for ${expiresIn}, and ` +
        'npx baton approvals list has the question.',
    );
  const isCalled = hand.isAcknowledged && patched('called-beside-the-question');
  const answer = await withApproval(
    'rebootEc2Instances',
    { instanceIds: [instanceId] },
    {
      approvers,
      ...asking,
      ...(isCalled ? { beside } : {}),
    },
  );
  if ('refusal' in answer) {
    const why = asking.overridesGuards
      ? ''
      : '. It lacks the tag baton:restart = allowed, so people were asked';
    return { refusal: `${answer.refusal}${why}` };
  }
  await take(incident.id, hand);
  return answer.result;
}

/** Every final failure is an answer: forbidden, refused, too soon after another, or of unknown outcome. It is not tried again. */
async function orRefusal(make: () => Promise<Reboot>): Promise<Reboot> {
  try {
    return await make();
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    const held = heldIn(error);
    const mayBeMade = detailOf(error)?.effect !== 'none';
    return {
      refusal: failure.message,
      ...(held ? { held } : {}),
      ...(mayBeMade ? { mayBeMade } : {}),
    };
  }
}
