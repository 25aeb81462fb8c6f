import { join } from 'node:path';
import { takeTime } from './pace.ts';
import { type Simulation, type Simulator, startSimulator } from './simulator.ts';

/** How fast things happen in a simulated provider. */
export interface Pace {
  /** Seconds that pass there in one of ours. */
  timeScale: number;
  /** How long each answer takes. */
  answerMilliseconds: number;
}

/** What all simulators of a start are given. */
export interface SimulatorOptions {
  /** Where their worlds and ledgers are kept over restarts. */
  stateDir: string;
  /** Where the simulated PagerDuty sends its webhooks. */
  webhookUrl: string;
  pace: Pace;
}

/** A simulator that runs, and the settings that connect Baton to it. */
export interface Started<Running> {
  simulator: Running;
  env: Record<string, string>;
}

/** How a provider is simulated: what the list of simulators holds. `provider` is the provider's name. */
export interface SimulatedProvider<Name extends string = string, Running = Simulator<object>> {
  provider: Name;
  start(options: SimulatorOptions): Promise<Started<Running>>;
}

export function defineSimulator<const Name extends string, Running extends Simulator<object>>(
  simulated: SimulatedProvider<Name, Running>,
): SimulatedProvider<Name, Running> {
  return simulated;
}

export const stateFileOf = ({ stateDir }: SimulatorOptions, provider: string): string =>
  join(stateDir, `${provider}.json`);

/** Starts a provider that takes its time for each answer, with the world that it had before. `environment` tells how to reach it. */
export async function startUnhurried<World extends object>(
  simulation: Simulation<World>,
  options: SimulatorOptions,
  environment: (url: string) => Record<string, string>,
): Promise<Started<Simulator<World>>> {
  const unhurried: Simulation<World> = {
    ...simulation,
    routes(app, world, act) {
      takeTime(app, options.pace.answerMilliseconds);
      simulation.routes(app, world, act);
    },
  };
  const simulator = await startSimulator(unhurried, {
    stateFile: stateFileOf(options, simulation.provider),
  });
  return { simulator, env: environment(simulator.url) };
}
