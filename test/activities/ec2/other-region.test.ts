import { describe, expect, it } from 'vitest';
import type { AnyActivity } from '../../../activities/activity.ts';
import { listEc2Instances } from '../../../activities/ec2/list-instances.ts';
import { activities } from '../../../activities/index.ts';
import { failureOf } from '../run.ts';
import { checkout, startRegion } from './region.ts';

const all: readonly AnyActivity[] = activities.filter(({ provider }) => provider === 'ec2');

describe('instances that are said to be in a region', () => {
  it.each(all.map((activity) => [activity.name, activity] as const))(
    'of another connection are refused before EC2 is asked: %s',
    async (_, activity) => {
      const { simulator, run } = await startRegion({ AWS_REGION: 'eu-central-1' });
      expect(await failureOf(run(activity, { ...activity.example, region: 'us-east-1' }))).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringMatching(
          /said to be in us-east-1, and the connection default is of eu-central-1/,
        ),
      });
      expect(simulator.calls).toEqual([]);
    },
  );

  it('are read where it is the connection’s', async () => {
    const { run } = await startRegion({ AWS_REGION: 'eu-central-1' });
    const { instances } = await run(listEc2Instances, { instanceIds: [checkout], region: 'eu-central-1' });
    expect(instances.map(({ id }) => id)).toEqual([checkout]);
  });
});
