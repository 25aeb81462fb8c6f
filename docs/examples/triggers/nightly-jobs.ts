import { followJobs } from '../../../triggers/jobs.ts';

export const nightlyJobs = followJobs({
  name: 'nightly-jobs',
  source: 'batch',
  finishWithin: '2 hours',
  severity: { failed: 'error', 'timed out': 'critical', cancelled: 'info', overdue: 'warning' },
  connection: 'platform',
});
