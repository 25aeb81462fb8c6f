import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyActivity, AnyChange } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';
import type { RunMode } from '../../domain/mode.ts';
import type { Looked, Plan } from '../../domain/plan.ts';
import type { RecordRow } from '../../domain/record.ts';
import type { Store } from '../../store/store.ts';
import { batonFor } from '../../worker/baton.ts';
import { surroundingsFor } from '../clients.ts';
import { type Case, type Cases, next } from '../faults/lost-answers/case.ts';
import { ec2Cases } from '../faults/lost-answers/ec2.ts';
import { githubCases } from '../faults/lost-answers/github.ts';
import { httpCases } from '../faults/lost-answers/http.ts';
import { jiraCases } from '../faults/lost-answers/jira.ts';
import { kubernetesCases } from '../faults/lost-answers/kubernetes.ts';
import { pagerDutyCases } from '../faults/lost-answers/pagerduty.ts';
import { slackCases } from '../faults/lost-answers/slack.ts';
import { callOf, isChange, simulatorsIn } from '../requests.ts';
import { embeddedWorld } from '../store/world.ts';
import { eventually, type Providers, startProviders } from '../world.ts';
import { aroundCalls, callActivity } from './attempt.ts';

const all: readonly AnyActivity[] = activities;
/** Baton's own, and the one that changes nothing but Baton's own store, are no changes at a provider: see baton-plans.test.ts. */
const changes = all.filter(
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
const walked = changes.flatMap(({ name }) =>
  (cases[name] ?? []).map((one, index) => ({ name, number: index + 1, one })),
);

/** What came of one attempt: the result, what the look found, the lines of the record, and the requests of each kind. */
interface Tried {
  result: unknown;
  looked: Looked | undefined;
  rows: RecordRow[];
  changing: string[];
  reading: number;
  /** What the providers then did. */
  effects: string[];
}

let providers: Providers;
let store: Store;
let close: () => Promise<void>;
/** Of each case: planned, in each mode in which nothing is changed, then made, and taken back. */
const outcomes = new Map<
  Case,
  { planned: Tried[]; made: Tried; again: Tried | undefined } | { error: unknown }
>();

let looked: Looked | undefined;
/** The cases share instances and deployments, which would be left alone for a while after the first. */
const watched = all.map((each) => ({
  ...each,
  coolDown: { minutes: 0 },
  ...('look' in each
    ? {
        async look(...given: Parameters<typeof each.look>) {
          looked = await each.look(...given);
          return looked;
        },
      }
    : {}),
})) as AnyActivity[];

interface Trying {
  runId: string;
  mode?: RunMode;
  attempt?: number;
}

/** Makes one attempt as a worker does, in a run that a server has started. */
async function attempt(name: string, input: object, { runId, mode, attempt = 1 }: Trying): Promise<Tried> {
  const simulators = simulatorsIn(providers);
  const before = simulators.map(({ calls, ledger }) => ({ calls: calls.length, ledger: ledger.length }));
  const rowsBefore = (await store.readRecord({ subject: runId, limit: 100 })).length;
  const interceptors = aroundCalls({
    activities: watched,
    clients: { ...surroundingsFor(providers.env), baton: batonFor({ store }) },
    store,
    ...(mode ? { cause: { mode } } : {}),
  });
  looked = undefined;
  const info = { activityType: name, activityId: name, attempt, runId };
  const result = await callActivity(info, interceptors, input);
  const requests = simulators.flatMap(({ provider, calls }, index) =>
    calls.slice(before[index]?.calls).map((request) => ({ provider, request })),
  );
  const changing = requests.filter(({ provider, request }) => isChange(provider, request));
  return {
    result,
    looked,
    rows: (await store.readRecord({ subject: runId, limit: 100 })).slice(rowsBefore),
    changing: changing.map(({ provider, request }) => callOf(provider, request)),
    reading: requests.length - changing.length,
    effects: simulators.flatMap(({ ledger }, index) =>
      ledger.slice(before[index]?.ledger).map(({ effect }) => effect),
    ),
  };
}

async function walk(name: string, one: Case) {
  const runId = `trap/${next()}`;
  const prepare = async (before: string, input: object) =>
    (await attempt(before, input, { runId: `trap/${next()}` })).result;
  const input = await one.input({ ...providers, store }, prepare);
  const planned = [
    await attempt(name, input, { runId, mode: 'plan' }),
    // As after a failure of the first: an earlier message, note or issue is looked for.
    await attempt(name, input, { runId, mode: 'plan', attempt: 2 }),
    await attempt(name, input, { runId, mode: 'observe' }),
    // Before people have approved it.
    await attempt(name, input, { runId, mode: 'propose' }),
  ];
  const made = await attempt(name, input, { runId });
  return { planned, made, again: await takeBack(name, input, made) };
}

/**
 * Takes a change back by what its plan says, and plans it again on the world that there is then: undefined where it says that nothing takes it
 * back. An instance that starts is not stopped at once, and a rollout is numbered a moment later.
 */
async function takeBack(name: string, input: object, { looked: found }: Tried): Promise<Tried | undefined> {
  const inverse = found && 'plan' in found ? found.plan.inverse : undefined;
  if (!inverse || 'none' in inverse) return undefined;
  const soon = (what: string, make: () => Promise<Tried>, isWanted: (tried: Tried) => boolean) =>
    eventually(what, async () => {
      const tried = await make().catch(() => undefined);
      return tried && isWanted(tried) ? tried : undefined;
    });
  const run = () => ({ runId: `trap/${next()}` });
  const hasPlan = ({ looked: seen }: Tried) => seen !== undefined && 'plan' in seen;
  const isAtRest = (tried: Tried) =>
    hasPlan(tried) && !/"(pending|stopping)"/.test(JSON.stringify(planOf(tried).before ?? null));
  await soon(`${name} to be taken back`, () => attempt(inverse.activity, inverse.input, run()), hasPlan);
  const again = () => attempt(name, input, { ...run(), mode: 'plan' });
  return soon(`${name} to be planned again`, again, isAtRest);
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-trap-'));
  const stored = await embeddedWorld();
  store = stored.newStore();
  providers = await startProviders(folder);
  close = async () => {
    await providers.close();
    await store.close();
    await stored.close();
    rmSync(folder, { recursive: true });
  };
  for (const { name, one } of walked)
    outcomes.set(one, await walk(name, one).catch((error: unknown) => ({ error })));
}, 120_000);

afterAll(async () => {
  const tried = [...outcomes.values()].flatMap((outcome) => ('planned' in outcome ? outcome.planned : []));
  const reads = tried.reduce((sum, { reading }) => sum + reading, 0);
  const made = tried.reduce((sum, { changing }) => sum + changing.length, 0);
  console.info(
    `${changes.length} changes planned in ${tried.length} attempts: ${reads} requests that read, ${made} that change`,
  );
  await close();
});

function outcomeOf(one: Case) {
  const outcome = outcomes.get(one);
  if (!outcome || 'error' in outcome) throw outcome?.error ?? new Error('It was not walked');
  return outcome;
}

function planOf({ looked: found }: Tried): Plan {
  if (!found || !('plan' in found)) throw new Error(`There is no plan: ${JSON.stringify(found)}`);
  return found.plan;
}

const planSchema = z.strictObject({
  summary: z.string().regex(/^[A-Z].*\S/s),
  calls: z.array(z.string().min(3)).min(1),
  values: z.record(z.string(), z.unknown()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  inverse: z.union([
    z.strictObject({ none: z.string().min(3) }),
    z.strictObject({ activity: z.string(), input: z.record(z.string(), z.unknown()) }),
  ]),
  output: z.record(z.string(), z.unknown()),
});

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const comparable = ({ output: _, values: __, ...plan }: Plan) => throughJson(plan);

/** Without the run, and without the numbers of revisions, which a cluster counts up whatever they hold. */
const uncounted = (plan: Plan) =>
  JSON.stringify(comparable(plan)).replaceAll(/trap\/\d+|(?<=[Rr]evision"?:? ?)\d+/g, '');

/** A plan of an HTTP request names the whole address, and the simulator saw the path. */
const withoutOrigin = (call: string) => call.replace(/^(\w+) https?:\/\/[^/]+/, '$1 ');

/**
 * The requests that no call of the plan names, and the calls that no request has made, but for those that only a refusal calls for. A
 * request that the provider has refused (another one was quicker) may be made again.
 */
function strays(requests: readonly string[], calls: readonly string[]) {
  const isMadeBy = (call: string, request: string) =>
    call === request || call.replace(/^where [^:]*: /, '').startsWith(`${request} `);
  return {
    unnamed: requests.filter((request) => !calls.some((call) => isMadeBy(call, request))),
    unmade: calls.filter(
      (call) => !call.startsWith('where ') && !requests.some((request) => isMadeBy(call, request)),
    ),
  };
}

describe('a run that changes nothing', () => {
  it('can come to every change of the registry', () => {
    expect(Object.keys(cases).sort()).toEqual(changes.map(({ name }) => name).sort());
    expect(walked.length).toBeGreaterThanOrEqual(changes.length);
  });

  it('would make changes that an activity takes back, or none for a reason, as each declares', () => {
    const declared = all.flatMap((each) => (each.kind === 'read' ? [] : [each]));
    const names = declared.map(({ name }) => name);
    for (const { name, inverse } of declared) {
      expect([name, inverse]).toEqual([name, expect.any(Object)]);
      if (inverse && 'activity' in inverse) expect(names).toContain(inverse.activity);
    }
  });

  describe.each(walked)('of $name ($number)', ({ name, one }) => {
    const declaration = changes.find((each) => each.name === name) as AnyActivity;

    it('makes no request that changes anything, and writes one line', () => {
      for (const { changing, effects, rows } of outcomeOf(one).planned) {
        expect([changing, effects]).toEqual([[], []]);
        expect(rows.map(({ action }) => action)).toEqual(['activity.planned']);
      }
    });

    it('gives a plan that can be kept, shown and gone on with', () => {
      for (const tried of outcomeOf(one).planned) {
        const plan = planOf(tried);
        expect(planSchema.safeParse(throughJson(plan))).toMatchObject({ success: true });
        for (const part of ['values', 'before', 'after', 'inverse'] as const)
          if (plan[part] !== undefined) expect(throughJson(plan[part])).toEqual(plan[part]);
        expect(tried.result).toEqual(declaration.output.parse(plan.output));
        expect(tried.rows[0]?.detail).toMatchObject({
          activity: name,
          plan: throughJson({ ...plan }),
          digest: expect.stringMatching(/^[\w-]{43}$/),
          targets: expect.any(Array),
        });
      }
    });

    it('says whether the provider would do it, where the provider can be asked that', () => {
      const { dryRun } = declaration as AnyChange;
      expect(dryRun !== undefined).toBe(['ec2', 'kubernetes'].includes(declaration.provider));
      for (const { rows } of dryRun ? outcomeOf(one).planned : [])
        expect(rows[0]?.detail.dryRun).toMatchObject({
          outcome: 'accepted',
          said: expect.stringMatching(/^(EC2|Kubernetes) would do it$/),
        });
    });

    it('names an activity that takes it back, or says why there is none', () => {
      const { inverse } = planOf(outcomeOf(one).planned[0] as Tried);
      // What is declared is what the plan gives. What it cannot take back this time it says in its own words.
      const { inverse: declared } = declaration as AnyChange;
      if (declared && 'none' in declared) expect([name, inverse]).toEqual([name, declared]);
      else expect(declared).toEqual({ activity: 'none' in inverse ? expect.any(String) : inverse.activity });
      if ('none' in inverse) return;
      const back = changes.find((each) => each.name === inverse.activity);
      expect(back?.input.safeParse(inverse.input)).toMatchObject({ success: true });
    });

    it('leaves the world as before once it is taken back, or says that nothing takes it back', () => {
      const { planned, made, again } = outcomeOf(one);
      if (!again) return expect(planOf(made).inverse).toEqual({ none: expect.stringMatching(/\w{3}/) });
      const first = planOf(planned[0] as Tried);
      expect(uncounted(planOf(again))).toEqual(uncounted(first));
    });

    it('says what is then done', () => {
      const { planned, made } = outcomeOf(one);
      expect(strays(made.changing, planOf(made).calls.map(withoutOrigin))).toEqual({
        unnamed: [],
        unmade: [],
      });
      expect(made.effects.length).toBeGreaterThan(0);
      expect(new Set(made.effects)).toEqual(new Set(one.effects));
      expect(made.effects.length).toBeLessThanOrEqual(one.effects.length);
      const completed = made.rows.find(({ action }) => action === 'activity.completed');
      expect(completed?.detail.inverse).toEqual(throughJson(planOf(made).inverse));
      const [first] = planned as [Tried];
      const isSame = isDeepStrictEqual(comparable(planOf(first)), comparable(planOf(made)));
      expect(completed?.detail.digest === first.rows[0]?.detail.digest).toBe(isSame);
    });
  });
});
