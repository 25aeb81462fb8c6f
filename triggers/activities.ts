import type { DataOf, Event } from '../domain/event.ts';
import type { ActivityName } from '../workflows/kit/activities.ts';
import { checkStates, conditionsOf, type RunSelection } from './run-selection.ts';
import type { StepSelection } from './trigger.ts';

/** The states that a step of a run enters, with the event that tells of each. A step is one call of an activity. */
const typeOf = {
  scheduled: 'activity.scheduled',
  started: 'activity.started',
  completed: 'activity.completed',
  failed: 'activity.failed',
  'timed out': 'activity.timed_out',
  cancelled: 'activity.cancelled',
} as const;
type State = keyof typeof typeOf;
type TypeOf<Entered extends State> = (typeof typeOf)[Entered];

interface Selection<Entered extends State> extends RunSelection {
  /** At least one. */
  states: readonly Entered[];
  /** By their names: `rebootEc2Instances`. A read is selected by its name alone. Left out: all that change something. */
  activities?: readonly ActivityName[];
}

type Conditions<Entered extends State> = Record<
  string,
  (data: DataOf<TypeOf<Entered>>, event: Event<TypeOf<Entered>>) => boolean
>;

/**
 * Selects steps of runs that enter one of some states, for `defineTrigger`:
 * `...activities({ activities: ['rebootEc2Instances'], states: ['failed', 'timed out'] })`. All that it names must hold. The steps of runs are
 * selected that `runs` selects. They are told of where a trigger listens, and a run tells only what it knew at its start to be listened to.
 */
export function activities<const Entered extends State>({
  states,
  activities: names,
  ...selection
}: Selection<Entered>): {
  on: readonly TypeOf<Entered>[];
  when: Conditions<Entered>;
  steps: StepSelection;
} {
  checkStates(states, Object.keys(typeOf), 'step', fail);
  if (names?.length === 0) fail('names no activity. Leave activities out for all changes, or name one.');
  const ofRun = conditionsOf(selection, fail);
  const isSelected = (activity: string) => names === undefined || (names as string[]).includes(activity);
  return {
    on: states.map((state): TypeOf<Entered> => typeOf[state]),
    when: {
      ...ofRun,
      ...(names
        ? { 'is of a selected activity': ({ activity }) => isSelected(activity) }
        : { 'is a change': ({ kind }) => kind !== 'read' }),
    },
    steps: {
      ...(names ? { activities: names } : {}),
      isOf: (run) => Object.values(ofRun).every((holds) => holds(run)),
    },
  };
}

const fail = (why: string): never => {
  throw new Error(`A selection of steps ${why}`);
};
