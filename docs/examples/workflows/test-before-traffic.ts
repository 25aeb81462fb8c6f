import { steps } from '../../../workflows/kit/activities.ts';
import { httpRequestAndWait } from '../../../workflows/kit/await-callback.ts';
import { healthy } from '../../../workflows/kit/run.ts';

export interface TestBeforeTrafficInput {
  incidentId: string;
  environment: string;
}

const verdict = {
  type: 'object',
  properties: {
    result: { type: 'string', enum: ['pass', 'fail'] },
    report: { type: 'string', maxLength: 500 },
  },
  required: ['result'],
} as const;

/** Has the load test run elsewhere, and notes what came of it. */
export async function testBeforeTraffic({
  incidentId,
  environment,
}: TestBeforeTrafficInput): Promise<string> {
  const tested = await httpRequestAndWait({
    schema: verdict,
    timeout: '2 hours',
    request: (callback) => ({
      method: 'POST',
      url: 'https://load.example.com/tests',
      body: { environment, users: 200, notify: callback.url },
      repeatable: true,
    }),
  });
  if ('expired' in tested) return 'no verdict';
  const { result, report = 'no report' } = tested.data;
  await steps.addPagerDutyNote({ incidentId, note: `The load test says ${result}: ${report}` });
  return result === 'pass' ? healthy('passed') : 'failed';
}
