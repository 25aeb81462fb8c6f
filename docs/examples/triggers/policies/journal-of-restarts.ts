import { defineJournalPolicy } from '../../../../triggers/journal-policy.ts';
import { ec2UnhealthyRestart } from '../../../../workflows/ec2-unhealthy-restart.ts';

export const journalOfRestarts = defineJournalPolicy({ workflow: ec2UnhealthyRestart, changes: 'all' });
