import type { STSClient } from '@aws-sdk/client-sts';
import { notYet, refused } from '../failures.ts';
import type { Use } from '../provider.ts';
import { toldName } from '../told-name.ts';
import type { InstanceCall } from './calls.ts';
import { PackedPolicyTooLarge, throwRoleFailure } from './failures.ts';
import { divided, longestPolicy, type Place, policyFor } from './policy.ts';

/** Keys of a session. They stay within the attempt that asked for them: nothing keeps, tells or logs them. */
export interface SessionKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** A role that is assumed for each use, with a policy that allows no more than that use. */
export interface Role extends Place {
  arn: string;
  /** Throws `PackedPolicyTooLarge` where AWS cannot pack the policy. */
  assume(policy: string, use: Use, signal?: AbortSignal): Promise<SessionKeys>;
}

/** The shortest that AWS gives, and 90 times what an attempt takes. */
const sessionSeconds = 900;

/**
 * What a session's name and its source identity may hold.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, `RoleSessionName` and `SourceIdentity`: 2 to 64 of them.
 */
const fits = /^[\w+=,.@-]$/;
const mostCharacters = 64;

/** A run's id as the name of a session: `ec2-unhealthy.PABC123`. */
export const sessionName = (run: string): string =>
  toldName(run.replaceAll('/', '.'), { most: mostCharacters, fits }).padEnd(2, '-');

/**
 * Who answers for it, as CloudTrail shows it with every call of the session: a person's address as it is, all others with what they are
 * before their name, `trigger=ec2-unhealthy`. Only an address has an `@`, so that a policy can tell people from the rest.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
 */
export function sourceIdentity(by: string): string {
  const person = /^person:([^\s@]+@[^\s@]+)$/.exec(by)?.[1];
  const name = person ?? by.replace(':', '=').replaceAll('@', '-');
  return toldName(name, { most: mostCharacters, fits }).padEnd(2, '-');
}

export function roleOf(
  arn: string,
  region: string,
  sdk: typeof import('@aws-sdk/client-sts'),
  client: STSClient,
): Role {
  const [, partition = 'aws'] = arn.split(':');
  return {
    arn,
    partition,
    region,
    async assume(policy, { run, by }, signal) {
      const identity = sourceIdentity(by);
      const command = new sdk.AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: sessionName(run),
        SourceIdentity: identity,
        DurationSeconds: sessionSeconds,
        Policy: policy,
      });
      const { Credentials: keys } = await client
        .send(command, signal ? { abortSignal: signal } : {})
        .catch((error: unknown) => throwRoleFailure(error, { arn, identity }));
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = keys ?? {};
      if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
        throw notYet('AWS STS', 'its answer is not STS’s', 5);
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        expiration: Expiration,
      };
    },
  };
}

/** Some of a plan's calls, and the keys that allow just these. */
export interface Lot {
  calls: readonly InstanceCall[];
  keys: SessionKeys;
}

/**
 * Keys for all the calls together; where their policy is too long, for each call by itself, or for parts of its instances. All of them are
 * there before the first call is made, so that what fails here has changed nothing.
 */
export async function keysFor(
  calls: readonly InstanceCall[],
  role: Role,
  use: Use,
  signal: AbortSignal,
): Promise<Lot[]> {
  const policy = policyFor(calls, role);
  if (policy.length <= longestPolicy) {
    const keys = await role.assume(policy, use, signal).catch((error: unknown) => {
      if (!(error instanceof PackedPolicyTooLarge)) throw error;
    });
    if (keys) return [{ calls, keys }];
  }
  const lots = divided(calls);
  if (!lots)
    throw refused('AWS STS', `it cannot pack the session policy for ${calls[0]?.action ?? 'nothing'}`);
  return (await Promise.all(lots.map((lot) => keysFor(lot, role, use, signal)))).flat();
}
