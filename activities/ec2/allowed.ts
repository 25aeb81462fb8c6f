import type { Attempt } from '../activity.ts';
import { refused } from '../failures.ts';
import type { Ec2Instance } from './instances.ts';

/** The owner's word that machines may restart an instance. The shipped IAM policy demands the same tag. */
export const tag = 'baton:restart';

/**
 * Every change asks this itself, of what EC2 has just told, so that no caller can leave it out. People who approve the change stand in
 * for the owner.
 */
export function requireAllowed(
  instances: readonly Ec2Instance[],
  { approved }: Pick<Attempt, 'approved'>,
): void {
  if (approved) return;
  const others = instances.filter(({ tags }) => tags[tag] !== 'allowed').map(({ id }) => id);
  if (others.length > 0)
    throw refused(
      'Baton',
      `${others.join(', ')} lacks the tag ${tag} = allowed, so nothing was done; its owner can set the tag`,
    );
}
