/** Whether two inputs of an activity differ in their times alone: a runbook writes the moment at which it acts into some calls. */
export const isSameCall = (one: unknown, other: unknown): boolean =>
  withoutTimes(one) === withoutTimes(other);

const withoutTimes = (input: unknown): string =>
  JSON.stringify(input, (_, value) => (isTime(value) ? 'a time' : value));
const isTime = (value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
