import type { World } from '../../world.ts';
import type { Cases } from './case.ts';

/** The only one that Baton may reboot without asking, and another. */
const tagged = 'i-0abc12345def67890';
const untagged = 'i-0def12345abc67890';

function setState({ ec2 }: World, id: string, state: 'running' | 'stopped'): void {
  const found = ec2.world.instances.find((each) => each.id === id);
  if (!found) throw new Error(`No instance ${id}`);
  found.state = state;
  delete found.changedAt;
}

export const ec2Cases: Cases = {
  rebootEc2Instances: [
    {
      input: () => ({ instanceIds: [tagged] }),
      cut: 'Action=RebootInstances',
      effects: ['instance rebooted'],
      mayEndIn: 'Conflict',
    },
  ],
  startEc2Instances: [
    {
      input: (world) => {
        setState(world, untagged, 'stopped');
        return { instanceIds: [untagged] };
      },
      cut: 'Action=StartInstances',
      effects: ['instance started'],
    },
  ],
  stopEc2Instances: [
    {
      input: (world) => {
        setState(world, untagged, 'running');
        return { instanceIds: [untagged] };
      },
      cut: 'Action=StopInstances',
      effects: ['instance stopped'],
    },
  ],
};
