import type { Simulation } from '../domain/simulation.ts';
import { CliFailure, exits } from './failure.ts';

/** The simulated providers of one process. */
export interface RunningSimulators {
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  /** The incidents that can be played; the first is the one that a first start plays. */
  stories: readonly string[];
  /** Raises a story's incident in the simulated PagerDuty and returns its id; undefined where PagerDuty is not simulated. */
  play?(story?: string): Promise<string>;
  /** What people may do to them. */
  simulation?: Simulation;
  close(): Promise<void>;
}

export type StartSimulators = (options: {
  providers: readonly string[];
  /** Where their worlds and ledgers are kept over restarts. */
  stateDir: string;
  /** Where the simulated PagerDuty sends its webhooks. */
  webhookUrl: string;
}) => Promise<RunningSimulators>;

/** What `baton demo` asks for. */
export async function playStory(simulators: RunningSimulators | undefined, asked: unknown): Promise<string> {
  if (!simulators?.play)
    throw new CliFailure('PagerDuty is not simulated here', {
      next: 'Start Baton with BATON_SIMULATE=all, or with no provider set.',
      exit: exits.conflict,
    });
  const story = simulators.stories.find((each) => each === asked);
  if (asked !== null && story === undefined)
    throw new CliFailure(`There is no such story. There are: ${simulators.stories.join(', ')}.`, {
      exit: exits.notFound,
    });
  return simulators.play(story);
}

/** What `baton look` reads the simulated PagerDuty with. */
export function simulatedAccountOf(simulators: RunningSimulators | undefined): Record<string, string> {
  const { PAGERDUTY_API_URL: url, PAGERDUTY_API_TOKEN: token, ...rest } = simulators?.env ?? {};
  if (url === undefined || token === undefined)
    throw new CliFailure('PagerDuty is not simulated here, and PAGERDUTY_API_TOKEN is not set', {
      next: 'Set PAGERDUTY_API_TOKEN to a read-only key of your account.',
      exit: exits.usage,
    });
  const { BATON_SIMULATED_TIME_SCALE: scale = '1' } = rest;
  return { PAGERDUTY_API_URL: url, PAGERDUTY_API_TOKEN: token, BATON_SIMULATED_TIME_SCALE: scale };
}
