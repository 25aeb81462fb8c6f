import { describe, expect, it } from 'vitest';
import { connectionsFor, type Route } from '../../domain/route.ts';

const run = { workflow: 'restart', serviceId: 'PSVC', connection: 'default' };
const both: Route = { provider: 'jira', workflow: 'restart', service: 'PSVC', connection: 'both' };
const workflow: Route = { provider: 'jira', workflow: 'restart', connection: 'workflow' };
const service: Route = { provider: 'jira', service: 'PSVC', connection: 'service' };
const others: Route[] = [
  { provider: 'jira', workflow: 'other', connection: 'x' },
  { provider: 'jira', workflow: 'restart', service: 'POTHER', connection: 'x' },
  { provider: 'jira', service: 'POTHER', connection: 'x' },
];

describe('routes', () => {
  it.each([
    ['workflow and service', [service, workflow, both, ...others], 'both'],
    ['the workflow', [service, workflow, ...others], 'workflow'],
    ['the service', [...others, service], 'service'],
    ['nothing, which leaves it to default', others, undefined],
  ])('lead by %s', (_, routes, connection) => {
    expect(connectionsFor(run, routes).jira).toBe(connection);
    expect(connectionsFor(run, routes.toReversed()).jira).toBe(connection);
  });

  it('are of one provider and one purpose each', () => {
    const routes: Route[] = [
      workflow,
      { provider: 'slack', service: 'PSVC', connection: 'slack' },
      { provider: 'pagerduty', purpose: 'change-events', workflow: 'restart', connection: 'changes' },
    ];
    expect(connectionsFor(run, routes)).toEqual({
      jira: 'workflow',
      slack: 'slack',
      'pagerduty/change-events': 'changes',
    });
  });

  it('to default take back a wider one', () => {
    expect(connectionsFor(run, [service, { ...workflow, connection: 'default' }])).toEqual({});
  });

  it('of a service of one account do not fit one of another account with the same id', () => {
    const ofEu = { ...service, service: 'eu/PSVC' };
    expect(connectionsFor(run, [ofEu])).toEqual({});
    expect(connectionsFor({ ...run, connection: 'eu' }, [ofEu])).toEqual({ jira: 'service' });
    expect(connectionsFor({ ...run, connection: 'eu' }, [service])).toEqual({});
  });

  it('of services do not fit where there is no incident', () => {
    expect(connectionsFor({ workflow: 'restart', connection: 'default' }, [service])).toEqual({});
  });
});
