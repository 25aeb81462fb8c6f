import { mkdirSync } from 'node:fs';
import type { Simulation } from '../domain/simulation.ts';
import { simulationOf } from './control.ts';
import { simulatedEc2 } from './ec2.ts';
import { simulatedGitHub } from './github.ts';
import { simulatedJira } from './jira.ts';
import { simulatedKubernetes } from './kubernetes.ts';
import { simulatedPagerDuty } from './pagerduty.ts';
import { simulatedPrometheus } from './prometheus.ts';
import type { Pace, SimulatedProvider } from './provider.ts';
import { simulatedSlack } from './slack.ts';
import { playStorm, playStory, type Story, stories } from './stories.ts';

/** Every provider that can be simulated, one line each. */
export const simulators = [
  simulatedPagerDuty,
  simulatedSlack,
  simulatedJira,
  simulatedKubernetes,
  simulatedEc2,
  simulatedGitHub,
  simulatedPrometheus,
] as const;

type Listed = (typeof simulators)[number];

/** The simulators that run, by their providers' names. */
export type RunningSimulators = {
  [Each in Listed as Each['provider']]?: Awaited<ReturnType<Each['start']>>['simulator'];
};

/**
 * How fast things happen in a demonstration: as fast as a reader can follow, so that an incident takes about half a minute. Boots
 * and rollouts take a sixth of their real time, and a provider takes its time to answer, as providers do.
 */
const calmPace: Pace = { timeScale: 6, answerMilliseconds: 300 };

export interface Simulators {
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  /** Raises an incident in the simulated PagerDuty and returns its id; undefined where PagerDuty is not simulated. */
  play?: (story?: Story) => Promise<string>;
  /** What people may do to them. */
  simulation: Simulation;
  close(): Promise<void>;
}

interface Options {
  providers: readonly string[];
  /** Where their worlds and ledgers are kept over restarts. */
  stateDir: string;
  /** Where the simulated PagerDuty sends its webhooks. */
  webhookUrl: string;
  /** Tests are in a hurry. */
  pace?: Pace;
}

/** Starts the simulators of these providers, each on a free port of loopback, with the worlds that they had before. */
export async function startSimulators(
  { providers, stateDir, webhookUrl, pace = calmPace }: Options,
  list: readonly SimulatedProvider[] = simulators,
): Promise<Simulators> {
  mkdirSync(stateDir, { recursive: true });
  const wanted = list.filter(({ provider }) => providers.includes(provider));
  const started = await Promise.all(
    wanted.map(async ({ provider, start }) => ({
      provider,
      ...(await start({ stateDir, webhookUrl, pace })),
    })),
  );
  const running: RunningSimulators = Object.fromEntries(
    started.map(({ provider, simulator }) => [provider, simulator]),
  );
  const { pagerduty } = running;
  const play = pagerduty
    ? async (story?: Story) => playStory({ ...running, pagerduty }, { story, webhookUrl, pace })
    : undefined;
  return {
    env: Object.assign(
      {},
      ...started.map(({ env }) => env),
      // For all of them, whatever one of them would have by itself.
      { BATON_SIMULATED_TIME_SCALE: String(pace.timeScale) },
    ),
    ...(play ? { play } : {}),
    simulation: simulationOf(
      started.map(({ simulator }) => simulator),
      pagerduty && play
        ? {
            play: async (name) => play(stories.find((each) => each === name)),
            storm: async (incidents) => playStorm(pagerduty, incidents),
          }
        : {},
    ),
    async close() {
      await Promise.all(started.map(({ simulator }) => simulator.close()));
    },
  };
}
