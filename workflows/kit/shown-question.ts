import type { ActivityFunctions } from '../../activities/index.ts';
import type { ParkedStep } from '../../domain/park.ts';
import { allWhoMay, answerLines, type Question } from '../../domain/question.ts';
import { inWords } from './shown-approval.ts';

/** As Slack shows it. */
type ShownQuestion = Parameters<ActivityFunctions['showSlackQuestion']>[0]['question'];

/** What people see of a question. `mention`: whom it calls while it waits. */
export function shownQuestion(question: Question, mention: string[]): ShownQuestion {
  const { id, state, summary, form, workflow, requestedBy, approvers, closedBecause } = question;
  const { parked, answers, expiresAt } = question;
  return {
    id,
    state,
    summary,
    options: 'options' in form ? form.options.map((option) => ({ ...option })) : [],
    ...(parked ? { parked: shownParked(parked) } : {}),
    askedBy: [workflow, ...requestedBy.map((name) => `for ${name}`)].join(' '),
    approvers: inWords(approvers, allWhoMay(question)),
    mention: state === 'pending' ? mention : [],
    answers: answers.map((answer) => ({
      name: answer.name,
      via: answer.via,
      at: answer.at,
      said: answerLines(form, answer),
      ...(answer.reason ? { reason: answer.reason } : {}),
    })),
    expiresAt,
    ...(closedBecause ? { closedBecause } : {}),
  };
}

const shownParked = ({ step, input, failure, uncertainSince }: ParkedStep) => ({
  lines: [
    `${step} failed: ${failure.class}: ${failure.message}`,
    ...(uncertainSince === undefined
      ? []
      : [
          `An attempt that began at ${uncertainSince} may have made it, so a retry looks first, with the same input.`,
        ]),
    `Its input: ${JSON.stringify(input)}`,
  ],
  mayChange: uncertainSince === undefined,
});
