/** An approval in each of its states, as people see it in Slack: for the files in docs/cards, beside those of the status card. */

import { z } from 'zod';
import { approvalBody, approvalSchema, type ShownApproval } from '../activities/slack/approval.ts';
import type { Body } from '../activities/slack/blocks.ts';
import { messageBody, messageContent } from '../activities/slack/message.ts';
import { type Asking, unansweredFor } from '../workflows/kit/ask-approval.ts';
import { reminderOf } from '../workflows/kit/shown-approval.ts';

const asked: z.input<typeof approvalSchema> = {
  id: '0f3k9s1d2m7q8w5e6r4t1y2u3',
  state: 'pending',
  summary: 'Reboots i-0abc12345def67890',
  calls: [
    {
      summary: 'Reboots i-0abc12345def67890',
      calls: ['ec2:RebootInstances i-0abc12345def67890'],
      targets: ['ec2:i-0abc12345def67890'],
      before: '{"i-0abc12345def67890":"instance impaired"}',
      dryRun: 'EC2 would do it',
      undo: 'It cannot be taken back: a reboot cannot be taken back.',
    },
  ],
  askedBy: 'ec2UnhealthyRestart',
  approvers: 'who is on call for the service; whoever is approver in Baton',
  mention: ['U0ADA', 'U0BEN'],
  required: 1,
  reasonRequired: false,
  overridesGuards: false,
  answers: [],
  expiresAt: '2026-11-26T09:42:00.000Z',
};

const ada = { name: 'Ada Lopez', via: 'slack', at: '2026-11-26T09:15:07.000Z' };
const ben = { name: 'Ben Okafor', via: 'cli', at: '2026-11-26T09:16:40.000Z' };
const approved = (by: typeof ada, reason?: string) => ({
  ...by,
  decision: 'approved' as const,
  ...(reason === undefined ? {} : { reason }),
});
const expired = (onExpire: NonNullable<Asking['onExpire']>) => ({
  state: 'expired' as const,
  closedBecause: unansweredFor({ onExpire }),
});

/** Each state by the name of its file. */
const states: Record<string, { about: string; more: Partial<typeof asked> }> = {
  asked: { about: 'It waits. Who is asked by name or on call is mentioned.', more: {} },
  'reason-demanded': {
    about: 'The buttons ask for a reason, in a form.',
    more: { reasonRequired: true },
  },
  'over-a-guard': {
    about: 'It overrides a guard, so a reason is asked for, too.',
    more: { overridesGuards: true, reasonRequired: true },
  },
  'one-of-two': {
    about: 'Two people have to approve, and one has.',
    more: { required: 2, answers: [approved(ada)] },
  },
  approved: {
    about: 'It is done now. There are no buttons any more, here or elsewhere.',
    more: { state: 'approved', required: 2, answers: [approved(ada), approved(ben, 'the shop is down')] },
  },
  refused: {
    about: 'One refusal is enough.',
    more: { state: 'refused', answers: [{ ...ben, decision: 'refused', reason: 'a deploy runs there' }] },
  },
  expired: { about: 'Nobody answered in time (`onExpire` left out, or `refuse`).', more: expired('refuse') },
  'expired-paged': { about: "Nobody answered in time (`onExpire: 'page'`).", more: expired('page') },
  'expired-others-asked': {
    about: 'Nobody answered in time (`onExpire: { ask: … }`): the others have a message of their own.',
    more: expired({ ask: { role: 'admin' } }),
  },
  superseded: {
    about: 'The world was another one when it was to be done. It is asked anew, with a message of its own.',
    more: {
      state: 'superseded',
      answers: [approved(ada)],
      closedBecause: 'what would be done had changed since it was shown',
    },
  },
  'incident-resolved': {
    about: 'Somebody has resolved the incident, so its run asks no more.',
    more: { state: 'withdrawn', closedBecause: 'the incident was resolved by Ada Lopez' },
  },
  'run-ended': {
    about: 'The run was stopped or has failed meanwhile.',
    more: { state: 'withdrawn', closedBecause: 'the run has ended: cancelled' },
  },
};

const bodyOf = (more: Partial<typeof asked>): Body =>
  approvalBody(approvalSchema.parse({ ...asked, ...more }) satisfies ShownApproval, undefined);

export const approvalStates = [
  ...Object.entries(states).map(([name, { about, more }]) => ({
    name: `approval-${name}`,
    about,
    body: bodyOf(more),
  })),
  {
    name: 'approval-reminder',
    about: 'At half and at three quarters of the time, in the thread. It mentions whoever is asked by then.',
    body: messageBody(z.object(messageContent).parse({ text: reminderOf(asked) }), undefined),
  },
];
