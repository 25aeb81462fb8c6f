import type { Policies } from '../../domain/policies.ts';
import { journalPolicyList } from '../journal-policy.ts';
import { pagePolicyList } from '../page-policy.ts';
import { subscriptions } from '../subscriptions/index.ts';
import { deployments } from './deployments.ts';
import { heartbeats } from './heartbeats.ts';
import { journalOfEveryWorkflow } from './journal-of-every-workflow.ts';
import { monitors } from './monitors.ts';
import { pagesOfEveryWorkflow } from './pages-of-every-workflow.ts';
import { urgentIncidents } from './urgent-incidents.ts';

/** How failed runs are paged for. */
export const pagePolicies = pagePolicyList([pagesOfEveryWorkflow]);

/** Which changes PagerDuty is told of. */
export const journalPolicies = journalPolicyList([journalOfEveryWorkflow]);

export const policies: Policies = {
  pages: pagePolicies,
  journal: journalPolicies,
  deployments,
  heartbeats,
  monitors,
  subscriptions,
  urgent: urgentIncidents,
};
