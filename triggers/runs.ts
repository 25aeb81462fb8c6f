import type { DataOf, Event } from '../domain/event.ts';
import { checkStates, conditionsOf, type RunSelection } from './run-selection.ts';

/** The states that a run enters, with the event that tells of each. `overdue`: it has not ended in the time that its trigger gives it. */
const typeOf = {
  started: 'run.started',
  waiting: 'run.waiting',
  'went on': 'run.went_on',
  completed: 'run.completed',
  failed: 'run.failed',
  'timed out': 'run.timed_out',
  cancelled: 'run.cancelled',
  overdue: 'run.overdue',
} as const;
type State = keyof typeof typeOf;
type TypeOf<Entered extends State> = (typeof typeOf)[Entered];

interface Selection<Entered extends State> extends RunSelection {
  /** At least one. */
  states: readonly Entered[];
}

type Conditions<Entered extends State> = Record<
  string,
  (data: DataOf<TypeOf<Entered>>, event: Event<TypeOf<Entered>>) => boolean
>;

/**
 * Selects runs that enter one of some states, for `defineTrigger`: `...runs({ tags: ['remediation'], states: ['failed', 'timed out'] })`. All
 * that it names must hold. Never selected are runs of the pager, whose failure would page without end, those that only watch, and those of
 * drills; and no trigger is asked about runs that it has led to itself.
 */
export function runs<const Entered extends State>({
  states,
  ...selection
}: Selection<Entered>): {
  on: readonly TypeOf<Entered>[];
  when: Conditions<Entered>;
} {
  checkStates(states, Object.keys(typeOf), 'run', fail);
  return { on: states.map((state): TypeOf<Entered> => typeOf[state]), when: conditionsOf(selection, fail) };
}

const fail = (why: string): never => {
  throw new Error(`A selection of runs ${why}`);
};
