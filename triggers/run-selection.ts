import type { Reference } from '../domain/incident.ts';
import { isWatching, type RunMode } from '../domain/mode.ts';
import { pager } from '../domain/page.ts';
import { workflowKinds } from '../workflows/kinds.ts';
import { meant } from './policy.ts';
import { faultOfTags } from './tags.ts';

/** Which runs are meant. All that it names must hold. */
export interface RunSelection {
  /** The workflows themselves. Left out: all. */
  workflows?: readonly ((input: never) => Promise<unknown>)[];
  /** Runs of workflows with one of these tags (`workflows/tags.ts`). Left out: all. */
  tags?: readonly string[];
  /** Runs on incidents of one of these services, by id or name. Left out: all, and those on no incident. */
  services?: readonly string[];
}

/** What is known of a run, from its start on. */
export interface SelectedRun {
  workflow: string;
  tags?: readonly string[] | undefined;
  service?: Reference | undefined;
  mode?: RunMode | undefined;
  drill?: boolean | undefined;
}

type Fail = (why: string) => never;

/** The conditions of a selection, by their names; fails where it names what there is not. */
export function conditionsOf(
  { workflows, tags, services }: RunSelection,
  fail: Fail,
): Record<string, (run: SelectedRun) => boolean> {
  const names = workflows && checkWorkflows(workflows, fail);
  const faulty = tags && faultOfTags(tags);
  if (faulty !== undefined) fail(faulty);
  if (services?.length === 0) fail('names no service. Leave services out, or name one.');
  return {
    'is not of the pager': ({ workflow }) => workflow !== pager,
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
}

/** Fails where one of the states is none. */
export function checkStates(
  states: readonly string[],
  all: readonly string[],
  of: 'run' | 'step',
  fail: Fail,
): void {
  if (states.length === 0) fail(`names no state: it would select nothing. There are ${all.join(', ')}.`);
  for (const state of states)
    if (!all.includes(state)) fail(`names a state that no ${of} enters, ${state}. ${meant(state, all)}`);
}

function checkWorkflows(workflows: readonly { name: string }[], fail: Fail): string[] {
  if (workflows.length === 0) fail('names no workflow. Leave workflows out, or name one.');
  const names = workflows.map(({ name }) => name);
  for (const name of names) {
    if (!workflowKinds.has(name))
      fail(
        `names a workflow that is not known here, ${name || 'one without a name'}. A new one has a line in workflows/kinds.ts.`,
      );
    if (name === pager) fail('names the pager: its failure would page without end. Leave it out.');
  }
  return names;
}
