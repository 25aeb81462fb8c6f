import { describe, expect, it } from 'vitest';
import type { Event } from '../../domain/event.ts';
import type { Route } from '../../domain/route.ts';
import { decide } from '../../server/dispatch/decide.ts';
import { defineTrigger, type Trigger } from '../../triggers/trigger.ts';
import { incidentTriggered, runFailedEvent } from '../triggers/events.ts';

async function handle(_: string): Promise<void> {}
const declared = {
  name: 'on-triggered',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: handle,
  input: () => 'x',
  mode: 'auto',
} as const;
const onTriggered = defineTrigger(declared);
const onEach = defineTrigger({ ...declared, each: 'event' });
const onFailure = defineTrigger({
  name: 'page',
  on: 'run.failed',
  when: 'always',
  run: handle,
  input: () => 'x',
});

const onSchedule = defineTrigger({
  name: 'nightly',
  on: 'schedule.nightly',
  schedule: { cron: '0 6 * * *' },
  when: 'always',
  run: handle,
  input: () => 'x',
});

const ofEu = <Type extends Event>(event: Type): Type => ({
  ...event,
  source: '/pagerduty/eu',
  connection: 'eu',
  subject: `eu/${event.subject}`,
});
const nightly: Event = {
  id: 'nightly/1',
  source: '/baton',
  type: 'schedule.nightly',
  subject: 'schedule.nightly',
  time: '2026-11-20T09:00:00.000Z',
  data: { scheduledAt: '2026-11-20T09:00:00.000Z' },
};

const planOf = (event: Event, routes: Route[], trigger: Trigger = onTriggered) =>
  decide({ seq: 1, event }, { runs: [] }, [trigger], undefined, routes);
const causeOf = (event: Event, routes: Route[], trigger?: Trigger) =>
  planOf(event, routes, trigger).starts[0]?.cause;
const accountsOf = (event: Event, routes: Route[], trigger?: Trigger) => {
  const { connection, connections } = causeOf(event, routes, trigger) ?? {};
  return { connection, connections };
};
const toward = (provider: string, connection: string, more: Partial<Route> = {}): Route => ({
  provider,
  workflow: 'handle',
  connection,
  ...more,
});

describe('a run', () => {
  it('of the default account without routes says nothing of accounts: its cause is as it was', () => {
    const cause = causeOf(incidentTriggered(), []) ?? {};
    expect(Object.keys(cause).sort()).toEqual([
      'eventId',
      'eventType',
      'incident',
      'subject',
      'target',
      'trigger',
      'whenResolved',
    ]);
  });

  it('has its account in its id, its subject and the mirror of its incident', () => {
    const plan = planOf(ofEu(incidentTriggered()), []);
    expect(plan.starts[0]).toMatchObject({
      id: 'on-triggered/eu/PGR0VU2',
      cause: { subject: 'eu/PGR0VU2', connection: 'eu', connections: { pagerduty: 'eu' } },
    });
    expect(plan.incident?.id).toBe('eu/PGR0VU2');
    const eachOwn = planOf(ofEu(incidentTriggered()), [], onEach);
    expect(eachOwn.starts[0]?.id).toBe('on-triggered/eu/01PGR0VU2');
  });

  it('acts on PagerDuty by the account of its incident, whatever the routes say', () => {
    const routes = [toward('pagerduty', 'us'), toward('jira', 'web')];
    expect(accountsOf(ofEu(incidentTriggered()), routes)).toEqual({
      connection: 'eu',
      connections: { pagerduty: 'eu', jira: 'web' },
    });
    expect(accountsOf(incidentTriggered(), routes)).toEqual({ connections: { jira: 'web' } });
  });

  it('gets routes of its incident’s service, within the account', () => {
    const routes: Route[] = [
      { provider: 'jira', service: 'PCHECKO', connection: 'of-service' },
      { provider: 'slack', service: 'eu/PCHECKO', connection: 'of-eu' },
    ];
    expect(accountsOf(incidentTriggered(), routes).connections).toEqual({ jira: 'of-service' });
    expect(accountsOf(ofEu(incidentTriggered()), routes).connections).toEqual({
      slack: 'of-eu',
      pagerduty: 'eu',
    });
  });

  it('that somebody asked for in Slack answers by the connection that it came by, whatever the routes say', () => {
    const onClick = defineTrigger({ ...declared, on: 'slack.action', each: 'event' });
    const click: Event<'slack.action'> = {
      id: '1',
      source: '/slack/T1',
      type: 'slack.action',
      time: nightly.time,
      agent: { kind: 'person', id: 'U1', name: 'ada' },
      data: {
        actionId: 'a',
        incidentId: 'P1',
        user: { id: 'U1', name: 'ada', teamId: 'T1' },
        channelId: 'C1',
        messageTs: '1',
      },
    };
    const routes = [toward('slack', 'other'), toward('jira', 'web')];
    const by = (event: Event) => accountsOf(event, routes, onClick).connections;
    expect(by(click)).toEqual({ jira: 'web' });
    expect(by({ ...click, slackConnection: 'beta' })).toEqual({ jira: 'web', slack: 'beta' });
    // Nobody but the door that verified it says so.
    expect(accountsOf({ ...incidentTriggered(), slackConnection: 'beta' }, []).connections).toBeUndefined();
  });

  it('of a schedule acts by the routes alone', () => {
    const routes = [toward('pagerduty', 'us')];
    expect(accountsOf(nightly, routes, onSchedule)).toEqual({ connections: { pagerduty: 'us' } });
    expect(causeOf(nightly, [], onSchedule)).toMatchObject({ trigger: 'nightly' });
    expect(accountsOf(nightly, [], onSchedule)).toEqual({});
  });

  it('gets the route for change events apart', () => {
    const routes = [toward('pagerduty', 'changes', { purpose: 'change-events' })];
    expect(accountsOf(incidentTriggered(), routes).connections).toEqual({
      'pagerduty/change-events': 'changes',
    });
  });

  it('that pages for a failed one does so in its account, unless a route of the workflow or of pages leads elsewhere', () => {
    const failed = runFailedEvent({ workflow: 'restart' });
    const ofWorkflow = toward('pagerduty', 'of-workflow', { workflow: 'restart' });
    const ofPages = toward('pagerduty', 'of-pages');
    const by = (event: Event, routes: Route[]) => accountsOf(event, routes, onFailure).connections?.pagerduty;
    expect(by(failed, [])).toBeUndefined();
    expect(by(ofEu(failed), [])).toBe('eu');
    expect(by(ofEu(failed), [ofPages])).toBe('of-pages');
    expect(by(ofEu(failed), [ofPages, ofWorkflow])).toBe('of-workflow');
  });
});

describe('an event', () => {
  it('tells of no incident of another account with the same id', () => {
    const event = { ...incidentTriggered(), connection: 'eu' };
    expect(planOf(event, []).incident).toBeUndefined();
  });
});
