import { oneLine } from './text.ts';

/** What people can decide about a step that has failed for good. */
export const parkDecisions = ['retry', 'skip', 'abort'] as const;
export type ParkDecision = (typeof parkDecisions)[number];

/** A step that has failed for good: its run is parked, and goes on by what somebody decides. */
export interface ParkedStep {
  /** The activity. */
  step: string;
  /** What it was given, without secrets. */
  input: Readonly<Record<string, unknown>>;
  failure: { class: string; message: string };
  /** The keys of its effects, by which the store knows whether they were made. A read has none. */
  effects: readonly string[];
  /** An attempt that began then may have made it: what became of it is not known. */
  uncertainSince?: string;
}

/** What takes the place of the step's input, by field. `null` takes a field away. */
export type OtherInput = Readonly<Record<string, unknown>>;

/** What the run gives to the step, and no decision changes: on whose behalf, in which account and about which incident it acts. */
export const fixedFields: readonly string[] = ['actor', 'connection', 'incidentId'];

/** The input with what takes the place of some of it. */
export function withOtherInput(
  input: Readonly<Record<string, unknown>>,
  other: OtherInput = {},
): Record<string, unknown> {
  const changed = { ...input, ...other };
  return Object.fromEntries(Object.entries(changed).filter(([name]) => other[name] !== null));
}

/** The decisions, and what they mean for this step. */
export const parkForm = ({
  uncertainSince,
}: Pick<ParkedStep, 'uncertainSince'>): {
  options: { value: ParkDecision; label: string; description: string }[];
} => ({
  options: [
    {
      value: 'retry',
      label: 'Retry',
      description:
        uncertainSince === undefined
          ? 'tries the step again, with the same input or another one'
          : 'looks whether the step was made, and makes it only where it can tell that it was not',
    },
    { value: 'skip', label: 'Skip', description: 'the run goes on without the step' },
    { value: 'abort', label: 'Abort', description: 'the run fails' },
  ],
});

/** A question has up to 500 characters. */
const longestFailure = 300;

/** That a run is parked, and why, in one line. */
export function parkedSummary({ step, failure, uncertainSince }: ParkedStep): string {
  const said = oneLine(`${failure.class}: ${failure.message}`);
  const why = said.length > longestFailure ? `${said.slice(0, longestFailure - 1)}…` : said;
  return `Parked: ${step} failed (${why})${uncertainSince === undefined ? '' : ', and may have been made'}`;
}

/** What takes the place of the input, a line for each field. */
export const otherInputLines = ({ input = {} }: { input?: OtherInput }): string[] =>
  Object.entries(input).map(([name, value]) =>
    value === null
      ? `without ${name}`
      : `with ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
