import type { DeploymentRule } from '../domain/deployment.ts';
import { severities } from '../domain/page.ts';
import { connectionNamePattern } from '../domain/subject.ts';

/** The rules by which deployments are told of; throws where one cannot be meant, or two are of the same service and stage. */
export function deploymentRules(rules: readonly DeploymentRule[]): readonly DeploymentRule[] {
  const seen = new Set<string>();
  for (const { source, service, stages, connection, channelId } of rules) {
    const fails = (why: string): never => {
      throw new Error(`The rule of the deployments of ${service || 'a service without a name'} ${why}`);
    };
    if (service.trim() === '') fails('is of no service. Name it as its source does: acme/shop, checkout.');
    for (const [of, name] of [
      ['source', source],
      ['connection', connection],
    ] as const)
      if (!connectionNamePattern.test(name))
        fails(
          `names no ${of}, "${name}": a name has up to 40 small letters, digits and hyphens. See baton connections list.`,
        );
    if (channelId !== undefined && !/^[CG][A-Z0-9]{2,}$/.test(channelId))
      fails(
        `names no channel, "${channelId}". Use the id that Slack shows in its details, such as C0123456789.`,
      );
    if (Object.keys(stages).length === 0)
      fails("has no stage, so nothing is ever told. Name one: { production: { stage: 'production' } }.");
    for (const [name, { stage, severity }] of Object.entries(stages)) {
      if (stage.trim() === '') fails(`calls the stage ${name} nothing. Say what alerts call it.`);
      if (severity !== undefined && !severities.includes(severity))
        fails(`has no fitting severity of ${name}, ${severity}. Use one of ${severities.join(', ')}.`);
      const place = JSON.stringify([source, service, name]);
      if (seen.has(place))
        fails(
          `is there twice for the stage ${name}, and which of them is meant cannot be told. List it once.`,
        );
      seen.add(place);
    }
  }
  return rules;
}
