import type { Dispatcher } from 'undici';
import type { AnyActivity } from '../activities/activity.ts';
import type { Clients } from '../activities/clients.ts';
import type { Streams } from '../cli/output.ts';
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
  loadActivities(): Promise<{
    activities: readonly AnyActivity[];
    connectClients(env: NodeJS.ProcessEnv): Clients;
    /** By which way an address is reached: straight, or through the network's proxy. */
    wayTo(address: string, env: NodeJS.ProcessEnv): Dispatcher;
  }>;
  /** The types of all workflows, and those that a person can start. */
  loadWorkflows(): Promise<{ names: readonly string[]; startable: readonly Startable[] }>;
  /** The file that exports every workflow. */
  workflowsPath: string;
  startSimulators: StartSimulators;
}
