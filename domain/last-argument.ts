/** Why a call of an activity is made, as a server of ours has signed it: under the name that live runs know. */
export const causeName = 'baton';
/** What a run that begins anew takes along. */
export const carriedName = 'batonLuggage';

/**
 * What Baton sends along with an activity's call, or with a run that begins anew, lies in a header. Temporal's SDK encodes arguments and
 * no headers, so where payloads are encrypted it is one more argument, behind the others and under the header's name.
 */
export const withLastArgument = (args: readonly unknown[], name: string, value: unknown): unknown[] => [
  ...args,
  { [name]: value },
];

/** What was sent along under this name, and the arguments without it. The only argument is the caller's own, whatever it looks like. */
export function splitLastArgument(
  args: readonly unknown[],
  name: string,
): { args: readonly unknown[]; value?: unknown } {
  const last = args.length > 1 ? args.at(-1) : undefined;
  if (typeof last !== 'object' || last === null || Object.keys(last).join() !== name) return { args };
  return { args: args.slice(0, -1), value: (last as Record<string, unknown>)[name] };
}
