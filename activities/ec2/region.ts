import { z } from 'zod';
import { type ActivityContext, connectionName } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import type { Ec2 } from './client.ts';

/** Where a call goes: a connection is of one region. */
export const place = {
  connection: connectionName,
  region: z
    .string()
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, 'must be a region such as eu-central-1')
    .optional()
    .describe(
      'Where the instances are said to be; another region than the connection’s is refused before EC2 is asked',
    ),
};

/** The client of a connection. Throws `InvalidInput`, before any call, where its region is not the one that the input names. */
export async function ec2At(
  { ec2 }: Pick<ActivityContext, 'ec2'>,
  { connection, region }: { connection: string; region?: string | undefined },
): Promise<Ec2> {
  const client = await ec2(connection);
  if (region === undefined || region === client.region) return client;
  throw invalidInput(
    'EC2',
    `the instances are said to be in ${region}, and the connection ${connection} is of ${client.region}, so nothing was asked and nothing ` +
      'done: use the connection of that region',
  );
}
