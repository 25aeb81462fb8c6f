import type { z } from 'zod';
import type { OperationNamed } from '../server/operations/index.ts';
import { span } from './pack.ts';

type Numbers = z.output<OperationNamed<'incidents.numbers'>['output']>['workflows'][number];

export const workflowHead = [
  'WORKFLOW',
  'RUNS',
  'SUCCESS',
  'FALSE POSITIVES',
  'COMPLETED',
  'FAILED',
  'STOPPED',
  'REFUSED',
  'NOT NEEDED',
  'LIVE',
  'HELPED',
  'NOT HELPED',
  'ACKNOWLEDGED AFTER',
  'RESOLVED AFTER',
];

/** What became of the runs of one workflow, a cell for each column. What is none is left empty. */
export function workflowCells(of: Numbers): string[] {
  const { workflow, runs, successRate, falsePositives, completed, failed, stopped, refused } = of;
  const { notNeeded, live, helped, notHelped, acknowledged, resolved } = of;
  const counts = [completed, failed, stopped, refused, notNeeded, live, helped, notHelped];
  const after = ({ medianSeconds }: typeof resolved) =>
    medianSeconds === undefined ? '-' : span(medianSeconds);
  return [
    workflow,
    String(runs),
    successRate === undefined ? '-' : `${Math.round(successRate * 100)} %`,
    String(falsePositives),
    ...counts.map((count) => (count === 0 ? '-' : String(count))),
    after(acknowledged),
    after(resolved),
  ];
}
