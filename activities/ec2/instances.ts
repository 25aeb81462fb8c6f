import type { Instance, InstanceStatus } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { invalidInput, unreadable } from '../failures.ts';
import type { Ec2 } from './client.ts';
import { throwFailure } from './failures.ts';

export const instanceSchema = z.object({
  id: z.string(),
  state: z.string(),
  type: z.string(),
  zone: z.string(),
  tags: z.record(z.string(), z.string()),
  privateIp: z.string().optional(),
  publicIp: z.string().optional(),
  launchTime: z.string().optional(),
  autoScalingGroup: z.string().optional(),
  /** On an instance store, which a stop would wipe. */
  rootDevice: z.string().optional(),
});
export type Ec2Instance = z.output<typeof instanceSchema>;

const check = z
  .enum(['ok', 'impaired', 'initializing', 'insufficient-data', 'not-applicable'])
  .catch('insufficient-data');
export const statusSchema = z.object({
  id: z.string(),
  state: z.string(),
  system: check,
  instance: check,
  ebs: check,
  events: z.array(z.string()),
});
export type Ec2Status = z.output<typeof statusSchema>;

function toInstance(instance: Instance): Ec2Instance {
  const tags = Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
  const group = tags['aws:autoscaling:groupName'];
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    type: instance.InstanceType ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    tags,
    ...(instance.PrivateIpAddress ? { privateIp: instance.PrivateIpAddress } : {}),
    ...(instance.PublicIpAddress ? { publicIp: instance.PublicIpAddress } : {}),
    ...(instance.LaunchTime ? { launchTime: instance.LaunchTime.toISOString() } : {}),
    ...(group ? { autoScalingGroup: group } : {}),
    ...(instance.RootDeviceType ? { rootDevice: instance.RootDeviceType } : {}),
  };
}

function toStatus(status: InstanceStatus): Ec2Status {
  return statusSchema.parse({
    id: status.InstanceId ?? '',
    state: status.InstanceState?.Name ?? 'unknown',
    system: status.SystemStatus?.Status,
    instance: status.InstanceStatus?.Status,
    // Instances without volumes, and older answers, have no such check.
    ebs: status.AttachedEbsStatus?.Status ?? 'not-applicable',
    events: (status.Events ?? []).map(({ Code, Description }) => `${Code ?? ''}: ${Description ?? ''}`),
  });
}

/** A list that is empty is there. Where there is none, what answered is not EC2: the SDK reads any well-formed page. */
function listIn<Item>(list: Item[] | undefined): Item[] {
  if (!list) throw unreadable('EC2', 'its answer is not EC2’s');
  return list;
}

/** An id that the region does not know: of another region, or of an instance that was terminated an hour ago. */
const unknownThere = (ec2: Ec2, ids: readonly string[], reason = '') =>
  invalidInput('EC2', `no such instance in ${ec2.region}: ${ids.join(', ')}${reason && ` (${reason})`}`);

function throwUnknown(ec2: Ec2, ids: readonly string[], error: unknown): never {
  if (error instanceof Error && error.name === 'InvalidInstanceID.NotFound')
    throw unknownThere(ec2, ids, `${error.name}: ${error.message.slice(0, 300)}`);
  throwFailure(error);
}

/** The instances with these ids. One that is not there is `InvalidInput`: nothing is done to a part of a selection. */
export async function describeInstances(
  ec2: Ec2,
  ids: string[],
  signal: AbortSignal,
): Promise<Ec2Instance[]> {
  const command = new ec2.sdk.DescribeInstancesCommand({ InstanceIds: ids });
  const answer = await ec2.client
    .send(command, { abortSignal: signal })
    .catch((error: unknown) => throwUnknown(ec2, ids, error));
  const found = listIn(answer.Reservations)
    .flatMap(({ Instances }) => Instances ?? [])
    .map(toInstance);
  const missing = ids.filter((id) => !found.some((instance) => instance.id === id));
  if (missing.length > 0) throw unknownThere(ec2, missing);
  return found;
}

/** Their checks; stopped ones are included, since EC2 otherwise leaves them out without a word. */
export async function describeStatuses(ec2: Ec2, ids: string[], signal: AbortSignal): Promise<Ec2Status[]> {
  const command = new ec2.sdk.DescribeInstanceStatusCommand({ InstanceIds: ids, IncludeAllInstances: true });
  const answer = await ec2.client
    .send(command, { abortSignal: signal })
    .catch((error: unknown) => throwUnknown(ec2, ids, error));
  return listIn(answer.InstanceStatuses).map(toStatus);
}

/** The instances that these filters select, all pages. */
export async function findInstances(
  ec2: Ec2,
  filters: { Name: string; Values: string[] }[],
  signal: AbortSignal,
): Promise<Ec2Instance[]> {
  const found: Ec2Instance[] = [];
  let token: string | undefined;
  do {
    const command = new ec2.sdk.DescribeInstancesCommand({
      Filters: filters,
      MaxResults: 100,
      ...(token ? { NextToken: token } : {}),
    });
    const answer = await ec2.client.send(command, { abortSignal: signal }).catch(throwFailure);
    found.push(
      ...listIn(answer.Reservations)
        .flatMap(({ Instances }) => Instances ?? [])
        .map(toInstance),
    );
    token = answer.NextToken;
  } while (token && found.length < 1_000);
  return found;
}

/** A check that shows nothing wrong. Only the one for volumes may not apply. */
export const isHealthy = ({ state, system, instance, ebs }: Ec2Status) =>
  state === 'running' && system === 'ok' && instance === 'ok' && (ebs === 'ok' || ebs === 'not-applicable');
