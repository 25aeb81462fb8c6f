import { proxyActivities } from '@temporalio/workflow';
import type { RawActivities } from './raw-activities.ts';

const { listAlerts, postMessage, acknowledge } = proxyActivities<RawActivities>({
  startToCloseTimeout: '15 seconds',
});

/** The same three calls as Baton's run makes, as one writes them by hand. */
export async function rawFlow({
  incidentId,
  channelId,
}: {
  incidentId: string;
  channelId: string;
}): Promise<void> {
  const alerts = await listAlerts(incidentId);
  await postMessage(channelId, `${incidentId}: ${alerts} alerts`);
  await acknowledge(incidentId);
}
