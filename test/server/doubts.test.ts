import { describe, expect, it } from 'vitest';
import { doubtsAbout, doubtText } from '../../server/doubts.ts';
import type { ConnectionState } from '../../store/connections/connections.ts';
import type { KnownConnections } from '../../store/connections/stored-connections.ts';

const known = (
  named: Record<string, ConnectionState['state']>,
  defaults: Record<string, ConnectionState['state']> = {},
): KnownConnections => ({
  version: 1,
  routes: [],
  connections: new Map(Object.entries(named).map(([name, state]) => [name, { name, state } as never])),
  defaults: new Map(Object.entries(defaults)),
});

describe('the doubts about the connections of a run', () => {
  it('are those that no test has confirmed, of the named ones and of default', () => {
    const connections = { jira: 'team-b', slack: 'ops', github: 'gone', 'pagerduty/changes': 'us' };
    const found = doubtsAbout(
      { connections },
      known(
        { 'team-b': 'unverified', ops: 'confirmed', us: 'rejected' },
        { pagerduty: 'unverified', slack: 'unverified', ec2: 'accepted', kubernetes: 'confirmed' },
      ),
    );
    expect(found).toEqual([
      { provider: 'jira', connection: 'team-b', state: 'unverified' },
      { provider: 'github', connection: 'gone', state: 'not there' },
      { provider: 'pagerduty', connection: 'us', state: 'rejected' },
      { provider: 'pagerduty', connection: 'default', state: 'unverified' },
    ]);
    expect(doubtText(found)).toContain('team-b of jira is unverified, gone of github is not there');
  });

  it('are none where nothing is connected, or all of it is confirmed', () => {
    expect(doubtsAbout({}, undefined)).toEqual([]);
    expect(doubtsAbout({}, known({}, { pagerduty: 'confirmed' }))).toEqual([]);
  });
});
