import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../cli/examples/events.ts';
import { asRuled, type DeploymentRule, finishedIn } from '../../domain/deployment.ts';
import type { Event } from '../../domain/event.ts';
import { deploymentFinished, deploymentFinishedBy } from '../../triggers/deployment-finished.ts';
import { deploymentRules } from '../../triggers/deployment-rules.ts';

const rule: DeploymentRule = {
  source: 'default',
  service: 'acme/shop',
  stages: {
    production: { stage: 'production', severity: 'critical' },
    'Nightly load test': { stage: 'production', what: 'load test' },
  },
  connection: 'shop',
};
const trigger = deploymentFinishedBy([rule]);
const example = (type: string, changes: object = {}) => {
  const found = exampleOf(type, new Date('2026-11-20T09:00:00Z'))?.event as Event<'github.workflow_run'>;
  return { ...found, data: { ...found.data, ...changes } } as Event<'github.workflow_run'>;
};
const ofOwn = (body: unknown): Event => ({
  id: '1',
  source: '/http/ci',
  type: 'http.ci',
  time: '2026-11-20T09:00:00.000Z',
  data: { body },
});

describe('the deployment-finished trigger', () => {
  it.each([
    ['github.deployment_status', 'deployment', 'critical'],
    ['github.workflow_run', 'load test', 'error'],
  ])('takes %s that has failed, as the rule of its service has it', (type, what, severity) => {
    const event = example(type);
    expect(trigger.respond(event)).toMatchObject({ start: 'deploymentFailed', input: { type, rule } });
    const found = finishedIn(type, event.data);
    expect(found && asRuled(found, rule)).toMatchObject({
      what,
      severity,
      stage: 'production',
      result: 'failed',
    });
    expect(trigger.target(event)).toMatch(/^acme\/shop\//);
  });

  const unended = 'has ended, well or not';
  const unnamed =
    'is of a service, stage and branch of which a rule tells (triggers/policies/deployments.ts)';
  it.each<[string, string, object, string]>([
    ['a deployment under way', 'github.deployment_status', { state: 'in_progress' }, unended],
    ['a run of a CI that was cancelled', 'github.workflow_run', { conclusion: 'cancelled' }, unended],
    ['another environment', 'github.deployment_status', { environment: 'preview-17' }, unnamed],
    ['a property that every object has', 'github.deployment_status', { environment: 'constructor' }, unnamed],
    ['another repository', 'github.workflow_run', { repository: 'acme/other' }, unnamed],
    ['another branch', 'github.workflow_run', { branch: 'feature' }, unnamed],
  ])('leaves %s alone, and says why', (_, type, changes, no) => {
    expect(trigger.respond(example(type, changes))).toEqual({ no });
  });

  it('answers nothing as shipped', () => {
    expect(deploymentFinished.respond(example('github.deployment_status'))).toEqual({ no: unnamed });
  });

  it('takes the JSON of any CI, under the name of its own source alone', () => {
    const own = { ...rule, source: 'ci', service: 'search' };
    const body = { service: 'search', stage: 'production', result: 'PASS', url: 'javascript:alert(1)' };
    expect(deploymentFinishedBy([own]).respond(ofOwn(body))).toMatchObject({ start: 'deploymentFailed' });
    expect(finishedIn('http.ci', { body })).toEqual({
      service: 'search',
      stage: 'production',
      result: 'passed',
    });
    const elsewhere = { ...own, source: 'deployment' };
    expect(deploymentFinishedBy([own, elsewhere]).respond({ ...ofOwn(body), source: '/http/other' })).toEqual(
      {
        no: unnamed,
      },
    );
    for (const none of [null, 'x', [], {}, { ...body, result: 'aborted' }, { ...body, stage: 7 }])
      expect(deploymentFinishedBy([own]).respond(ofOwn(none))).toEqual({ no: unended });
  });

  it('is a warning where the result is one', () => {
    const body = { service: 'acme/shop', stage: 'production', result: 'warning' };
    const found = finishedIn('http.default', { body });
    expect(found && asRuled(found, rule)).toMatchObject({ result: 'warning', severity: 'warning' });
  });
});

describe('the rules of deployments', () => {
  it.each<[string, object, string]>([
    ['no service', { service: ' ' }, 'is of no service'],
    ['a source with another name', { source: 'My CI' }, 'names no source, "My CI"'],
    ['no connection', { connection: '' }, 'names no connection, ""'],
    ['a channel by its name', { channelId: '#shop' }, 'names no channel, "#shop"'],
    ['no stage', { stages: {} }, 'has no stage'],
    ['a stage without a name', { stages: { prod: { stage: '' } } }, 'calls the stage prod nothing'],
    [
      'another severity',
      { stages: { prod: { stage: 'p', severity: 'high' } } },
      'has no fitting severity of prod, high',
    ],
  ])('are refused with %s', (_, changes, words) => {
    expect(() => deploymentRules([{ ...rule, ...changes }])).toThrow(words);
  });

  it('are refused where two are of one stage', () => {
    expect(() => deploymentRules([rule, rule])).toThrow('is there twice for the stage production');
  });
});
