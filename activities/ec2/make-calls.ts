import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Ec2 } from './client.ts';
import { throwFailure, withPartMade } from './failures.ts';

/**
 * Makes the calls of the plan, in the order in which people were shown them, and gives EC2's answers. All keys are there before the first
 * call; where a later one fails, the failure says what was made before.
 */
export async function makeCalls<Answer>(
  ec2: Ec2,
  signal: AbortSignal,
  make: (client: EC2Client, instanceIds: string[]) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const made: string[] = [];
  for (const { client, instanceIds } of await ec2.toMake(signal)) {
    const answer = make(client, [...instanceIds]).catch(throwFailure);
    answers.push(
      await answer.catch((failure: unknown) => {
        throw made.length > 0 ? withPartMade(failure, made) : failure;
      }),
    );
    made.push(...instanceIds);
  }
  return answers;
}
