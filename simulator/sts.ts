import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsError, escapeXml, type Signature } from './aws-request.ts';
import { allows, type Policy } from './iam.ts';

export interface SimulatedRole {
  arn: string;
  /** Who may assume it. */
  trust: Policy;
  /** What it may do. */
  policy: Policy;
  maxSeconds: number;
}

/** What was assumed. The keys' secrets follow from the id of the key and the start's own secret, and are in no world. */
export interface SimulatedSession {
  accessKeyId: string;
  roleArn: string;
  name: string;
  sourceIdentity: string | undefined;
  /** The session policy as it was sent; undefined: the role's own is the only one. */
  policy: string | undefined;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface StsWorld {
  /** Of the base key: what it may do, in its account. */
  account: string;
  identity: { arn: string; policy: Policy };
  roles: SimulatedRole[];
  sessions: SimulatedSession[];
  /** How long a policy may be that AWS can still pack. */
  mostPacked: number;
}

interface Start {
  accessKeyId: string;
  secret: string;
  clock: () => number;
}

/** Names and source identities: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const named = /^[\w+=,.@-]{2,64}$/;
const longestPolicy = 2_048;
const shortestSeconds = 900;

const policySchema = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.object({
      Effect: z.enum(['Allow', 'Deny']),
      Action: z.union([z.string(), z.array(z.string())]),
      Resource: z.union([z.string(), z.array(z.string())]),
    }),
  ),
});

/** Who has signed a request: the base key, or a session that is known and not over. */
export function callerOf(
  world: StsWorld,
  signature: Signature | undefined,
  { accessKeyId, secret, clock }: Start,
): { session?: SimulatedSession } {
  const refused = new AwsError(
    401,
    'AuthFailure',
    'AWS was not able to validate the provided access credentials',
  );
  if (!signature) throw refused;
  if (signature.accessKeyId === accessKeyId) return {};
  const session = world.sessions.find((each) => each.accessKeyId === signature.accessKeyId);
  if (!session || signature.token !== tokenOf(session.accessKeyId, secret)) throw refused;
  if (session.expiresAt <= clock()) throw new AwsError(400, 'RequestExpired', 'Request has expired.');
  return { session };
}

const tokenOf = (accessKeyId: string, secret: string) =>
  createHash('sha256').update(`${accessKeyId} ${secret}`).digest('base64url');

/** Throws where the caller may not do it. A session may do what both its role's policy and its own allow. */
export function authorize(
  world: StsWorld,
  { session }: { session?: SimulatedSession },
  asking: { action: string; resource: string; keys: Record<string, string | undefined> },
): void {
  const who = session ? sessionArn(session) : world.identity.arn;
  const refuse = (kind: string) => {
    const what = `${who} is not authorized to perform: ${asking.action} on resource: ${asking.resource}`;
    return new AwsError(
      403,
      asking.action.startsWith('sts:') ? 'AccessDenied' : 'UnauthorizedOperation',
      `${asking.action.startsWith('sts:') ? '' : 'You are not authorized to perform this operation. '}User: ${what} because no ${kind} policy allows the ${asking.action} action`,
    );
  };
  const about = session
    ? { ...asking, keys: { ...asking.keys, 'aws:SourceIdentity': session.sourceIdentity } }
    : asking;
  const role = session && world.roles.find(({ arn }) => arn === session.roleArn);
  if (!allows(role?.policy ?? world.identity.policy, about)) throw refuse('identity-based');
  if (
    session?.policy !== undefined &&
    !allows(policySchema.parse(JSON.parse(session.policy)) as Policy, about)
  )
    throw refuse('session');
}

const sessionArn = ({ roleArn, name }: SimulatedSession) =>
  `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`;

/** `AssumeRole` of STS's query API. */
export function assumeRole(
  world: StsWorld,
  caller: { session?: SimulatedSession },
  parameters: URLSearchParams,
  { secret, clock }: Start,
): string {
  const name = parameters.get('RoleSessionName') ?? '';
  const sourceIdentity = parameters.get('SourceIdentity') ?? undefined;
  const policy = parameters.get('Policy') ?? undefined;
  const seconds = Number(parameters.get('DurationSeconds') ?? 3_600);
  const arn = parameters.get('RoleArn') ?? '';
  checkForm({ name, sourceIdentity, policy });
  const role = world.roles.find((each) => each.arn === arn);
  const keys = { 'sts:SourceIdentity': sourceIdentity, 'sts:RoleSessionName': name };
  const principals = [world.identity.arn, `arn:aws:iam::${world.account}:root`];
  for (const action of [
    'sts:AssumeRole',
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ]) {
    authorize(world, caller, { action, resource: arn, keys });
    // Of a role that does not exist AWS says no more than of one that trusts nobody.
    if (!role || !allows(role.trust, { action, resource: arn, principals, keys }))
      throw new AwsError(
        403,
        'AccessDenied',
        `User: ${world.identity.arn} is not authorized to perform: ${action} on resource: ${arn}`,
      );
  }
  if (!role || seconds < shortestSeconds || seconds > role.maxSeconds)
    throw invalid('The requested DurationSeconds exceeds the limits set for this role.');
  if ((policy?.length ?? 0) > world.mostPacked)
    throw new AwsError(400, 'PackedPolicyTooLarge', 'Packed policy consumes 101% of allotted space');
  const accessKeyId = `ASIA${String(world.sessions.length + 1).padStart(16, '0')}`;
  const session = {
    accessKeyId,
    roleArn: arn,
    name,
    sourceIdentity,
    policy,
    expiresAt: clock() + seconds * 1000,
  };
  world.sessions.push(session);
  const identity =
    sourceIdentity === undefined ? '' : `<SourceIdentity>${escapeXml(sourceIdentity)}</SourceIdentity>`;
  return `<AssumeRoleResult>${identity}<AssumedRoleUser><Arn>${sessionArn(session)}</Arn><AssumedRoleId>AROASIMULATED:${name}</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${tokenOf(`secret of ${accessKeyId}`, secret)}</SecretAccessKey><SessionToken>${tokenOf(accessKeyId, secret)}</SessionToken><Expiration>${new Date(session.expiresAt).toISOString()}</Expiration></Credentials></AssumeRoleResult>`;
}

/** `GetCallerIdentity`, which needs no right. */
export function callerIdentity(world: StsWorld, { session }: { session?: SimulatedSession }): string {
  const arn = session ? sessionArn(session) : world.identity.arn;
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${escapeXml(arn)}</Arn><UserId>AIDASIMULATED</UserId><Account>${world.account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
}

const invalid = (message: string) => new AwsError(400, 'ValidationError', message);

function checkForm({
  name,
  sourceIdentity,
  policy,
}: Pick<SimulatedSession, 'name' | 'sourceIdentity' | 'policy'>): void {
  for (const [what, value] of Object.entries({ roleSessionName: name, sourceIdentity }))
    if (value !== undefined && !named.test(value))
      throw invalid(
        `1 validation error detected: Value '${value}' at '${what}' failed to satisfy constraint`,
      );
  if (policy === undefined) return;
  if (policy.length > longestPolicy)
    throw invalid(
      `1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to ${longestPolicy}`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch {
    parsed = undefined;
  }
  if (!policySchema.safeParse(parsed).success)
    throw new AwsError(400, 'MalformedPolicyDocument', 'This policy contains invalid Json');
}

/** STS's own form of a refusal, and its own word for a key that it does not know. */
export function stsErrorXml(error: AwsError): string {
  const { code, message, status } =
    error.code === 'AuthFailure'
      ? new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')
      : error;
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>${status >= 500 ? 'Receiver' : 'Sender'}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>simulated</RequestId></ErrorResponse>`;
}
