import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import type { ChangeAction } from './calls.ts';
import { throwFailure } from './failures.ts';
import { instanceIds } from './input.ts';
import { ec2At, place } from './region.ts';

const actions: Record<'reboot' | 'stop' | 'start', ChangeAction> = {
  reboot: 'ec2:RebootInstances',
  stop: 'ec2:StopInstances',
  start: 'ec2:StartInstances',
};

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
  async run({ call, instanceIds, ...at }, { ec2, attempt: { signal } }) {
    const region = await ec2At({ ec2 }, at);
    try {
      await region.dryRun({ action: actions[call], instanceIds }, signal);
      return { allowed: true, reason: 'the dry run passed' };
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'UnauthorizedOperation') return { allowed: false, reason: message.slice(0, 300) };
      return throwFailure(error);
    }
  },
});
