import type { Clients } from './clients.ts';
import { checkEc2 } from './ec2/check.ts';
import { checkJira } from './jira/check.ts';
import { checkKubernetes } from './kubernetes/check.ts';
import { checkPagerDuty } from './pagerduty/check.ts';
import { testPagerDutyEvents } from './pagerduty/test-events.ts';
import type { Check, Provider } from './provider.ts';
import { checkSlack } from './slack/check.ts';

type ClientOf<Name extends keyof Clients> = Awaited<ReturnType<Clients[Name]>>;

/** How each provider is checked and tested. */
export type Checks = {
  [Name in keyof Clients]: {
    title: string;
    check: Check<ClientOf<Name>>;
    test?: NonNullable<Provider<Name, never, ClientOf<Name>>['test']>;
  };
};

export const checks: Checks = {
  pagerduty: { title: 'PagerDuty', check: checkPagerDuty, test: testPagerDutyEvents },
  slack: { title: 'Slack', check: checkSlack },
  jira: { title: 'Jira', check: checkJira },
  kubernetes: { title: 'Kubernetes', check: checkKubernetes },
  ec2: { title: 'EC2', check: checkEc2 },
};
