import type { DataOf, Event } from '../domain/event.ts';
import { isWatching } from '../domain/mode.ts';
import { workflowKinds } from '../workflows/kinds.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { meant } from './policy.ts';
import { faultOfTags } from './tags.ts';

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

interface Selection<Entered extends State> {
  /** At least one. */
  states: readonly Entered[];
  /** The workflows themselves. Left out: all. */
  workflows?: readonly ((input: never) => Promise<unknown>)[];
  /** Runs of workflows with one of these tags (`workflows/tags.ts`). Left out: all. */
  tags?: readonly string[];
  /** Runs on incidents of one of these services, by id or name. Left out: all, and those on no incident. */
  services?: readonly string[];
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
  workflows,
  tags,
  services,
}: Selection<Entered>): { on: readonly TypeOf<Entered>[]; when: Conditions<Entered> } {
  checkStates(states);
  const names = workflows && checkWorkflows(workflows);
  const faulty = tags && faultOfTags(tags);
  if (faulty !== undefined) fail(faulty);
  if (services?.length === 0) fail('names no service. Leave services out, or name one.');
  const when: Conditions<Entered> = {
    'is not of the pager': ({ workflow }) => workflow !== pageForRun.name,
    'was to change something': ({ mode }) => !isWatching(mode),
    'is of no drill': ({ drill }) => !drill,
    ...(names ? { 'is of a selected workflow': ({ workflow }) => names.includes(workflow) } : {}),
    ...(tags ? { 'has a selected tag': (run) => tags.some((tag) => run.tags?.includes(tag)) } : {}),
    ...(services
      ? {
          'is of a selected service': ({ service }) =>
            service !== undefined && (services.includes(service.id) || services.includes(service.name)),
        }
      : {}),
  };
  return { on: states.map((state): TypeOf<Entered> => typeOf[state]), when };
}

const fail = (why: string): never => {
  throw new Error(`A selection of runs ${why}`);
};

function checkStates(states: readonly string[]): void {
  const all = Object.keys(typeOf);
  if (states.length === 0) fail(`names no state: it would select nothing. There are ${all.join(', ')}.`);
  for (const state of states)
    if (!all.includes(state)) fail(`names a state that no run enters, ${state}. ${meant(state, all)}`);
}

function checkWorkflows(workflows: readonly { name: string }[]): string[] {
  if (workflows.length === 0) fail('names no workflow. Leave workflows out, or name one.');
  const names = workflows.map(({ name }) => name);
  for (const name of names) {
    if (!workflowKinds.has(name))
      fail(
        `names a workflow that is not known here, ${name || 'one without a name'}. A new one has a line in workflows/kinds.ts.`,
      );
    if (name === pageForRun.name) fail('names the pager: its failure would page without end. Leave it out.');
  }
  return names;
}
