import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { steps } from '../../workflows/kit/activities.ts';

export const goOn = defineSignal('goOn');

/** A read, a pause, and three changes of three kinds. It ends when it is told so, and gives what the changes gave. */
export async function rebootAndTell({ incidentId, instance }: { incidentId: string; instance: string }) {
  let signals = 0;
  setHandler(goOn, () => {
    signals += 1;
  });
  await steps.readPagerDutyIncident({ incidentId });
  await condition(() => signals > 0);
  await steps.listPagerDutyAlerts({ incidentId });
  const reboot = await steps.rebootEc2Instances({ instanceIds: [instance] });
  const acknowledgement = await steps.acknowledgePagerDutyIncident({ incidentId });
  const note = await steps.addPagerDutyNote({ incidentId, note: 'Rebooted.' });
  await condition(() => signals > 1);
  return { reboot, acknowledged: acknowledgement.incident.status, note };
}

export async function rebootAll(instanceIds: string[]) {
  return (await steps.rebootEc2Instances({ instanceIds })).changed;
}

export async function rebootTwice(instanceIds: string[]) {
  await steps.rebootEc2Instances({ instanceIds });
  return (await steps.rebootEc2Instances({ instanceIds })).changed;
}

export async function stopThenStart(instanceIds: string[]) {
  await steps.stopEc2Instances({ instanceIds });
  await sleep('200 milliseconds');
  await steps.startEc2Instances({ instanceIds });
}

export async function acknowledge(incidentId: string) {
  await steps.acknowledgePagerDutyIncident({ incidentId });
  return (await steps.readPagerDutyIncident({ incidentId })).status;
}
