import { type ParkedStep, parkedSummary, parkForm } from '../../domain/park.ts';
import type { QuestionRequest } from '../../domain/question.ts';
import { fresh } from './world.ts';

export const regions = {
  options: [
    { value: 'eu-west-1', label: 'Ireland' },
    { value: 'eu-central-1', label: 'Frankfurt', description: 'It has room for half of the load' },
  ],
};

export const impact = {
  fields: [
    { name: 'seen', label: 'What do customers see?', type: 'longText', required: true, most: 200 },
    { name: 'users', type: 'integer', required: false },
    { name: 'isPublic', label: 'Is it known outside?', type: 'boolean', required: true },
    { name: 'area', type: 'choice', required: false, choices: ['checkout', 'search'] },
  ],
} as const;

/** What a run asks, unless told otherwise: which region takes over. */
export function question(changes: Partial<QuestionRequest> = {}): QuestionRequest {
  return {
    key: fresh('key-'),
    runId: fresh('fail-over/P'),
    workflow: 'failOver',
    trigger: 'fail-over',
    summary: 'Which region takes over?',
    form: regions,
    digest: 'd1d2d3',
    approvers: {},
    requestedBy: [],
    expiresInSeconds: 900,
    ...changes,
  };
}

/** What is asked where a run is parked at the issue that it wanted to make. */
export function parkedAt(
  changes: Partial<QuestionRequest> = {},
  step: Partial<ParkedStep> = {},
): QuestionRequest {
  const parked: ParkedStep = {
    step: 'createJiraIssue',
    input: { incidentId: 'P1', summary: 'It is down', text: 'All that is known.' },
    failure: { class: 'ProviderRefused', message: 'Jira refused (403): no project OPS' },
    effects: [fresh('hand-over/P1#createJiraIssue#')],
    ...step,
  };
  return question({ summary: parkedSummary(parked), form: parkForm(parked), parked, ...changes });
}
