import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyActivity } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { taskQueue } from '../../worker/worker.ts';
import { signedMemo } from '../authority.ts';
import { ledgersOf, violations } from '../check.ts';
import { bundleOf } from '../temporal.ts';
import { startWorld, type World } from '../world.ts';
import { type Case, type Cases, next } from './lost-answers/case.ts';
import { ec2Cases } from './lost-answers/ec2.ts';
import { githubCases } from './lost-answers/github.ts';
import { httpCases } from './lost-answers/http.ts';
import { jiraCases } from './lost-answers/jira.ts';
import { kubernetesCases } from './lost-answers/kubernetes.ts';
import { pagerDutyCases } from './lost-answers/pagerduty.ts';
import { slackCases } from './lost-answers/slack.ts';

/** Those that Baton itself carries out, or that change its store alone, get no answer that can be lost on the way. */
const changes = (activities as readonly AnyActivity[]).filter(
  ({ kind, provider, name }) => kind !== 'read' && provider !== 'baton' && name !== 'redeemPagerDutyLinkCode',
);
const cases: Cases = {
  ...pagerDutyCases,
  ...slackCases,
  ...jiraCases,
  ...kubernetesCases,
  ...ec2Cases,
  ...githubCases,
  ...httpCases,
};

/** What is left of one case: the provider's effects, and how often the call was tried. */
interface Outcome {
  effects: string[];
  attempts: number;
  error?: unknown;
}
const outcomes = new Map<Case, Outcome>();

let world: World;
beforeAll(async () => {
  // Each case has one attempt that fails, of which the SDK would give a page.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const bundle = await bundleOf(fileURLToPath(new URL('./one-step.ts', import.meta.url)));
  // The cases share instances and deployments, which would be left alone for a while after the first.
  const restless = (activities as readonly AnyActivity[]).map((each) => ({
    ...each,
    coolDown: { minutes: 0 },
  }));
  // PagerDuty is told of no change besides: its effects are those of one case at a time.
  world = await startWorld({ bundle, triggers: [], activities: restless, policies: { journal: [] } });
});
afterAll(() => world.close());

/** Makes one call as a workflow does, through Temporal and the worker, and resolves with its run's id when it has ended. */
async function runOf(name: string, input: object, mayEndIn?: string): Promise<string> {
  const workflowId = `lost-answer/${next()}`;
  const { workflow } = world.temporal.client;
  const memo = signedMemo({ workflowId, workflow: 'oneStep', input: name });
  const handle = await workflow.start('oneStep', { workflowId, taskQueue, args: [name, input], memo });
  await handle.result().catch((error: { cause?: { cause?: { type?: string } } }) => {
    if (mayEndIn === undefined || error.cause?.cause?.type !== mayEndIn) throw error;
  });
  return workflowId;
}

async function lose(name: string, { ledger, fail }: Simulator<object>, one: Case): Promise<Outcome> {
  const input = await one.input(world, runOf);
  const before = ledger.length;
  fail({ kind: 'cut-after', match: one.cut });
  const runId = await runOf(name, input, one.mayEndIn);
  const attempts = (await world.record(runId)).filter(({ action }) => action === 'activity.intended').length;
  return { effects: ledger.slice(before).map(({ effect }) => effect), attempts };
}

/** A retry takes a second, so the providers are gone through side by side, each with one case at a time. */
beforeAll(async () => {
  const { pagerDuty, slack, jira, kubernetes, ec2, github, service } = world;
  const lanes: Simulator<object>[] = [pagerDuty, slack, jira, kubernetes, ec2, github, service];
  await Promise.all(
    lanes.map(async (simulator) => {
      for (const { name } of changes.filter(({ provider }) => provider === simulator.provider))
        for (const one of cases[name] ?? [])
          outcomes.set(
            one,
            await lose(name, simulator, one).catch((error: unknown) => ({ effects: [], attempts: 0, error })),
          );
    }),
  );
}, 120_000);

describe('an answer that is lost after the provider has acted', () => {
  it('is tried with every activity that changes something', () => {
    const names = changes.map(({ name }) => name).sort();
    expect(Object.keys(cases).sort()).toEqual(names);
    expect(names.filter((name) => cases[name]?.length === 0)).toEqual([]);
  });

  it.each(
    changes.flatMap(({ name }) => (cases[name] ?? []).map((one) => ({ name, request: one.cut.trim(), one }))),
  )('leaves one effect of $name, cut at $request', ({ one }) => {
    // The one that lost its answer, and one or more after it: how many is a matter of the machine's pace.
    const attempts = expect.toSatisfy((count: number) => count >= 2);
    expect(outcomes.get(one)).toEqual({ effects: one.effects, attempts });
  });

  it('leaves a record in which every effect has its intent and its outcome', async () => {
    const { store } = world;
    const ledgers = ledgersOf(world);
    expect(ledgers.flat().length).toBeGreaterThan(40);
    // It is documented of this one that it may be shown twice.
    const others = (each: string) => !each.startsWith('effect ephemeral posted');
    expect((await violations({ store, ledgers, sent: [] })).filter(others)).toEqual([]);
  });
});
