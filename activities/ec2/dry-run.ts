import type { DryRun } from '../../domain/plan.ts';
import { throwFailure } from './failures.ts';

/** A refusal ends in a code of hundreds of letters, which only AWS can read (sts:DecodeAuthorizationMessage). */
const code = / ?Encoded authorization failure message: \S*/;

/**
 * Makes a call with `DryRun`, which EC2 never answers as a call: 412 `DryRunOperation` where it would make it, 403 `UnauthorizedOperation`
 * where a right is missing. Of the state of an instance it says nothing. `right`: what the call needs, as policies have it.
 */
export async function dryRun(right: string, call: () => Promise<unknown>): Promise<DryRun> {
  try {
    await call();
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'DryRunOperation') return { outcome: 'accepted', said: 'EC2 would do it' };
    if (name !== 'UnauthorizedOperation') return throwFailure(error);
    const reason = message.replace(code, '').slice(0, 300);
    return { outcome: 'refused', said: `EC2 would refuse it: ${right} is not allowed (${reason})` };
  }
  throw new Error('EC2 has answered a dry run as a call');
}
