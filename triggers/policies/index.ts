import { pagePolicyList } from '../page-policy.ts';
import { pagesOfEveryWorkflow } from './pages-of-every-workflow.ts';

/** How failed runs are paged for. */
export const pagePolicies = pagePolicyList([pagesOfEveryWorkflow]);
