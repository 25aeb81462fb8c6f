import { setTimeout as pause } from 'node:timers/promises';
import { byId } from './pagerduty/world.ts';
import type { PagerDutySimulator } from './pagerduty.ts';

const judgeAfterSeconds = 40;
const tellAfterSeconds = 80;

/**
 * Somebody looks into an incident in PagerDuty: after 40 s they say how bad it is, after 80 s what they see, both in the simulated
 * time. Goes on by itself; once the incident is resolved they leave it.
 */
export function lookInto(pagerDuty: PagerDutySimulator, incidentId: string, timeScale: number): void {
  void look(pagerDuty, incidentId, timeScale).catch(() => {});
}

async function look(pagerDuty: PagerDutySimulator, incidentId: string, timeScale: number): Promise<void> {
  const { account, world } = pagerDuty;
  const userId = 'PBENOKA';
  const open = async (seconds: number) => {
    await pause((seconds * 1000) / timeScale, undefined, { ref: false });
    const incident = byId(world.incidents, incidentId);
    return incident?.status === 'resolved' ? undefined : incident;
  };
  const unjudged = await open(judgeAfterSeconds);
  const priority = world.priorities.find(({ name }) => name === 'P2');
  if (!unjudged || !priority) return;
  account.setPriority(unjudged, priority.id, { type: 'user', id: userId });
  const untold = await open(tellAfterSeconds - judgeAfterSeconds);
  if (untold) account.annotate(untold, 'Some customers cannot check out. I am watching.', userId);
  pagerDuty.save();
}
