import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { throwFailure } from './failures.ts';
import { instanceIds } from './input.ts';
import { ec2At, place } from './region.ts';

/** EC2's dry run: 412 `DryRunOperation` means that the call would have been made, 403 that it would be refused. */
export const checkEc2Access = defineActivity({
  name: 'checkEc2Access',
  kind: 'read',
  provider: 'ec2',
  summary: 'Checks by a dry run whether a call on instances would be allowed',
  permissions: ['ec2:RebootInstances', 'ec2:StopInstances', 'ec2:StartInstances'],
  input: z.object({ ...place, call: z.enum(['reboot', 'stop', 'start']), instanceIds }),
  output: z.object({ allowed: z.boolean(), reason: z.string() }),
  example: { call: 'reboot', instanceIds: ['i-0abc12345def67890'] },
  async run({ call, instanceIds: InstanceIds, ...at }, { ec2, attempt: { signal } }) {
    const { client, sdk } = await ec2At({ ec2 }, at);
    const input = { InstanceIds, DryRun: true };
    const options = { abortSignal: signal };
    const dryRuns = {
      reboot: () => client.send(new sdk.RebootInstancesCommand(input), options),
      stop: () => client.send(new sdk.StopInstancesCommand(input), options),
      start: () => client.send(new sdk.StartInstancesCommand(input), options),
    };
    try {
      await dryRuns[call]();
      return { allowed: true, reason: 'the dry run was answered as a call' };
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'DryRunOperation') return { allowed: true, reason: 'the dry run passed' };
      if (name === 'UnauthorizedOperation') return { allowed: false, reason: message.slice(0, 300) };
      return throwFailure(error);
    }
  },
});
