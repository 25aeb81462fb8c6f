import { describe, expect, it } from 'vitest';
import { journalOfRestarts } from '../../../docs/examples/triggers/policies/journal-of-restarts.ts';
import { pagesOfRestarts } from '../../../docs/examples/triggers/policies/pages-of-restarts.ts';
import { remediationMoves } from '../../../docs/examples/triggers/remediation-moves.ts';
import type { OperationContext } from '../../../server/operations/operation.ts';
import { listPolicies } from '../../../server/operations/policies.ts';
import { policies } from '../../../triggers/policies/index.ts';
import { runFailed } from '../../../triggers/run-failed.ts';

const names = ['ec2UnhealthyRestart', 'pageForRun', 'shiftHandoff', 'tellOfRun'];
const listed = async (scope?: { workflows: string[] }) => {
  const context = {
    principal: { kind: 'token', name: 'ci', role: 'viewer', ...(scope ? { scope } : {}) },
    policies: async () => ({
      pages: [...policies.pages, pagesOfRestarts],
      journal: [...policies.journal, journalOfRestarts],
    }),
    workflows: async () => ({ names, startable: [] }),
    triggers: async () => [runFailed, remediationMoves],
  } as Partial<OperationContext>;
  return (await listPolicies.run({}, context as OperationContext)).items;
};

describe('the list of policies', () => {
  it('tells of each workflow how its failed runs page, and which of its changes are told', async () => {
    const [restart, pager, handoff, automation] = await listed();
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

  it('tells whoever is limited to some workflows of no other', async () => {
    expect((await listed({ workflows: ['shiftHandoff'] })).map(({ workflow }) => workflow)).toEqual([
      'shiftHandoff',
    ]);
  });
});
