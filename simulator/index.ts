import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ec2Environment, ec2Simulation, impair, restedInstance } from './ec2.ts';
import { githubEnvironment, githubSimulation } from './github.ts';
import { jiraEnvironment, jiraSimulation } from './jira.ts';
import { crashLoop, kubernetesEnvironment, kubernetesSimulation } from './kubernetes.ts';
import { takeTime } from './pace.ts';
import {
  type PagerDutySimulator,
  pagerDutyEnvironment,
  raiseIncident,
  simulatedWebhookSecret,
  startPagerDuty,
} from './pagerduty.ts';
import { lookInto } from './pagerduty-person.ts';
import { prometheusEnvironment, prometheusSimulation } from './prometheus.ts';
import { type Simulation, type Simulator, startSimulator } from './simulator.ts';
import { slackEnvironment, slackSimulation } from './slack.ts';
import { pressButton } from './slack-person.ts';

/** The incidents that can be played. */
export const stories = [
  'unhealthy-instance',
  'acknowledged-in-slack',
  'untagged-instance',
  'crash-loop',
] as const;
export type Story = (typeof stories)[number];

/**
 * How fast things happen in a demonstration: as fast as a reader can follow, so that an incident takes about half a minute. Boots
 * and rollouts take a sixth of their real time, and a provider takes its time to answer, as providers do.
 */
const calmPace = { timeScale: 6, answerMilliseconds: 300 };
export type Pace = typeof calmPace;

export interface Simulators {
  /** The settings that connect Baton to them. */
  env: Record<string, string>;
  /** Raises an incident in the simulated PagerDuty and returns its id; undefined where PagerDuty is not simulated. */
  play?: (story?: Story) => Promise<string>;
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
export async function startSimulators({
  providers,
  stateDir,
  webhookUrl,
  pace = calmPace,
}: Options): Promise<Simulators> {
  mkdirSync(stateDir, { recursive: true });
  const stateFile = (provider: string) => join(stateDir, `${provider}.json`);
  const start = async <World extends object>(simulation: Simulation<World>) =>
    providers.includes(simulation.provider)
      ? startSimulator(unhurried(simulation, pace), { stateFile: stateFile(simulation.provider) })
      : undefined;

  const slack = await start(slackSimulation());
  const jira = await start(jiraSimulation());
  const kubernetes = await start(kubernetesSimulation({ timeScale: pace.timeScale }));
  const ec2 = await start(ec2Simulation({ timeScale: pace.timeScale }));
  const github = await start(githubSimulation());
  const prometheus = await start(prometheusSimulation());
  // A saved world may have had another pace.
  if (ec2) ec2.world.timeScale = pace.timeScale;
  const pagerDuty = providers.includes('pagerduty')
    ? await startPagerDuty({
        stateFile: stateFile('pagerduty'),
        answerMilliseconds: pace.answerMilliseconds,
        webhook: { url: webhookUrl, secret: simulatedWebhookSecret },
      })
    : undefined;

  const env: Record<string, string> = {
    ...(slack ? slackEnvironment(slack.url) : {}),
    ...(jira ? jiraEnvironment(jira.url) : {}),
    ...(kubernetes ? kubernetesEnvironment(kubernetes.url, join(stateDir, 'kubeconfig.yaml')) : {}),
    ...(ec2 ? ec2Environment(ec2.url) : {}),
    ...(github ? githubEnvironment(github.url) : {}),
    ...(prometheus ? prometheusEnvironment(prometheus.url) : {}),
    BATON_SIMULATED_TIME_SCALE: String(pace.timeScale),
    ...(pagerDuty ? pagerDutyEnvironment(pagerDuty.url) : {}),
  };

  const play =
    (to: PagerDutySimulator) =>
    async (story: Story = 'unhealthy-instance') => {
      switch (story) {
        case 'unhealthy-instance': {
          const instance = ec2 ? restedInstance(ec2) : 'i-0abc12345def67890';
          if (ec2) impair(ec2, instance);
          const id = raiseInstance(to, instance, 'Checkout');
          lookInto(to, id, pace.timeScale);
          return id;
        }
        case 'untagged-instance':
          if (ec2) impair(ec2, 'i-0def12345abc67890');
          return raiseInstance(to, 'i-0def12345abc67890', 'Search');
        case 'crash-loop':
          if (kubernetes) crashLoop(kubernetes, 'shop', 'checkout');
          return raiseIncident(to, {
            title: 'CrashLoopBackOff in shop/checkout',
            service: 'Checkout',
            alert: {
              key: `kubernetes/shop/checkout/${Date.now()}`,
              severity: 'critical',
              summary: 'A pod of shop/checkout restarts again and again',
              details: { namespace: 'shop', deployment: 'checkout' },
            },
          });
        case 'acknowledged-in-slack': {
          const id = raiseIncident(to, { title: 'Search p99 latency above 2 s', service: 'Search' });
          if (slack)
            pressButton(slack, { actionId: 'acknowledge', incidentId: id, userId: 'U0ADA', webhookUrl });
          return id;
        }
      }
    };
  const all: (Simulator<object> | undefined)[] = [
    pagerDuty,
    slack,
    jira,
    kubernetes,
    ec2,
    github,
    prometheus,
  ];
  return {
    env,
    ...(pagerDuty ? { play: play(pagerDuty) } : {}),
    async close() {
      await Promise.all(all.map((simulator) => simulator?.close()));
    },
  };
}

function raiseInstance(pagerDuty: PagerDutySimulator, instanceId: string, service: string): string {
  return raiseIncident(pagerDuty, {
    title: `EC2 ${instanceId} StatusCheckFailed`,
    service,
    alert: {
      key: `ec2/${instanceId}/StatusCheckFailed/${Date.now()}`,
      severity: 'critical',
      summary: `${instanceId} fails its instance status check`,
      details: { instance: instanceId, metric: 'StatusCheckFailed_Instance', region: 'eu-central-1' },
    },
  });
}

/** The same provider, which takes its time for each answer. */
const unhurried = <World>(
  simulation: Simulation<World>,
  { answerMilliseconds }: Pace,
): Simulation<World> => ({
  ...simulation,
  routes(app, world, act) {
    takeTime(app, answerMilliseconds);
    simulation.routes(app, world, act);
  },
});
