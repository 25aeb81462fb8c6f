import { refused } from '../failures.ts';
import { findingOf, untold } from '../finding.ts';
import type { Check, Finding } from '../provider.ts';
import { tag } from './allowed.ts';
import type { Ec2 } from './client.ts';
import { throwFailure } from './failures.ts';
import { findInstances } from './instances.ts';
import { lookPolicy } from './policy.ts';

const dryRuns = ['ec2:RebootInstances', 'ec2:StopInstances', 'ec2:StartInstances', 'ec2:GetConsoleOutput'];
/** EC2 takes no less for a page. */
const fewest = 5;
const allow = (right: string) => `allow ${right} in the policy of Baton’s role (deploy/iam-policy.json)`;

/**
 * Looks for real, and changes by a dry run, which needs an instance: one whose owner lets machines restart it, as the shipped policy
 * demands that of the target. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
 */
export const checkEc2: Check<Ec2> = async (ec2, signal, { rights }) => {
  const { client, sdk, region } = ec2;
  const options = { abortSignal: signal };
  const aboutRole = await roleFindings(ec2, signal);
  if (aboutRole.some(({ ok }) => !ok))
    return [...aboutRole, ...untold(rights, 'the role that has it cannot be assumed')];
  await findAny(ec2, signal);
  const looks: Record<string, () => Promise<unknown>> = {
    'ec2:DescribeInstances': () =>
      client.send(new sdk.DescribeInstancesCommand({ MaxResults: fewest }), options).catch(throwFailure),
    'ec2:DescribeInstanceStatus': () =>
      client.send(new sdk.DescribeInstanceStatusCommand({ MaxResults: fewest }), options).catch(throwFailure),
  };
  const tagged = await findTagged(ec2, signal);
  const about = async (right: string): Promise<Finding> => {
    const look = looks[right];
    if (look) return findingOf(right, look, allow(right));
    if (!dryRuns.includes(right))
      return { what: right, ok: undefined, reason: 'there is no harmless call that tells it' };
    if (typeof tagged !== 'string') return { what: right, ok: undefined, reason: tagged.reason };
    const call = { action: right, instanceIds: [tagged] };
    return findingOf(right, () => ec2.dryRun(call, signal).catch(throwFailure), allow(right));
  };
  const findings = await Promise.all(rights.map(about));
  return [...aboutRole, ...findings, { what: 'AWS_REGION', ok: true, reason: region }];
};

/** Assumes the role as a look does, which changes nothing. Whoever may not set a source identity may assume it for nobody. */
async function roleFindings({ role }: Ec2, signal: AbortSignal): Promise<Finding[]> {
  if (!role) return [];
  const assume = () => role.assume(lookPolicy, { run: 'doctor', by: 'baton' }, signal);
  const found = await findingOf('sts:AssumeRole', assume, 'or set EC2_ROLE_ARN to another role');
  const identity = { what: 'sts:SetSourceIdentity', ok: found.ok };
  if (found.ok) return [{ ...found, reason: role.arn }, identity];
  const isIdentity = found.reason?.includes('perform: sts:SetSourceIdentity');
  return isIdentity ? [{ ...found, ...identity }] : [found];
}

/** Names the region where it is none, and lets what is refused for another reason be found right by right. */
async function findAny({ client, sdk, region }: Ec2, signal: AbortSignal): Promise<void> {
  const look = new sdk.DescribeInstancesCommand({ MaxResults: fewest });
  await client.send(look, { abortSignal: signal }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTFOUND')
      throw refused('EC2', `there is no EC2 in the region ${region}; set AWS_REGION to one that exists`);
    if (error.name === 'OptInRequired')
      throw refused(
        'EC2',
        `the account does not use the region ${region}; enable it, or set AWS_REGION to another`,
      );
    if (error.name !== 'UnauthorizedOperation') throwFailure(error);
  });
}

/** The id of an instance to try a dry run on, or why there is none. */
async function findTagged(ec2: Ec2, signal: AbortSignal): Promise<string | { reason: string }> {
  const filters = [{ Name: `tag:${tag}`, Values: ['allowed'] }];
  const none = {
    reason: `a dry run needs an instance with the tag ${tag} = allowed, and none was found in ${ec2.region}`,
  };
  const found = await findInstances(ec2, filters, signal).catch(() => []);
  return found.find(({ state }) => state === 'running' || state === 'stopped')?.id ?? none;
}
