import { defineJournalPolicy } from '../journal-policy.ts';

/** PagerDuty shows what was destroyed, restarted or scaled beside the incidents of the service. */
export const journalOfEveryWorkflow = defineJournalPolicy({ workflow: 'all', changes: 'destructive' });
