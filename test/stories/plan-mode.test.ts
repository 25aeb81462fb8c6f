import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Output } from '../../cli/output.ts';
import { tellPlan } from '../../cli/plan.ts';
import { tellIssue } from '../../cli/tell-issue.ts';
import type { Ask } from '../../processes/door.ts';
import { operations } from '../../server/operations/index.ts';
import type { OperationContext } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { startRunByHand } from '../../server/operations/runs.ts';
import { planTrigger } from '../../server/operations/triggers-plan.ts';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { triggers } from '../../triggers/index.ts';
import { taskQueue } from '../../worker/worker.ts';
import { signedMemo } from '../authority.ts';
import { isChange, simulatorsIn } from '../requests.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [] });
});
afterAll(() => world.close());

/** Runs a shipped workflow to its end in plan mode, and gives the summaries of what it would have done, by activity. */
async function plan(
  workflow: string,
  input: { incidentId: string; graceTime?: string },
): Promise<Record<string, string>> {
  const workflowId = `plan/${input.incidentId}`;
  const memo = signedMemo({ workflowId, workflow, input }, { mode: 'plan', subject: input.incidentId });
  const { client } = world.temporal;
  await client.workflow.execute(workflow, { workflowId, taskQueue, args: [input], memo });
  const lines = await world.record(input.incidentId);
  expect(lines.filter(({ action }) => action === 'activity.failed')).toEqual([]);
  return Object.fromEntries(
    lines
      .filter(({ action }) => action === 'activity.planned')
      .map(({ detail }) => [
        String(detail.activity),
        (detail.plan as { summary: string } | undefined)?.summary ?? 'done',
      ]),
  );
}

function expectNothingChanged(): void {
  const simulators = simulatorsIn(world);
  const requests = simulators.flatMap(({ provider, calls }) =>
    calls.map((request) => ({ provider, request })),
  );
  expect(requests.length).toBeGreaterThan(5);
  expect(requests.filter(({ provider, request }) => isChange(provider, request))).toEqual([]);
  expect(simulators.flatMap(({ ledger }) => ledger)).toEqual([]);
}

describe('a runbook in plan mode', () => {
  it('of a production incident goes through to its end and tells all that it would do', async () => {
    const incidentId = raiseIncident(world.pagerDuty, { title: 'Checkout is slow', service: 'Checkout' });
    resolveAs(world.pagerDuty, incidentId, 'PBENOKA');
    const planned = await plan('pagerdutyProductionIncidentPolicy', { incidentId, graceTime: '1 second' });
    expect(planned).toMatchObject({
      openSlackWarRoom: expect.stringMatching(/^Opens the public channel inc-\d+-checkout-is-slow/),
      showSlackStatusCard: `Shows the state of incident ${incidentId} in CPLANNED: resolved`,
      createJiraIssue: expect.any(String),
      addPagerDutyNote: `Adds a note to incident ${incidentId}`,
      archiveSlackChannel: 'Archives the channel CPLANNED',
    });
    expectNothingChanged();
  });

  it('of an unhealthy instance reboots nothing', async () => {
    const instance = 'i-0abc12345def67890';
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const incidentId = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
    expect(await plan('ec2UnhealthyRestart', { incidentId })).toMatchObject({
      acknowledgePagerDutyIncident: `Acknowledges incident ${incidentId} "${title}"`,
      rebootEc2Instances: expect.stringContaining(instance),
    });
    expectNothingChanged();
  });
});

describe('a plan that somebody asks for', () => {
  const ada: Omit<OperationContext, keyof World['operations']> = {
    principal: { kind: 'person', name: 'ada@example.com', role: 'responder' },
    via: 'cli',
  };
  const ask = async (
    operation: typeof planTrigger | typeof startRunByHand,
    input: object,
    principal = ada.principal,
  ) =>
    (await perform(operation as typeof planTrigger, input, {
      ...world.operations,
      ...ada,
      principal,
      triggers: async () => triggers,
    })) as {
      no?: string;
      run?: { id: string };
    };
  const plannedBy = async (id = '') => {
    const run = await eventually('the plan', async () => {
      const found = await world.run(id);
      return found?.endedAt ? found : undefined;
    });
    const lines = await world.record(run.subject ?? id);
    return lines
      .filter(({ action, detail }) => action === 'activity.planned' && detail.run === id)
      .map(({ detail }) => detail.activity);
  };

  /** What the command prints of a plan. */
  const printed = async (id = '') => {
    const lines: string[] = [];
    const output = {
      color: false,
      width: 80,
      line: (text = '') => void lines.push(text),
      note: () => {},
      json: () => {},
    };
    const ask = ((name: string, input: object) => {
      const operation = operations.find((each) => each.name === name) as typeof planTrigger;
      return perform(operation, input as never, { ...world.operations, ...ada });
    }) as never;
    await tellPlan(id, ask, { output, json: false });
    return lines.join('\n');
  };

  it('of a trigger, by a stored event, or of a workflow: a responder sees the calls, and nothing is changed', async () => {
    const instance = 'i-0abc12345def67890';
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const incidentId = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
    await eventually('the event', async () => {
      const { items } = await world.store.pageOfEvents({ subject: incidentId, limit: 1 });
      return items[0]?.disposition;
    });
    const byTrigger = await ask(planTrigger, { name: 'ec2-unhealthy', incident: incidentId });
    expect(await plannedBy(byTrigger.run?.id)).toContain('rebootEc2Instances');
    const asked = { workflow: 'ec2UnhealthyRestart', input: { incidentId }, plan: true, reason: 'a look' };
    const byHand = await ask(startRunByHand, asked);
    expect(await plannedBy(byHand.run?.id)).toContain('rebootEc2Instances');
    expect(await printed(byHand.run?.id)).toContain(
      [
        `rebootEc2Instances ec2:${instance}`,
        `  Reboots ${instance}`,
        `  ec2:RebootInstances ${instance}`,
        `  before: ${instance}: (ebs: ok, instance: impaired, system: ok)`,
        '  after: as the call does',
        '  cannot be taken back: a reboot cannot be taken back',
        '  EC2 would do it',
      ].join('\n'),
    );
    const other = await ask(planTrigger, { name: 'kubernetes-crash-loop', incident: incidentId });
    expect(other).toMatchObject({ no: expect.stringContaining('crash loop') });
    expectNothingChanged();
  });

  it('of an incident that Baton has never seen: it is read in PagerDuty, and not stored', async () => {
    const { subscriptions } = world.pagerDuty.world;
    const heard = subscriptions.splice(0);
    onTestFinished(() => void subscriptions.push(...heard));
    const instance = 'i-0abc12345def67890';
    impair(world.ec2, instance);
    const title = `EC2 ${instance} StatusCheckFailed`;
    const unseen = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
    const byTrigger = await ask(planTrigger, { name: 'ec2-unhealthy', incident: unseen });
    expect(await plannedBy(byTrigger.run?.id)).toContain('rebootEc2Instances');
    expect(await ask(planTrigger, { name: 'kubernetes-crash-loop', incident: unseen })).toMatchObject({
      no: expect.stringContaining('crash loop'),
    });
    expect(await world.store.findIncident(unseen)).toBeUndefined();
    expect((await world.store.pageOfEvents({ subject: unseen, limit: 1 })).items).toEqual([]);
    expectNothingChanged();

    const planned = (incident: string) => ask(planTrigger, { name: 'ec2-unhealthy', incident });
    for (const incident of ['Q0NOBODY', `eu/${unseen}`, 'not/an/incident'])
      await expect(planned(incident)).rejects.toMatchObject({
        status: 404,
        message: expect.stringContaining('no PagerDuty account that is connected here shows it'),
      });
    // Of which service it is nobody knows here, so to whoever is limited to some it is not there, and PagerDuty is not asked.
    const looked = () => world.pagerDuty.calls.filter(({ path }) => path.includes(unseen)).length;
    const before = looked();
    const limited = { ...ada.principal, scope: { services: ['PF9KMXH'] } };
    await expect(
      ask(planTrigger, { name: 'ec2-unhealthy', incident: unseen }, limited),
    ).rejects.toMatchObject({ status: 404, message: expect.stringMatching(/^Nothing is stored of/) });
    expect([looked(), before > 0]).toEqual([before, true]);
    world.pagerDuty.fail({ kind: 'status', status: 503, times: 2 });
    await expect(planned(unseen)).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('PagerDuty is unavailable (503)'),
    });
  });
});

describe('baton timeline --jira', () => {
  const issue = 'OPS-1';
  const written = () => world.jira.world.issues[0]?.comments ?? [];
  let id = '';

  /** As a responder asks, by the command. */
  const told = async (options: { issue?: string; dryRun?: boolean } = {}) => {
    const printed: string[] = [];
    const output: Output = {
      color: false,
      width: 80,
      line: (text = '') => void printed.push(text),
      note: () => {},
      json: () => {},
    };
    const ask = ((name: string, input: object, idempotencyKey?: string) => {
      const operation = operations.find((each) => each.name === name) as typeof startRunByHand;
      return perform(operation, input as never, {
        ...world.operations,
        principal: { kind: 'person', name: 'ada@example.com', role: 'responder' },
        via: 'cli',
        idempotencyKey,
      });
    }) as Ask;
    await tellIssue(id, { reason: 'for the review', ...options }, ask, { output, json: false });
    return printed.join('\n');
  };

  it('shows the comment, writes it once, and writes anew when more has happened', async () => {
    id = raiseIncident(world.pagerDuty, { title: 'The basket is empty', service: 'Checkout' });
    await eventually('the incident', () => world.store.findIncident(id));
    await expect(told()).rejects.toMatchObject({ exit: 3, message: `Baton has made no issue for ${id}` });
    world.jira.world.issues.push({
      id: '10001',
      key: issue,
      fields: {
        summary: 'The basket is empty',
        description: null,
        labels: [],
        project: { key: 'OPS' },
        issuetype: { name: 'Task' },
      },
      status: 'To Do',
      comments: [],
      links: [],
      createdAt: 0,
      properties: [],
    });

    const planned = await told({ issue, dryRun: true });
    expect(planned).toContain(`Comments on ${issue}`);
    expect(planned).toMatch(/^ {2}before: nothing\n {2}after: this text\n {2}\| #\d+ /m);
    expect(planned.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(written()).toEqual([]);
    expect(await told({ issue })).toBe('It is written on the issue.');
    expect(await told({ issue })).toBe('It was written before, and nothing has happened since.');
    expect(written()).toHaveLength(1);
    const text = JSON.stringify(written());
    expect(text).toContain('The basket is empty');
    expect(text).toMatch(/20\S+ \S+ UTC > Checkout triggered the incident/);

    resolveAs(world.pagerDuty, id, 'PBENOKA');
    await eventually('the resolve', async () => (await world.store.findIncident(id))?.status === 'resolved');
    expect(await told({ issue })).toBe('It is written on the issue.');
    expect(written()).toHaveLength(2);
    expect(await world.record(id)).toContainEqual(
      expect.objectContaining({
        action: 'run.started',
        actor: 'person:ada@example.com',
        detail: expect.objectContaining({ workflow: 'tellIssue', reason: 'for the review' }),
      }),
    );
  });
});
