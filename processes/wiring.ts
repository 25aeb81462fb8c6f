import type { AnyActivity } from '../activities/activity.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { Streams } from '../cli/output.ts';
import type { Policies } from '../domain/policies.ts';
import type { Startable } from '../triggers/startable.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { StartSimulators } from './simulators.ts';

/** What the composition root hands to the command line. The lists are loaded by the commands that need them. */
export interface Wiring {
  /** The arguments alone, without the program's name. */
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  streams: Streams;
  loadTriggers(): Promise<readonly Trigger[]>;
  loadActivities(): Promise<readonly AnyActivity[]>;
  /** What they declare: their SDKs are loaded where they are first used. */
  loadProviders(): Promise<readonly AnyProvider[]>;
  /** The types of all workflows, and those that a person can start. */
  loadWorkflows(): Promise<{ names: readonly string[]; startable: readonly Startable[] }>;
  loadPolicies(): Promise<Policies>;
  /** The file that exports every workflow. */
  workflowsPath: string;
  startSimulators: StartSimulators;
}
