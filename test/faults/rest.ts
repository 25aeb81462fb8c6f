import type { Client } from '@temporalio/client';
import { eventually, type Providers } from '../world.ts';

/** What has to come to rest: a Baton, the simulated PagerDuty that sends to it, and the Temporal of its runs. */
interface Parts {
  url: string;
  client: Client;
  providers: Pick<Providers, 'pagerDuty'>;
}

/** Resolves when all webhooks have arrived, all events are settled, and no run has anything under way. */
export async function untilAtRest({ url, client, providers }: Parts, milliseconds = 90_000): Promise<void> {
  const isDelivered = async () => {
    if (providers.pagerDuty.world.pendingWebhooks.length > 0) return false;
    const answer = await fetch(`${url}/metrics`);
    return (await answer.text()).includes('\nbaton_inbox_pending 0\n');
  };
  // A run may cause an event, and an event is told to runs: so the events are looked at before and after the runs.
  await eventually(
    'all to come to rest',
    async () => (await isDelivered()) && (await isIdle(client)) && (await isDelivered()),
    milliseconds,
  );
}

/** A run that waits for a timer or an event is idle; one whose activity is tried again is not. */
async function isIdle({ workflow }: Client): Promise<boolean> {
  for await (const { workflowId } of workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    const { raw } = await workflow.getHandle(workflowId).describe();
    if (raw.pendingWorkflowTask || raw.pendingActivities?.length) return false;
  }
  return true;
}
