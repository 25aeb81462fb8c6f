import { type DeploymentRule, finishedIn, ruleFor } from '../domain/deployment.ts';
import type { Event } from '../domain/event.ts';
import { sourceOf } from '../domain/http-event.ts';
import { deploymentFailed } from '../workflows/deployment-failed.ts';
import { deployments } from './policies/deployments.ts';
import { defineTrigger } from './trigger.ts';

/** Tells of deployments, load tests and evaluations that have ended, by these rules. Of what no rule names it tells nothing. */
export const deploymentFinishedBy = (rules: readonly DeploymentRule[]) => {
  const own = rules.map(({ source }) => `http.${source}` as const);
  return defineTrigger({
    name: 'deployment-finished',
    on: [...new Set(['http.deployment', 'github.deployment_status', 'github.workflow_run', ...own] as const)],
    when: {
      'has ended, well or not': (data, { type }) => finishedIn(type, data) !== undefined,
      'is of a service, stage and branch of which a rule tells (triggers/policies/deployments.ts)': (
        _,
        event,
      ) => ruleOf(event, rules) !== undefined,
    },
    run: deploymentFailed,
    input: (data, event) => ({
      type: event.type,
      data,
      at: event.time,
      // The conditions have looked that there is one.
      rule: ruleOf(event, rules) as DeploymentRule,
    }),
    target: (data, { type }) => {
      const found = finishedIn(type, data);
      return found ? `${found.service}/${found.stage}` : '';
    },
    forPeople: true,
  });
};

export const deploymentFinished = deploymentFinishedBy(deployments);

function ruleOf({ type, data, source }: Event, rules: readonly DeploymentRule[]): DeploymentRule | undefined {
  const found = finishedIn(type, data);
  return found && ruleFor(sourceOf(source), found, rules);
}
