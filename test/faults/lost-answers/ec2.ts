import { impair } from '../../../simulator/ec2.ts';
import type { Providers } from '../../world.ts';
import type { Cases } from './case.ts';

/** The one that Baton may reboot from the start, and another that gets the tag here. */
const tagged = 'i-0abc12345def67890';
const other = 'i-0def12345abc67890';

function setState({ ec2 }: Providers, id: string, state: 'running' | 'stopped'): void {
  const found = ec2.world.instances.find((each) => each.id === id);
  if (!found) throw new Error(`No instance ${id}`);
  found.tags['baton:restart'] = 'allowed';
  found.state = state;
  delete found.changedAt;
}

export const ec2Cases: Cases = {
  rebootEc2Instances: [
    {
      input: ({ ec2 }) => {
        impair(ec2, tagged);
        return { instanceIds: [tagged] };
      },
      cut: 'Action=RebootInstances',
      effects: ['instance rebooted'],
      mayEndIn: 'Conflict',
    },
  ],
  startEc2Instances: [
    {
      input: (world) => {
        setState(world, other, 'stopped');
        return { instanceIds: [other] };
      },
      cut: 'Action=StartInstances',
      effects: ['instance started'],
    },
  ],
  stopEc2Instances: [
    {
      input: (world) => {
        setState(world, other, 'running');
        return { instanceIds: [other] };
      },
      cut: 'Action=StopInstances',
      effects: ['instance stopped'],
    },
  ],
};
