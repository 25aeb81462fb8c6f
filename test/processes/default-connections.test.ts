import { describe, expect, it } from 'vitest';
import { providers } from '../../activities/providers.ts';
import { defaultConnections } from '../../processes/default-connections.ts';
import { readSettings } from '../../processes/settings.ts';

const env = { PAGERDUTY_API_TOKEN: 'u+one', JIRA_BASE_URL: 'https://acme.atlassian.net' };
const defined = (changes: Record<string, string> = {}, key = 'k'.repeat(32)) => {
  const all = { ...env, ...changes };
  return defaultConnections(all, providers, readSettings(all, providers), key);
};
const digestOf = (provider: string, found: ReturnType<typeof defined>) =>
  found.find((each) => each.provider === provider)?.digest;

describe('the connections that the environment defines', () => {
  it('are those of real providers with which calls can be made', () => {
    expect(defined().map(({ provider }) => provider)).toEqual(['pagerduty', 'jira']);
    expect(defined({ BATON_SIMULATE: 'jira' }).map(({ provider }) => provider)).toEqual(['pagerduty']);
    // By it requests are known that come in.
    const server = { PAGERDUTY_WEBHOOK_SECRETS: 'secret' };
    expect(defaultConnections(server, providers, readSettings(server, providers), 'k')).toEqual([]);
  });

  it('are others once a setting is, and stay the same where only a webhook’s secret is renewed', () => {
    const before = digestOf('pagerduty', defined());
    expect(digestOf('pagerduty', defined({ PAGERDUTY_API_TOKEN: 'u+two' }))).not.toBe(before);
    expect(digestOf('pagerduty', defined({ PAGERDUTY_WEBHOOK_SECRETS: 'new,old' }))).toBe(before);
    expect(digestOf('jira', defined({ PAGERDUTY_API_TOKEN: 'u+two' }))).toBe(digestOf('jira', defined()));
  });

  it('are told by nobody who has not the key', () => {
    expect(digestOf('pagerduty', defined({}, 'o'.repeat(32)))).not.toBe(digestOf('pagerduty', defined()));
  });
});
