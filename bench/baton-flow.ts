import { steps } from '../workflows/kit/activities.ts';

/** The three calls of the benchmark, as a Baton runbook makes them. */
export async function batonFlow({
  incidentId,
  channelId,
}: {
  incidentId: string;
  channelId: string;
}): Promise<void> {
  const { alerts } = await steps.listPagerDutyAlerts({ incidentId });
  await steps.postSlackMessage({ channelId, text: `${incidentId}: ${alerts.length} alerts` });
  await steps.acknowledgePagerDutyIncident({ incidentId });
}
