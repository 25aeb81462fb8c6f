/** A question in each of its states, as people see it in Slack: for the files in docs/cards, beside those of approvals. */

import type { z } from 'zod';
import { questionBody, questionSchema } from '../activities/slack/question.ts';

const asked: z.input<typeof questionSchema> = {
  id: '2k7f0w9q4x1n8c5b3m6v0z7t4',
  state: 'pending',
  summary: 'Which region takes over?',
  options: [
    { value: 'eu-west-1', label: 'Ireland' },
    { value: 'eu-central-1', label: 'Frankfurt', description: 'It has room for half of the load' },
  ],
  askedBy: 'takeOver',
  approvers: 'who is on call for the service',
  mention: ['U0ADA', 'U0BEN'],
  answers: [],
  expiresAt: '2026-11-26T09:42:00.000Z',
};

const regions = ['Ireland', 'London', 'Paris', 'Frankfurt', 'Stockholm', 'Milan'];
const ada = { name: 'Ada Lopez', via: 'slack', at: '2026-11-26T09:15:07.000Z' };
const form = { summary: 'What do customers see?', options: [] };

const parked = (line: string, mayChange: boolean): Partial<typeof asked> => ({
  summary: 'Parked: createJiraIssue failed (ProviderRefused: Jira refused (403): no right in OPS)',
  options: [],
  askedBy: 'handOver',
  approvers: 'whoever may unpark runs in Baton',
  parked: {
    lines: ['createJiraIssue failed: ProviderRefused: Jira refused (403): no right in OPS', line],
    mayChange,
  },
});

/** Each state by the name of its file. */
const states: Record<string, { about: string; more: Partial<typeof asked> }> = {
  asked: { about: 'It waits: a button for each option.', more: {} },
  'many-options': {
    about: 'More than five options are chosen from a list.',
    more: { options: regions.map((label, index) => ({ value: `r${index + 1}`, label })) },
  },
  form: { about: 'The button opens a form.', more: form },
  answered: {
    about: 'The first answer ends it, here and elsewhere.',
    more: { state: 'answered', answers: [{ ...ada, said: ['Frankfurt'], reason: 'Ireland is on fire' }] },
  },
  'form-answered': {
    about: 'Each field that was filled in is a line.',
    more: {
      ...form,
      state: 'answered',
      answers: [
        { ...ada, said: ['What do they see?: No payment goes through.', 'Are their orders safe?: yes'] },
      ],
    },
  },
  parked: {
    about: 'A step of the run has failed for good: what is demanded beside the decision, a form asks for.',
    more: parked(
      `Its input: {"incidentId":"Q1DWGPWQ3Y9XJR","purpose":"hand-over","summary":"Take over"}`,
      true,
    ),
  },
  'parked-uncertain': {
    about: 'The step may have been made, so there is no other input.',
    more: parked(
      'An attempt that began at 2026-11-26T09:12:00.000Z may have made it, so a retry looks first, with the same input.',
      false,
    ),
  },
  unparked: {
    about: 'Somebody has decided.',
    more: {
      ...parked('Its input: {"incidentId":"Q1DWGPWQ3Y9XJR","summary":"Take over"}', true),
      state: 'answered',
      answers: [{ ...ada, said: ['Retry', 'with project: WEB'], reason: 'OPS is closed' }],
    },
  },
  expired: {
    about: 'Nobody answered in time.',
    more: { state: 'expired', closedBecause: 'nobody answered in time' },
  },
  withdrawn: {
    about: 'Its run needs no answer any more.',
    more: { state: 'withdrawn', closedBecause: 'the incident was resolved by Ada Lopez' },
  },
};

export const questionStates = Object.entries(states).map(([name, { about, more }]) => ({
  name: `question-${name}`,
  about,
  body: questionBody(questionSchema.parse({ ...asked, ...more }), undefined),
}));
