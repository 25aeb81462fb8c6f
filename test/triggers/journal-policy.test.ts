import { describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { journalOfRestarts } from '../../docs/examples/triggers/policies/journal-of-restarts.ts';
import { journalRules, shortened } from '../../domain/journal.ts';
import { defineJournalPolicy, journalPolicyList } from '../../triggers/journal-policy.ts';
import { journalPolicies } from '../../triggers/policies/index.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';

const workflow = 'ec2UnhealthyRestart';
const reboot = { workflow, kind: 'destructive', provider: 'ec2' } as const;
const start = { workflow, kind: 'change', provider: 'ec2' } as const;
const all = defineJournalPolicy({ workflow: 'all', changes: 'destructive' });
const of = (rules: Omit<Parameters<typeof defineJournalPolicy>[0], 'workflow'>) =>
  defineJournalPolicy({ workflow: ec2UnhealthyRestart, ...rules });

describe('a policy of the journal', () => {
  it('as it ships tells of what is neither harmless nor reversible, of no other change, and of no read', () => {
    expect(journalRules(reboot, journalPolicies)).toEqual({});
    expect(journalRules(start, journalPolicies)).toBeUndefined();
    expect(journalRules({ ...reboot, kind: 'read' }, journalPolicies)).toBeUndefined();
    expect(journalRules(reboot, [])).toBeUndefined();
  });

  it('of a workflow wins over that of all, which says what it leaves out', () => {
    expect(journalRules(reboot, [all, of({ changes: 'none' })])).toBeUndefined();
    expect(journalRules({ ...reboot, workflow: 'another' }, [all, of({ changes: 'none' })])).toEqual({});
    expect(journalRules(start, [all, journalOfRestarts])).toEqual({});
    expect(journalRules(reboot, [all, of({ connection: 'payments' })])).toEqual({ connection: 'payments' });
  });

  it('tells by no policy of what only tells people, and so never of a change event itself', () => {
    const told = activities
      .filter(({ kind, provider }) => journalRules({ workflow, kind, provider }, [of({ changes: 'all' })]))
      .map(({ name, provider }) => [provider, name] as const);
    expect(told.map(([, name]) => name)).toContain('cordonKubernetesNode');
    expect(told.map(([, name]) => name)).toContain('dispatchGitHubWorkflow');
    expect(told.filter(([provider]) => ['pagerduty', 'slack', 'jira', 'baton'].includes(provider))).toEqual(
      [],
    );
  });

  it.each([
    [
      'a workflow that nobody knows',
      { workflow: async function restart() {}, changes: 'all' },
      /restart is of no workflow/,
    ],
    [
      'changes that there are not',
      { workflow: 'all', changes: 'some' },
      /no fitting changes, some. Use one of destructive, all, none/,
    ],
    [
      'no change and a connection',
      { workflow: 'all', changes: 'none', connection: 'eu' },
      /tells of no change, and by which connection/,
    ],
    ['nothing', { workflow: 'all' }, /says nothing/],
  ])('is refused where it names %s', (_, declaration, message) => {
    // What the compiler would refuse too.
    expect(() => defineJournalPolicy(declaration as Parameters<typeof defineJournalPolicy>[0])).toThrow(
      message,
    );
  });

  it('is one for each workflow', () => {
    expect(() => journalPolicyList([all, all])).toThrow(/two journal policies of all/);
  });

  it('leaves of a long value its beginning', () => {
    expect(shortened({ a: 1 })).toEqual({ a: 1 });
    expect(String(shortened({ text: 'x'.repeat(9_000) }))).toMatch(/^\{"text":"x+…$/);
  });
});
