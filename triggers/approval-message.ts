import { showApproval } from '../workflows/show-approval.ts';
import { defineTrigger } from './trigger.ts';

/**
 * Shows each step of an approval or a question in Slack. It is a run of its own, so that the run that asks does not wait for Slack; and it
 * goes on when the incident is resolved, since its message is then to say so.
 */
export const approvalMessage = defineTrigger({
  name: 'approval-message',
  on: [
    'approval.asked',
    'approval.waiting',
    'approval.approved',
    'approval.refused',
    'approval.expired',
    'approval.superseded',
    'approval.withdrawn',
    'question.asked',
    'question.waiting',
    'question.answered',
    'question.expired',
    'question.withdrawn',
  ],
  when: 'always',
  run: showApproval,
  input: (asked) =>
    'questionId' in asked ? { questionId: asked.questionId } : { approvalId: asked.approvalId },
  target: ({ workflow }) => workflow,
  each: 'event',
  whenResolved: 'continue',
  forPeople: true,
});
