import { InvalidArgumentError } from 'commander';

const mostDays = 366;

/** A time before now, in days: `90d`. */
export function parseDays(text: string): number {
  const days = Number(/^(\d+)d$/.exec(text)?.[1]);
  if (!(days >= 1 && days <= mostDays))
    throw new InvalidArgumentError(`It is a number of days from 1d to ${mostDays}d, for example 90d.`);
  return days;
}
