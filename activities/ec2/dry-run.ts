import type { DryRun, Plan } from '../../domain/plan.ts';
import type { ActivityContext } from '../activity.ts';
import { callIn } from './calls.ts';
import { throwFailure } from './failures.ts';
import { ec2At } from './region.ts';

/** A refusal ends in a code of hundreds of letters, which only AWS can read (sts:DecodeAuthorizationMessage). */
const code = / ?Encoded authorization failure message: \S*/;

/**
 * Makes a plan's calls with `DryRun`, which EC2 never answers as calls: 412 `DryRunOperation` where it would make it, 403
 * `UnauthorizedOperation` where a right is missing. Of the state of an instance it says nothing.
 */
export async function dryRunOf(
  { calls }: Pick<Plan, 'calls'>,
  at: Parameters<typeof ec2At>[1],
  context: ActivityContext,
): Promise<DryRun> {
  const region = await ec2At(context, at);
  for (const call of calls.map(callIn)) {
    try {
      await region.dryRun(call, context.attempt.signal);
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'UnauthorizedOperation') return throwFailure(error);
      // The role may allow it to people alone (deploy/iam-role-policy.json), and nobody has approved it yet.
      if (region.role && context.attempt.approved)
        return {
          outcome: 'unknown',
          said: `EC2 refuses ${call.action} to Baton alone. Once somebody approves it, it is asked in that person's name`,
        };
      const reason = message.replace(code, '').slice(0, 300);
      return { outcome: 'refused', said: `EC2 would refuse it: ${call.action} is not allowed (${reason})` };
    }
  }
  return { outcome: 'accepted', said: 'EC2 would do it' };
}
