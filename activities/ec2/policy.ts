import type { InstanceCall } from './calls.ts';

/** Where a role's instances are: of its partition and region, whatever their account, as a session is of one account anyway. */
export interface Place {
  partition: string;
  region: string;
}

/**
 * How long an inline session policy may be. AWS packs it besides, and has a limit on that of which it tells only in its answer.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, `Policy`
 */
export const longestPolicy = 2_048;

const policyWith = (statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/**
 * What looks at instances, and nothing that changes one. The role's own policy says which of it there is: a session may do what both allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 */
export const lookPolicy = policyWith([
  { Effect: 'Allow', Action: ['ec2:Describe*', 'ec2:GetConsoleOutput'], Resource: '*' },
]);

/** The calls themselves, on the very instances. */
export const policyFor = (calls: readonly InstanceCall[], place: Place): string =>
  policyWith(
    calls.map(({ action, instanceIds }) => ({
      Effect: 'Allow',
      Action: action,
      Resource: instanceIds.map((id) => instanceArn(id, place)),
    })),
  );

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-instance */
const instanceArn = (id: string, { partition, region }: Place) =>
  `arn:${partition}:ec2:${region}:*:instance/${id}`;

/** The same calls in smaller lots: each by itself, and a single one by halves of its instances. Undefined where there is nothing to divide. */
export function divided(calls: readonly InstanceCall[]): InstanceCall[][] | undefined {
  const [call, ...others] = calls;
  if (!call) return undefined;
  if (others.length > 0) return calls.map((each) => [each]);
  const { action, instanceIds } = call;
  if (instanceIds.length < 2) return undefined;
  const middle = Math.ceil(instanceIds.length / 2);
  return [instanceIds.slice(0, middle), instanceIds.slice(middle)].map((half) => [
    { action, instanceIds: half },
  ]);
}
