import { usualSeverities } from '../../domain/page.ts';
import { definePagePolicy } from '../page-policy.ts';

/** Every failed run pages, whoever has started it. A workflow has it otherwise by a policy of its own: one more file like this. */
export const pagesOfEveryWorkflow = definePagePolicy({ workflow: 'all', severity: usualSeverities });
