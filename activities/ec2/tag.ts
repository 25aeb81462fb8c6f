import { z } from 'zod';
import { invalidInput } from '../failures.ts';
import type { Ec2Instance } from './instances.ts';

/** A tag that marks the instances which are a connection's to change. Its region is the one that it has. */
export interface AllowedTag {
  key: string;
  value: string;
}

export const tagSettings = {
  EC2_ALLOWED_TAG: z
    .string()
    .regex(/^[^=]{1,128}=[^=]{1,256}$/, 'is not a tag like team=checkout')
    .transform((text): AllowedTag => {
      const [key = '', value = ''] = text.split('=');
      return { key, value };
    })
    .optional()
    .describe(
      'a tag, team=checkout, that instances must have to be changed, beside their owner’s (unset: none)',
    ),
};

/** Refuses a change of instances that are not the connection's, of what EC2 has just told. All of them, or nothing is done. */
export function requireTag(
  { allowedTag }: { allowedTag: AllowedTag | undefined },
  instances: readonly Pick<Ec2Instance, 'id' | 'tags'>[],
): void {
  if (allowedTag === undefined) return;
  const { key, value } = allowedTag;
  const others = instances.filter(({ tags }) => tags[key] !== value).map(({ id }) => id);
  if (others.length === 0) return;
  throw invalidInput(
    'EC2',
    `${others.join(', ')} lacks the tag ${key} = ${value}, by which this connection is limited (EC2_ALLOWED_TAG), so nothing was done: ` +
      'use the connection that it belongs to',
  );
}
