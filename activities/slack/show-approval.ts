import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { approvalBody, approvalSchema, type ShownApproval } from './approval.ts';
import {
  lookAtStanding,
  place,
  type Standing,
  shownAt,
  showStanding,
  standingPermissions,
} from './standing-message.ts';

const inverse = { none: 'it shows how an approval stands: a later state is shown in its place' } as const;

/** One message for an approval in a channel, or in the conversation with one person: posted, then edited as it goes on. */
export const showSlackApproval = defineActivity({
  name: 'showSlackApproval',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Shows an approval with its exact calls, and buttons while it waits for an answer',
  permissions: standingPermissions,
  targets: ({ approval, place }) => [`slack-approval:${approval.id}/${Object.values(place)[0]}`],
  input: z.object({
    connection: connectionName,
    actor,
    place,
    approval: approvalSchema,
  }),
  output: shownAt,
  example: {
    place: { channelId: 'C0123456789' },
    approval: {
      id: 'b4s9kq2m7',
      state: 'pending',
      summary: 'Reboots i-0abc12345def67890',
      calls: [
        {
          summary: 'Reboots i-0abc12345def67890',
          calls: ['RebootInstances InstanceIds=i-0abc12345def67890'],
          targets: ['ec2:i-0abc12345def67890'],
          undo: 'It cannot be taken back.',
        },
      ],
      askedBy: 'ec2UnhealthyRestart',
      approvers: 'who is on call for Checkout',
      required: 1,
      reasonRequired: false,
      overridesGuards: false,
      answers: [],
      expiresAt: '2026-11-21T09:30:00.000Z',
    },
  },
  inverse,
  look: ({ approval, ...at }, context) =>
    lookAtStanding(standingOf(approval, context.attempt.mark), at, context, inverse),
  act: (_, { approval, ...at }, context) =>
    showStanding(standingOf(approval, context.attempt.mark), at, context),
});

const standingOf = (approval: ShownApproval, mark: string | undefined): Standing => ({
  kind: 'approval',
  id: approval.id,
  state: approval.state,
  body: approvalBody(approval, mark),
});
