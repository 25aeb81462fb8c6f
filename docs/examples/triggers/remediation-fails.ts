import { paging } from '../../../triggers/paged-run.ts';
import { runs } from '../../../triggers/runs.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';

export const remediationFails = defineTrigger({
  name: 'remediation-fails',
  ...runs({ tags: ['remediation'], states: ['failed', 'timed out'] }),
  ...paging({ connection: 'platform', severity: { TimedOut: 'critical', default: 'warning' } }),
});
