import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { activities } from '../../activities/index.ts';
import { providers } from '../../activities/providers.ts';
import type { Policies } from '../../domain/policies.ts';
import { noConnections } from '../../processes/connections.ts';
import { doctorFor } from '../../processes/doctor.ts';
import { readSettings } from '../../processes/settings.ts';
import { type Examination, examine } from '../../server/doctor.ts';
import { ec2Environment, ec2Simulation } from '../../simulator/ec2.ts';
import { githubEnvironment, githubSimulation } from '../../simulator/github.ts';
import { jiraEnvironment, jiraSimulation } from '../../simulator/jira.ts';
import { kubernetesEnvironment, kubernetesSimulation } from '../../simulator/kubernetes.ts';
import { pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { prometheusEnvironment, prometheusSimulation } from '../../simulator/prometheus.ts';
import { type Simulation, startSimulator } from '../../simulator/simulator.ts';
import { slackEnvironment, slackSimulation } from '../../simulator/slack.ts';

export type ProviderName = keyof typeof worlds;

/** The rights that the activities of a provider declare. */
export const rightsOf = (provider: ProviderName) => [
  ...new Set(
    activities.filter((each) => each.provider === provider).flatMap(({ permissions }) => [...permissions]),
  ),
];

/** A simulator that ends with the test. */
export async function started<World extends object>(simulation: Simulation<World>) {
  const simulator = await startSimulator(simulation);
  onTestFinished(() => simulator.close());
  return simulator;
}

/** Each provider's simulator, with the settings that lead to it as if it were real. */
export const worlds = {
  async pagerduty() {
    const simulator = await startPagerDuty();
    onTestFinished(() => simulator.close());
    return { simulator, env: pagerDutyEnvironment(simulator.url) };
  },
  async slack() {
    const simulator = await started(slackSimulation());
    simulator.world.scopes = rightsOf('slack');
    return { simulator, env: slackEnvironment(simulator.url) };
  },
  async jira() {
    const simulator = await started(jiraSimulation());
    return { simulator, env: jiraEnvironment(simulator.url) };
  },
  async kubernetes() {
    const simulator = await started(kubernetesSimulation());
    const folder = mkdtempSync(join(tmpdir(), 'baton-doctor-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return { simulator, env: kubernetesEnvironment(simulator.url, join(folder, 'config')) };
  },
  async ec2() {
    const simulator = await started(ec2Simulation());
    return { simulator, env: ec2Environment(simulator.url) };
  },
  async github() {
    const simulator = await started(githubSimulation());
    // Of a fine-grained token the rights to write cannot be told.
    simulator.world.scopes = 'repo';
    return { simulator, env: { ...githubEnvironment(simulator.url), GITHUB_REPOSITORIES: 'acme/shop' } };
  },
  async prometheus() {
    const simulator = await started(prometheusSimulation());
    return { simulator, env: prometheusEnvironment(simulator.url) };
  },
};

export async function doctorOf(
  env: Record<string, string | undefined>,
  policies: Policies = { pages: [], journal: [] },
) {
  const settings = readSettings(env, providers);
  return doctorFor(
    { loadActivities: async () => activities, loadPolicies: async () => policies },
    {
      env,
      providers,
      settings: { ...settings, simulated: [] },
      connections: noConnections,
      store: { judgeConnection: async () => false },
    },
  );
}

export async function connectionOf(provider: ProviderName, env: Record<string, string | undefined>) {
  const doctor = await doctorOf(env);
  const connection = (await doctor.connections()).find((each) => each.provider === provider);
  if (!connection) throw new Error(`No connection of ${provider}`);
  return { doctor, connection };
}

/** What the doctor says of a provider with these settings. */
export async function examined(
  provider: ProviderName,
  env: Record<string, string | undefined>,
): Promise<Examination> {
  const { doctor, connection } = await connectionOf(provider, env);
  return examine(doctor, connection, new AbortController().signal);
}

/** The findings that are not good, and those that could not be told, by what they are about. */
export const bad = ({ findings }: Examination) =>
  findings.filter(({ ok }) => ok === false).map(({ what }) => what);
export const untold = ({ findings }: Examination) =>
  findings.filter(({ ok }) => ok === undefined).map(({ what }) => what);
export const findingOf = ({ findings }: Examination, what: string) =>
  findings.find((each) => each.what === what);
