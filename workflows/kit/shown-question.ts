import type { ActivityFunctions } from '../../activities/index.ts';
import { answerLines, type Question } from '../../domain/question.ts';
import { inWords } from './shown-approval.ts';

/** As Slack shows it. */
type ShownQuestion = Parameters<ActivityFunctions['showSlackQuestion']>[0]['question'];

/** What people see of a question. `mention`: whom it calls while it waits. */
export function shownQuestion(question: Question, mention: string[]): ShownQuestion {
  const { id, state, summary, form, workflow, requestedBy, approvers, closedBecause } = question;
  const { answers, expiresAt } = question;
  return {
    id,
    state,
    summary,
    options: 'options' in form ? form.options.map((option) => ({ ...option })) : [],
    askedBy: [workflow, ...requestedBy.map((name) => `for ${name}`)].join(' '),
    approvers: inWords(approvers, 'whoever may answer questions in Baton'),
    mention: state === 'pending' ? mention : [],
    answers: answers.map(({ name, via, at, values, reason }) => ({
      name,
      via,
      at,
      said: answerLines(form, values),
      ...(reason ? { reason } : {}),
    })),
    expiresAt,
    ...(closedBecause ? { closedBecause } : {}),
  };
}
