import { describe, expect, it } from 'vitest';
import { allConnections, connectionWarnings } from '../../processes/connections.ts';

describe('the connections of a process', () => {
  const env = { PAGERDUTY_API_TOKEN: 'of the environment' };
  const named = {
    settingsOf: async (_: string, name: string) =>
      name === 'eu' ? { values: { PAGERDUTY_API_TOKEN: 'of eu' }, version: '7' } : undefined,
  };
  const of = async (name: string) => (await allConnections(env, named).settingsOf('pagerduty', name))?.values;

  it('are the environment’s, which the store is never asked for, and the named ones', async () => {
    expect(await of('default')).toBe(env);
    expect(await of('eu')).toEqual({ PAGERDUTY_API_TOKEN: 'of eu' });
    expect(await of('us')).toBeUndefined();
    const away = { settingsOf: () => Promise.reject(new Error('the store is away')) };
    expect(await allConnections(env, away).settingsOf('jira', 'default')).toMatchObject({ values: env });
  });

  it('warn of the key of an orchestration, without showing it', () => {
    const key = 'R0123456789abcdef0123456789abcde';
    const [warning = ''] = connectionWarnings({ PAGERDUTY_ROUTING_KEY: key });
    expect(warning).toMatch(/^PAGERDUTY_ROUTING_KEY is the key of an orchestration/);
    expect(warning).not.toContain(key);
    expect(connectionWarnings({ PAGERDUTY_ROUTING_KEY: key.slice(1) })).toEqual([]);
    expect(connectionWarnings({})).toEqual([]);
  });
});
