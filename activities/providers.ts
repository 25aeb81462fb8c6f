import { ec2 } from './ec2/provider.ts';
import { jira } from './jira/provider.ts';
import { kubernetes } from './kubernetes/provider.ts';
import { pagerDuty } from './pagerduty/provider.ts';
import { slack } from './slack/provider.ts';

/** Every provider that Baton can be connected to, one line each. */
export const providers = [pagerDuty, slack, jira, kubernetes, ec2] as const;
