import { z } from 'zod';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
export const instanceId = z
  .string()
  .regex(/^i-[0-9a-f]{8,17}$/, 'must be an instance id such as i-0abc12345def67890');

/** Fewer than a fleet: a selection that grew by mistake must not pass. */
export const instanceIds = z.array(instanceId).min(1).max(20);

export const targetsOf = ({ instanceIds: ids }: { instanceIds: string[] }) => ids.map((id) => `ec2:${id}`);
