import type { Judgement, PossibleChange, PossibleRun, TriggerVerdict } from './verdict.ts';

/** How what a trigger would have done differs between two states of the code. */
export interface Difference {
  trigger: string;
  /** It is in one of them alone. */
  only?: 'here' | 'there';
  /** Runs that there would be in one alone. */
  added: PossibleRun[];
  removed: PossibleRun[];
  /** Runs of both, with another workflow, target or input. As they are here. */
  changed: PossibleRun[];
  /** What its workflow can change in one of them alone. */
  gained: PossibleChange[];
  lost: PossibleChange[];
}

/** The differences of all triggers that are in either, those here first. */
export function differencesOf(here: Judgement, there: Judgement): Difference[] {
  const names = new Set([...here, ...there].map(({ trigger }) => trigger));
  return [...names].map((trigger) => {
    const [now, then] = [here, there].map((list) => list.find((each) => each.trigger === trigger));
    const [runsNow, runsThen] = [runsById(now), runsById(then)];
    return {
      trigger,
      ...(now ? {} : { only: 'there' }),
      ...(then ? {} : { only: 'here' }),
      added: [...runsNow.values()].filter(({ id }) => !runsThen.has(id)),
      removed: [...runsThen.values()].filter(({ id }) => !runsNow.has(id)),
      changed: [...runsNow.values()].filter((run) => {
        const other = runsThen.get(run.id);
        return other !== undefined && (now?.workflow !== then?.workflow || whatOf(run) !== whatOf(other));
      }),
      gained: changesBeside(now, then),
      lost: changesBeside(then, now),
    };
  });
}

type Judged = Judgement[number] | undefined;

const changesBeside = (one: Judged, other: Judged) =>
  (one?.changes ?? []).filter(({ activity }) => !other?.changes.some((each) => each.activity === activity));

const runsById = (verdict: TriggerVerdict | undefined) =>
  new Map(verdict?.runs.map((run) => [run.id, run]) ?? []);

/** Fields may come in any order. */
const sorted = (_: string, value: unknown) =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
const whatOf = ({ target, input }: PossibleRun) => JSON.stringify([target, input], sorted);
