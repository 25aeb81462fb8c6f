import { instanceId } from './input.ts';

/** A change of instances, as EC2's permissions name it. */
export type ChangeAction = 'ec2:RebootInstances' | 'ec2:StopInstances' | 'ec2:StartInstances';

/** One call that a plan tells: what it does, and to which instances. */
export interface InstanceCall {
  action: string;
  instanceIds: readonly string[];
}

/** A call as a plan tells it to people: `ec2:StopInstances Force=true i-0abc12345def67890`. */
export const callText = (action: ChangeAction, instanceIds: readonly string[], ...parameters: string[]) =>
  [action, ...parameters, ...instanceIds].join(' ');

/**
 * The same, read again. What people have seen is what the call is made by, and what its keys are made from. Throws where a plan's call is
 * written in another way.
 */
export function callIn(text: string): InstanceCall {
  const [action = '', ...words] = text.split(' ');
  const instanceIds = words.filter((word) => instanceId.safeParse(word).success);
  const others = words.filter((word) => !instanceIds.includes(word) && !/^[A-Z]\w*=\w+$/.test(word));
  if (!/^ec2:[A-Z]\w+$/.test(action) || instanceIds.length === 0 || others.length > 0)
    throw new Error(`A plan's call on instances is written by \`callText\`, and this one is not: ${text}`);
  return { action, instanceIds };
}
