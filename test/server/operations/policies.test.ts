import { describe, expect, it } from 'vitest';
import { journalOfRestarts } from '../../../docs/examples/triggers/policies/journal-of-restarts.ts';
import { pagesOfRestarts } from '../../../docs/examples/triggers/policies/pages-of-restarts.ts';
import { remediationMoves } from '../../../docs/examples/triggers/remediation-moves.ts';
import type { OperationContext } from '../../../server/operations/operation.ts';
import { listPolicies } from '../../../server/operations/policies.ts';
import { deploymentRules } from '../../../triggers/deployment-rules.ts';
import { heartbeatList } from '../../../triggers/heartbeat.ts';
import { monitorList } from '../../../triggers/monitors.ts';
import { policies } from '../../../triggers/policies/index.ts';
import { runFailed } from '../../../triggers/run-failed.ts';

const names = ['ec2UnhealthyRestart', 'pageForRun', 'shiftHandoff', 'tellOfRun'];
const listed = async (scope?: { workflows: string[] }) => {
  const context = {
    principal: { kind: 'token', name: 'ci', role: 'viewer', ...(scope ? { scope } : {}) },
    policies: async () => ({
      pages: [...policies.pages, pagesOfRestarts],
      journal: [...policies.journal, journalOfRestarts],
      deployments: deploymentRules([
        {
          source: 'shop-ci',
          service: 'shop',
          stages: { live: { stage: 'production' } },
          connection: 'shop',
        },
      ]),
      heartbeats: heartbeatList([{ source: 'backup', every: '1 day' }]),
      subscriptions: [
        { name: 'board', types: ['run.failed'], connection: 'board', method: 'POST', headers: {} },
      ],
      monitors: monitorList([
        { name: 'grafana', connection: 'shop', from: { source: 'grafana' }, normalFor: 0 },
      ]),
    }),
    workflows: async () => ({ names, startable: [] }),
    triggers: async () => [runFailed, remediationMoves],
  } as Partial<OperationContext>;
  return listPolicies.run({}, context as OperationContext);
};

describe('the list of policies', () => {
  it('tells of each workflow how its failed runs page, and which of its changes are told', async () => {
    const [restart, pager, handoff, automation] = (await listed()).items;
    expect(restart).toMatchObject({
      pages: 'not those that people start',
      pagedBy: 'payments',
      severity: expect.arrayContaining(['ProviderRefused: warning', 'default: error']),
      tells: 'all',
    });
    expect(pager).toMatchObject({ workflow: 'pageForRun', pages: 'never', severity: [] });
    expect(handoff).toMatchObject({ pages: 'always', tells: 'destructive' });
    expect(handoff).not.toHaveProperty('pagedBy');
    // It listens to failures, and is no pager.
    expect(automation).toMatchObject({ workflow: 'tellOfRun', pages: 'always' });
  });

  it('tells which deployments, heartbeats and monitors there are, and by what each pages', async () => {
    expect(await listed()).toMatchObject({
      deployments: [{ service: 'shop', pagedBy: 'shop', key: 'baton/deploymentFailed/shop/<stage>' }],
      heartbeats: [{ source: 'backup', pagedBy: 'default', key: 'baton/heartbeat/Silent/backup' }],
      monitors: [
        {
          name: 'grafana',
          from: 'the source grafana',
          pagedBy: 'shop',
          key: 'baton/mirrorAlert/grafana/<condition>',
        },
      ],
      subscriptions: [{ name: 'board', types: ['run.failed'], connection: 'board' }],
    });
  });

  it('tells whoever is limited to some workflows of no other', async () => {
    const { items, monitors, subscriptions } = await listed({ workflows: ['shiftHandoff'] });
    expect([monitors, subscriptions]).toEqual([[], []]);
    expect(items.map(({ workflow }) => workflow)).toEqual(['shiftHandoff']);
  });
});
