import { onTestFinished } from 'vitest';
import type { OperationContext } from '../../../server/operations/operation.ts';
import { ec2Environment, ec2Simulation } from '../../../simulator/ec2.ts';
import { githubEnvironment, githubSimulation } from '../../../simulator/github.ts';
import { jiraEnvironment, jiraSimulation } from '../../../simulator/jira.ts';
import { kubernetesConfig, kubernetesSimulation } from '../../../simulator/kubernetes.ts';
import { type Simulation, type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { slackEnvironment, slackSimulation } from '../../../simulator/slack.ts';
import type { Store } from '../../../store/store.ts';
import { fresh } from '../../store/world.ts';
import { adminOn, askingOf, changesAt } from './set-up-world.ts';

export interface Kind {
  simulation: () => Simulation<object>;
  /** An answer to each question that has to be answered, and the secrets among them. */
  answers(url: string): { answers: Record<string, string>; secrets: string[] };
}

/** By the word of the command. */
export const kinds = {
  slack: {
    simulation: slackSimulation,
    answers(url) {
      const { SLACK_BOT_TOKEN: botToken = '', SLACK_SIGNING_SECRET: signingSecret = '' } =
        slackEnvironment(url);
      const apiUrl = `${url}/api/`;
      return {
        answers: { botToken, signingSecret, testChannel: '#general', apiUrl },
        secrets: [botToken, signingSecret],
      };
    },
  },
  jira: {
    simulation: jiraSimulation,
    answers(url) {
      const { JIRA_API_TOKEN: token = '', JIRA_EMAIL: email = '' } = jiraEnvironment(url);
      return { answers: { site: url, email, token, project: 'operations' }, secrets: [token] };
    },
  },
  kubernetes: {
    simulation: kubernetesSimulation,
    answers(url) {
      const kubeconfig = kubernetesConfig(url);
      const [, token = ''] = /token: (\S+)/.exec(kubeconfig) ?? [];
      return { answers: { kubeconfig, namespaces: 'shop' }, secrets: [token] };
    },
  },
  aws: {
    simulation: ec2Simulation,
    answers(url) {
      const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
        ec2Environment(url);
      const addresses = { endpoint: url, stsEndpoint: url };
      return {
        answers: { region: 'eu-central-1', accessKeyId, secretAccessKey, ...addresses },
        secrets: [accessKeyId, secretAccessKey],
      };
    },
  },
  github: {
    simulation: githubSimulation,
    answers(url) {
      const { GITHUB_TOKEN: token = '' } = githubEnvironment(url);
      const repositories = 'acme/shop';
      return { answers: { token, repositories, webhook: 'repository', apiUrl: url }, secrets: [token] };
    },
  },
} satisfies Record<string, Kind>;
export type Word = keyof typeof kinds;

/** An account of a provider, and an admin who sets it up. */
export async function startAccount(store: Store, word: Word, changes: Partial<OperationContext> = {}) {
  const kind: Kind = kinds[word];
  const simulator: Simulator<object> = await startSimulator(kind.simulation());
  onTestFinished(() => simulator.close());
  const { context, learnt, valuesOf } = adminOn(store, changes);
  const name = fresh(`${word}-`);
  const { answers, secrets } = kind.answers(simulator.url);
  const provider = word === 'aws' ? 'ec2' : word;
  return {
    simulator,
    world: simulator.world as Record<string, unknown>,
    context,
    name,
    answers: { name, ...answers },
    secrets,
    ask: askingOf(word, context),
    values: () => valuesOf(name),
    learnt,
    provider,
    changes: () => changesAt(simulator, provider),
  };
}
