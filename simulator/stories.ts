import { type DemoStory, demoStories } from '../domain/demo-stories.ts';
import { impair, restedInstance } from './ec2.ts';
import type { RunningSimulators } from './index.ts';
import { crashLoop } from './kubernetes.ts';
import { type PagerDutySimulator, raiseIncident } from './pagerduty.ts';
import { lookInto } from './pagerduty-person.ts';
import type { Pace } from './provider.ts';
import { pressButton } from './slack-person.ts';

/** The incidents that can be played. */
export const stories = Object.keys(demoStories) as readonly DemoStory[];
export type Story = DemoStory;

interface Play {
  story?: Story | undefined;
  webhookUrl: string;
  pace: Pace;
}

/** Raises a story's incident, and does in the other simulated providers what belongs to it. Returns the incident's id. */
export function playStory(
  { pagerduty, slack, kubernetes, ec2 }: RunningSimulators & { pagerduty: PagerDutySimulator },
  { story = 'unhealthy-instance', webhookUrl, pace }: Play,
): string {
  switch (story) {
    case 'unhealthy-instance': {
      const instance = ec2 ? restedInstance(ec2) : 'i-0abc12345def67890';
      if (ec2) impair(ec2, instance);
      const id = raiseInstance(pagerduty, instance, 'Checkout');
      lookInto(pagerduty, id, pace.timeScale);
      return id;
    }
    case 'untagged-instance':
      if (ec2) impair(ec2, 'i-0def12345abc67890');
      return raiseInstance(pagerduty, 'i-0def12345abc67890', 'Search');
    case 'crash-loop':
      if (kubernetes) crashLoop(kubernetes, 'shop', 'checkout');
      return raiseIncident(pagerduty, {
        title: 'CrashLoopBackOff in shop/checkout',
        service: 'Checkout',
        alert: {
          key: `kubernetes/shop/checkout/${Date.now()}`,
          severity: 'critical',
          summary: 'A pod of shop/checkout restarts again and again',
          details: { namespace: 'shop', deployment: 'checkout' },
        },
      });
    case 'acknowledged-in-slack': {
      const id = raiseIncident(pagerduty, { title: 'Search p99 latency above 2 s', service: 'Search' });
      if (slack)
        pressButton(slack, { actionId: 'acknowledge', incidentId: id, userId: 'U0ADA', to: webhookUrl });
      return id;
    }
  }
}

/** So many incidents at once, all of one service. */
export const playStorm = (pagerduty: PagerDutySimulator, incidents: number): string[] =>
  Array.from({ length: incidents }, (_, index) =>
    raiseIncident(pagerduty, {
      title: `Checkout p99 latency above 2 s, ${index + 1} of ${incidents}`,
      service: 'Checkout',
    }),
  );

function raiseInstance(pagerDuty: PagerDutySimulator, instanceId: string, service: string): string {
  return raiseIncident(pagerDuty, {
    title: `EC2 ${instanceId} StatusCheckFailed`,
    service,
    alert: {
      key: `ec2/${instanceId}/StatusCheckFailed/${Date.now()}`,
      severity: 'critical',
      summary: `${instanceId} fails its instance status check`,
      details: { instance: instanceId, metric: 'StatusCheckFailed_Instance', region: 'eu-central-1' },
    },
  });
}
