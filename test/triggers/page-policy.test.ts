import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagesOfRestarts } from '../../docs/examples/triggers/policies/pages-of-restarts.ts';
import { failureClasses } from '../../domain/failure-class.ts';
import { pageRulesFor, severityOf, usualSeverities } from '../../domain/page.ts';
import { definePagePolicy, pagePolicyList } from '../../triggers/page-policy.ts';
import { pagePolicies } from '../../triggers/policies/index.ts';
import { runFailedBy } from '../../triggers/run-failed.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { pageForRun } from '../../workflows/page-for-run.ts';
import { runFailedEvent } from './events.ts';

const root = join(import.meta.dirname, '../..');
const ofAll = definePagePolicy({ workflow: 'all', severity: usualSeverities });
const of = (rules: Omit<Parameters<typeof definePagePolicy>[0], 'workflow'>) =>
  definePagePolicy({ workflow: ec2UnhealthyRestart, ...rules });
const rulesBy = (...policies: Parameters<typeof pageRulesFor>[1]) =>
  pageRulesFor('ec2UnhealthyRestart', policies);

describe('a policy of pages', () => {
  it('of the docs says what its comments say', () => {
    expect(rulesBy(ofAll, pagesOfRestarts)).toEqual({
      page: true,
      connection: 'payments',
      severity: { ...usualSeverities, ProviderRefused: 'warning' },
      whenStartedByPeople: false,
    });
  });

  it('as it ships pages for every failed run, by the account of its incident, and by what has failed', () => {
    expect(pageRulesFor('ec2UnhealthyRestart', pagePolicies)).toEqual({
      page: true,
      severity: usualSeverities,
    });
  });

  it('of a workflow wins over that of all, which says what it leaves out', () => {
    const rules = rulesBy(ofAll, of({ connection: 'payments', severity: { ProviderRefused: 'warning' } }));
    expect(rules).toMatchObject({ page: true, connection: 'payments' });
    const severities = ['ProviderRefused', 'TimedOut', 'Conflict'].map((each) =>
      severityOf(each, rules.severity),
    );
    expect(severities).toEqual(['warning', 'critical', 'error']);
    expect(pageRulesFor('kubernetesCrashLoopDiagnosis', [ofAll, of({ page: false })]).page).toBe(true);
    expect(rulesBy(ofAll, of({ page: false })).page).toBe(false);
  });

  it('that says a severity by default says all of them', () => {
    const { severity } = rulesBy(ofAll, of({ severity: { Lost: 'critical', default: 'info' } }));
    expect(['Lost', 'TimedOut', 'constructor'].map((each) => severityOf(each, severity))).toEqual([
      'critical',
      'info',
      'info',
    ]);
  });

  it('keeps its workflow from paging, or its people from being paged for what they see themselves', () => {
    const answer = (policy: ReturnType<typeof of>, startedBy?: 'person' | 'token') =>
      runFailedBy([ofAll, policy]).respond(runFailedEvent(startedBy ? { startedBy } : {}));
    expect(answer(of({ page: false }))).toEqual({ no: 'is of a workflow whose policy pages' });
    const forNobody = of({ whenStartedByPeople: false });
    expect(answer(forNobody, 'person')).toEqual({ no: 'is not left to the person who has started it' });
    expect(answer(forNobody, 'token')).toMatchObject({ start: 'pageForRun' });
    expect(answer(forNobody)).toMatchObject({
      start: 'pageForRun',
      input: { rules: { whenStartedByPeople: false } },
    });
    expect(answer(of({ severity: {} }), 'person')).toMatchObject({ start: 'pageForRun' });
  });

  it.each([
    [
      'a workflow that nobody knows',
      { workflow: async function restart() {}, page: false },
      /restart is of no workflow/,
    ],
    ['the pager itself', { workflow: pageForRun, page: false }, /is never asked/],
    [
      'a connection of no possible name',
      { workflow: 'all', connection: 'Payments!' },
      /names no connection, "Payments!"/,
    ],
    [
      'a class that there is not',
      { workflow: 'all', severity: { TimeOut: 'error' } },
      /no class of failure, TimeOut. Did you mean TimedOut\?/,
    ],
    [
      'a severity that there is not',
      { workflow: 'all', severity: { TimedOut: 'high' } },
      /severity of TimedOut, high. Use one of critical/,
    ],
    [
      'no page and how it is',
      { workflow: 'all', page: false, connection: 'payments' },
      /pages nobody, and says how/,
    ],
    ['nothing', { workflow: 'all' }, /says nothing/],
  ])('is refused where it names %s', (_, declaration, message) => {
    // What the compiler would refuse too.
    expect(() => definePagePolicy(declaration as Parameters<typeof definePagePolicy>[0])).toThrow(message);
  });

  it('is one for each workflow', () => {
    expect(() => pagePolicyList([ofAll, of({ page: false }), of({ connection: 'eu' })])).toThrow(
      /two page policies of ec2UnhealthyRestart/,
    );
  });
});

describe('the classes of failure that a policy can name', () => {
  it('are all that the sources throw', () => {
    const thrown = globSync('{activities,worker,workflows,server}/**/*.ts', { cwd: root }).flatMap((file) => {
      const code = readFileSync(join(root, file), 'utf8');
      const calls = code.matchAll(/\bApplicationFailure\.(?:create|nonRetryable|retryable)\(([\s\S]*?)\);/g);
      const others = code.matchAll(/\bfail(?:ed|ure)\(\s*(?:'(?:failed|timed out)',\s*)?'([A-Z]\w+)'/g);
      return [
        ...[...calls].flatMap(([, given = '']) => [...given.matchAll(/'([A-Z][a-z]+[A-Z]?\w*)'/g)]),
        ...others,
      ].flatMap(([, name = '']) => name);
    });
    expect(new Set(thrown).size).toBeGreaterThan(15);
    expect(
      [...new Set(thrown)].filter((name) => !(failureClasses as readonly string[]).includes(name)),
    ).toEqual([]);
  });
});

describe('the key of an alert', () => {
  it('is constant in no workflow: all that fails would be one alert, and the first thing that goes well resolve it', () => {
    const constant = /\bdedupKey:\s*(?:'[^']*'|"[^"]*"|`[^`$]*`)/;
    expect("raiseAlert({ dedupKey: 'baton/failed' })").toMatch(constant);
    expect('raiseAlert({ dedupKey: `baton/$' + '{target}` })').not.toMatch(constant);
    const files = globSync('{workflows,triggers,docs/examples}/**/*.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => constant.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });
});
