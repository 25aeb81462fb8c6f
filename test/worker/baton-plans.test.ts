import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyActivity, AnyChange } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';
import { linkCodeHash, newLinkCode } from '../../activities/link-code.ts';
import { performFromSlack } from '../../processes/perform.ts';
import { operations } from '../../server/operations/index.ts';
import { byId } from '../../simulator/pagerduty/world.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import type { Store } from '../../store/store.ts';
import { batonFor } from '../../worker/baton.ts';
import { activityInterceptors } from '../../worker/interceptor.ts';
import { incident, worldOn } from '../api/served.ts';
import { callsSigned, testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { request } from '../store/approval.ts';
import { parkedAt, question } from '../store/question.ts';
import { embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { startTestTemporal } from '../temporal.ts';
import { type Providers, startProviders } from '../world.ts';

/** What Baton carries out itself, and what changes nothing but its own store: the others are walked in every-plan.test.ts. */
const changes = (activities as readonly AnyActivity[]).filter(
  ({ kind, provider, name }) =>
    kind !== 'read' && (provider === 'baton' || name === 'redeemPagerDutyLinkCode'),
);
const changing = new Set<string>(operations.filter(({ kind }) => kind === 'change').map(({ name }) => name));

describe('plan mode of what Baton carries out itself', () => {
  let folder: string;
  let temporal: TestWorkflowEnvironment;
  let world: World;
  let store: Store;
  let providers: Providers;
  /** The operations that were asked for. */
  let asked: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-own-plans-'));
    temporal = await startTestTemporal();
    world = await embeddedWorld();
    store = world.newStore();
    providers = await startProviders(folder);
    await store.setRole('ada@example.com', 'admin', entry());
  });
  afterAll(async () => {
    await providers.close();
    await world.close();
    await temporal.teardown();
    rmSync(folder, { recursive: true });
  });

  async function attempt(name: string, input: object, mode?: 'plan') {
    const runId = `trap/${fresh('')}`;
    const runs = {
      client: new Client({ connection: temporal.connection }),
      taskQueue: 'none',
      eagerStart: false,
      authority: testAuthority,
    };
    const perform = performFromSlack(worldOn(store, { runs }));
    const baton = batonFor({
      store,
      perform: (operation, ...more) => {
        asked.push(operation);
        return perform(operation, ...more);
      },
    });
    const interceptors = [
      callsSigned({ by: { kind: 'person', id: 'U0ADA', name: 'Ada' }, ...(mode ? { mode } : {}) }),
      activityInterceptors({
        activities,
        clients: { ...clientsFor(providers.env), baton },
        store,
        authority: testAuthority,
        simulated: [],
        scrub: (text) => text,
      }),
    ];
    const workflowExecution = { workflowId: runId, runId };
    const environment = new MockActivityEnvironment(
      { activityType: name, activityId: name, workflowExecution },
      { interceptors },
    );
    asked = [];
    const result = await environment.run(async (_: object): Promise<unknown> => undefined, input);
    const rows = await store.readRecord({ subject: runId, limit: 100 });
    return { result, rows, changes: asked.filter((each) => changing.has(each)) };
  }

  /** All that the store keeps, but for the record, the marks of what was asked, and the effects that the interceptor opens. */
  const tables = [
    'people',
    'tokens',
    'link_codes',
    'connections',
    'routes',
    'runs',
    'inbox',
    'approvals',
    'questions',
    'incidents',
    'lowered_triggers',
  ];
  const kept = async () =>
    Object.fromEntries(
      await Promise.all(
        tables.map(async (table) => {
          const { rows } =
            await sql`select to_jsonb(t) as row from ${sql.table(table)} as t order by 1`.execute(world.db);
          return [table, rows] as const;
        }),
      ),
    );

  const startInput = async () => ({
    workflow: 'waitForNews',
    input: {},
    subject: (await incident(store)).subject,
    reason: 'it is worth a try',
  });
  const inputs: Record<string, () => Promise<object>> = {
    startBatonRun: startInput,
    async stopBatonRun() {
      const { result } = await attempt('startBatonRun', await startInput());
      return { runId: (result as { runId: string }).runId, reason: 'it is the wrong one' };
    },
    async answerBatonApproval() {
      const { run: runId } = await incident(store);
      const { id } = await store.askApproval(request({ runId, workflow: 'waitForNews' }));
      return { approvalId: id, decision: 'approve' };
    },
    async answerBatonQuestion() {
      const { run: runId } = await incident(store);
      const { id } = await store.askQuestion(question({ runId, workflow: 'waitForNews' }));
      return { questionId: id, values: { choice: 'eu-west-1' } };
    },
    lowerBatonTrigger: async () => ({ trigger: 'news', to: 'off', reason: 'it is the wrong one' }),
    async unparkBatonRun() {
      const { run: runId } = await incident(store);
      const { id } = await store.askQuestion(parkedAt({ runId, workflow: 'waitForNews' }));
      return { questionId: id, decision: 'skip', reason: 'it is made by hand' };
    },
    async redeemPagerDutyLinkCode() {
      const incidentId = raiseIncident(providers.pagerDuty, { title: 'Codes', service: 'Search' });
      const code = newLinkCode();
      await store.keepLinkCode(linkCodeHash(code), fresh('U0EVE'));
      const about = byId(providers.pagerDuty.world.incidents, incidentId);
      if (about) providers.pagerDuty.account.annotate(about, code, 'PADALOP');
      return { incidentId, userId: 'PADALOP' };
    },
  };

  it('is walked through by each of them', () => {
    expect(changes.map(({ name }) => name).sort()).toEqual(Object.keys(inputs).sort());
  });

  it.each(Object.keys(inputs))(
    'of %s asks for nothing that changes anything, and leaves the store as it was',
    async (name) => {
      const input = (await inputs[name]?.()) ?? {};
      const before = await kept();
      const calls = providers.pagerDuty.ledger.length;
      const workflows = async () => {
        const found: string[] = [];
        for await (const { workflowId, status } of temporal.client.workflow.list())
          found.push(`${workflowId} ${status.name}`);
        return found.sort();
      };
      const runsBefore = await workflows();
      const planned = await attempt(name, input, 'plan');
      expect(planned.changes).toEqual([]);
      expect(await kept()).toEqual(before);
      expect(await workflows()).toEqual(runsBefore);
      expect(providers.pagerDuty.ledger).toHaveLength(calls);
      expect(planned.rows.map(({ action }) => action)).toEqual(['activity.planned']);
      const { inverse } = changes.find((each) => each.name === name) as AnyChange;
      expect(planned.rows[0]?.detail).toMatchObject({ plan: { calls: [expect.any(String)], inverse } });

      // The trap sees what is then done.
      const made = await attempt(name, input);
      expect(made.result).toMatchObject({ changed: true });
      expect([made.changes.length > 0, JSON.stringify(await kept()) !== JSON.stringify(before)]).toContain(
        true,
      );
    },
  );
});
