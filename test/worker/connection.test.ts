import { describe, expect, it } from 'vitest';
import { connectionOf, placed, simulatedFor, targetsAt } from '../../worker/connection.ts';

const pagerDuty = { provider: 'pagerduty' };
const changeEvent = { provider: 'pagerduty', purpose: 'change-events' } as const;
const jira = { provider: 'jira' };

describe('the connection of a call', () => {
  it.each([
    ['default where nobody says anything', jira, {}, undefined, 'default'],
    ['the run’s for the provider', jira, {}, { connections: { jira: 'web' } }, 'web'],
    ['the one that the input names', jira, { connection: 'ops' }, { connections: { jira: 'web' } }, 'ops'],
    [
      'default where the input names it',
      pagerDuty,
      { connection: 'default' },
      { connection: 'eu' },
      'default',
    ],
    ['that of the incident’s account', pagerDuty, {}, { connection: 'eu' }, 'eu'],
    ['not that of the incident for another provider', jira, {}, { connection: 'eu' }, 'default'],
    [
      'the run’s for the purpose',
      changeEvent,
      {},
      { connections: { pagerduty: 'a', 'pagerduty/change-events': 'b' } },
      'b',
    ],
    [
      'the provider’s where there is none for the purpose',
      changeEvent,
      {},
      { connections: { pagerduty: 'a' } },
      'a',
    ],
    [
      'not the purpose’s for other calls',
      pagerDuty,
      {},
      { connections: { 'pagerduty/change-events': 'b' } },
      'default',
    ],
    ['default for an input that is none', pagerDuty, undefined, undefined, 'default'],
  ])('is %s', (_, called, input, cause, connection) => {
    expect(connectionOf(called, input, cause)).toBe(connection);
  });
});

describe('a call', () => {
  const cause = { trigger: 't', subject: 'eu/P1', connection: 'eu' };
  const place = (
    called: { provider: string },
    input: Record<string, unknown>,
    of: typeof cause | undefined = cause,
  ) => placed(called, input, { connection: 'default', ...input }, of, 't/P1');

  it('on PagerDuty changes the incident of its own account, also where it names another account', () => {
    expect(place(pagerDuty, { incidentId: 'P1' })).toEqual({
      connection: 'eu',
      subject: 'eu/P1',
      changes: 'eu/P1',
      input: { connection: 'eu', incidentId: 'P1' },
    });
    expect(place(pagerDuty, { incidentId: 'P2', connection: 'us' }).changes).toBe('us/P2');
    expect(place(pagerDuty, { incidentId: 'P2', connection: 'default' }).changes).toBe('P2');
  });

  it('elsewhere bears the mark of an incident of another account', () => {
    expect(place(jira, { incidentId: 'P1' })).toMatchObject({
      connection: 'default',
      changes: 'eu/P1',
      input: { incidentId: 'eu-P1' },
    });
  });

  it('of a run of the default account is as it was given', () => {
    const own = { trigger: 't', subject: 'P1' } as typeof cause;
    for (const called of [pagerDuty, jira])
      expect(place(called, { incidentId: 'P1' }, own)).toEqual({
        connection: 'default',
        subject: 'P1',
        changes: 'P1',
        input: { connection: 'default', incidentId: 'P1' },
      });
    expect(placed(jira, {}, {}, undefined, 't/P1')).toEqual({
      connection: 'default',
      subject: 't/P1',
      changes: 't/P1',
      input: {},
    });
  });

  it('reaches a simulator only where it, or its run, goes by default', () => {
    const simulated = ['pagerduty', 'slack'];
    const reached = (called: { provider: string }, connection: string, of?: object) =>
      simulatedFor(called, connection, of, simulated);
    expect(reached(pagerDuty, 'default')).toEqual(simulated);
    expect(reached(pagerDuty, 'eu', { connection: 'eu' })).toEqual(['slack']);
    expect(reached({ provider: 'slack' }, 'default', { connection: 'eu' })).toEqual(['slack']);
    const real = { connection: 'eu', connections: { pagerduty: 'eu', slack: 'acme' } };
    expect(reached({ provider: 'slack' }, 'acme', real)).toEqual([]);
    expect(reached(jira, 'default', real)).toEqual([]);
  });

  it('has targets that are no other account’s', () => {
    expect(targetsAt('default', ['pagerduty:P1'])).toEqual(['pagerduty:P1']);
    expect(targetsAt('eu', ['pagerduty:P1'])).toEqual(['eu/pagerduty:P1']);
  });
});
