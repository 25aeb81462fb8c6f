import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { questionBody, questionSchema, type ShownQuestion } from './question.ts';
import {
  lookAtStanding,
  place,
  type Standing,
  shownAt,
  showStanding,
  standingPermissions,
} from './standing-message.ts';

const inverse = { none: 'it shows how a question stands: a later state is shown in its place' } as const;

/** One message for a question in a channel, or in the conversation with one person: posted, then edited as it goes on. */
export const showSlackQuestion = defineActivity({
  name: 'showSlackQuestion',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Shows a question, with a button for each option or for its form while it waits for an answer',
  permissions: standingPermissions,
  targets: ({ question, place }) => [`slack-question:${question.id}/${Object.values(place)[0]}`],
  input: z.object({ connection: connectionName, actor, place, question: questionSchema }),
  output: shownAt,
  example: {
    place: { channelId: 'C0123456789' },
    question: {
      id: 'b4s9kq2m7',
      state: 'pending',
      summary: 'Which region takes over?',
      options: [
        { value: 'eu-west-1', label: 'Ireland' },
        { value: 'eu-central-1', label: 'Frankfurt', description: 'It has room for half of the load' },
      ],
      askedBy: 'failOver',
      approvers: 'who is on call for Checkout',
      answers: [],
      expiresAt: '2026-11-21T09:30:00.000Z',
    },
  },
  inverse,
  look: ({ question, ...at }, context) =>
    lookAtStanding(standingOf(question, context.attempt.mark), at, context, inverse),
  act: (_, { question, ...at }, context) =>
    showStanding(standingOf(question, context.attempt.mark), at, context),
});

const standingOf = (question: ShownQuestion, mark: string | undefined): Standing => ({
  kind: 'question',
  id: question.id,
  state: question.state,
  body: questionBody(question, mark),
});
