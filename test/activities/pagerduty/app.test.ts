import { describe, expect, it } from 'vitest';
import { activities } from '../../../activities/index.ts';
import { addPagerDutyNote } from '../../../activities/pagerduty/add-note.ts';
import { readPagerDutyIncident } from '../../../activities/pagerduty/read-incident.ts';
import { wantedScopes } from '../../../activities/pagerduty/scopes.ts';
import { examine } from '../../../server/doctor.ts';
import { appEnvironment, raiseIncident } from '../../../simulator/pagerduty.ts';
import { bad, connectionOf, findingOf } from '../../doctor/world.ts';
import { failureOf, runnerFor } from '../run.ts';
import { effects, startAccount } from './account.ts';

const clientSecret = 'the-secret-of-the-app-0123456789';

/** An account with an app that has these scopes, and a way to run an activity as that app. */
async function startApp(scopes: readonly string[] = wantedScopes, env: NodeJS.ProcessEnv = {}) {
  const { simulator } = await startAccount();
  const app = { clientId: 'app-1', clientSecret, scopes: [...scopes] };
  simulator.world.apps = [app];
  const settings = { ...appEnvironment(simulator.url, app), ...env };
  const incidentId = raiseIncident(simulator, { title: 'slow', service: 'Search' });
  const fetches = () => simulator.calls.filter(({ path }) => path === '/identity/oauth/token');
  const lasting = (tokenSeconds: number) => {
    simulator.world.apps = [{ ...app, tokenSeconds }];
  };
  return { simulator, settings, run: runnerFor(settings), incidentId, fetches, lasting };
}

const examinedBy = async (env: Record<string, string | undefined>) => {
  const { doctor, connection } = await connectionOf('pagerduty', env);
  return examine(doctor, connection, new AbortController().signal);
};

describe('an app of PagerDuty with scopes', () => {
  it('reads and writes by a token that it was given, and names the user in whose name it acts', async () => {
    const { simulator, run, incidentId, fetches } = await startApp();
    await run(addPagerDutyNote, { incidentId, note: 'looked at' });
    expect(effects(simulator)).toEqual(['note added']);
    const note = simulator.calls.find(({ method, path }) => method === 'POST' && path.endsWith('/notes'));
    expect(note?.headers).toMatchObject({
      authorization: expect.stringMatching(/^Bearer pdus\+/),
      from: 'baton@example.com',
    });
    expect(fetches()).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(fetches()[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'app-1',
      client_secret: clientSecret,
      scope: `as_account-us.acme ${wantedScopes.join(' ')}`,
    });
  });

  it('asks for what activities declare, and for little more', () => {
    const declared = activities
      .filter(({ provider }) => provider === 'pagerduty')
      .flatMap(({ permissions }) => permissions.filter((right) => right.includes('.')));
    expect(wantedScopes).toEqual(
      [
        ...new Set([
          ...declared,
          'abilities.read',
          'escalation_policies.read',
          'services.write',
          'teams.read',
        ]),
      ].sort(),
    );
  });

  it('is asked for one token by many calls at once, and for another one shortly before that ends', async () => {
    const { run, incidentId, fetches, lasting } = await startApp();
    await Promise.all(Array.from({ length: 5 }, () => run(readPagerDutyIncident, { incidentId })));
    expect(fetches()).toHaveLength(1);
    const other = await startApp();
    other.lasting(50);
    const asked = { incidentId: other.incidentId };
    await other.run(readPagerDutyIncident, asked);
    await other.run(readPagerDutyIncident, asked);
    expect(other.fetches().length).toBeGreaterThan(1);
    lasting(50);
    await run(readPagerDutyIncident, { incidentId });
    expect(fetches()).toHaveLength(1);
  });

  it('gets another token where PagerDuty takes the first no more, and does the same once', async () => {
    const { simulator, run, incidentId, fetches } = await startApp();
    await run(readPagerDutyIncident, { incidentId });
    simulator.world.grants = [];
    await run(addPagerDutyNote, { incidentId, note: 'looked at' });
    expect(effects(simulator)).toEqual(['note added']);
    expect(fetches()).toHaveLength(2);
    simulator.fail({ kind: 'status', match: 'GET /incidents', status: 401, times: 2 });
    expect(await failureOf(run(readPagerDutyIncident, { incidentId }))).toMatchObject({
      type: 'ProviderRefused',
      details: [{ status: 401 }],
    });
    expect(fetches()).toHaveLength(3);
  });

  it.each([
    ['another secret', { PAGERDUTY_CLIENT_SECRET: 'other' }, /copy both again.*/, 'ProviderRefused'],
    [
      'another account',
      { PAGERDUTY_SUBDOMAIN: 'other' },
      /us\.other: see whether PAGERDUTY_SUBDOMAIN/,
      'ProviderRefused',
    ],
    ['no secret', { PAGERDUTY_CLIENT_SECRET: '' }, /set PAGERDUTY_CLIENT_SECRET/, 'NotConnected'],
    ['no account', { PAGERDUTY_SUBDOMAIN: '' }, /set PAGERDUTY_SUBDOMAIN/, 'NotConnected'],
    [
      'a token beside it',
      { PAGERDUTY_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu' },
      /PAGERDUTY_API_TOKEN stands beside PAGERDUTY_CLIENT_ID/,
      'NotConnected',
    ],
  ])('is refused for good with %s, and says what is wrong with ours', async (_, env, words, type) => {
    const { simulator, run, incidentId } = await startApp(wantedScopes, env);
    const failure = await failureOf(run(addPagerDutyNote, { incidentId, note: 'looked at' }));
    expect(failure).toMatchObject({ type, nonRetryable: true, message: expect.stringMatching(words) });
    expect(failure).toMatchObject({ details: [{ effect: 'none' }] });
    expect(JSON.stringify(failure)).not.toContain(clientSecret);
    expect(effects(simulator)).toEqual([]);
  });

  it.each([
    [{ status: 503 }, 'ProviderUnavailable', 5000],
    [{ status: 500, headers: { 'retry-after': '7' } }, 'ProviderUnavailable', 7000],
    [{ status: 429, headers: { 'retry-after': '9' } }, 'RateLimited', 9000],
  ])('waits where the identity service says %j, and has changed nothing', async (fault, type, wait) => {
    const { simulator, run, incidentId } = await startApp();
    simulator.fail({ kind: 'status', match: '/identity/', ...fault });
    expect(await failureOf(run(addPagerDutyNote, { incidentId, note: 'a' }))).toMatchObject({
      type,
      nonRetryable: false,
      nextRetryDelay: wait,
      details: [{ effect: 'none' }],
    });
    await run(addPagerDutyNote, { incidentId, note: 'a' });
    expect(effects(simulator)).toEqual(['note added']);
  });

  it.each([
    ['nobody answers', { kind: 'cut' as const }, 'ProviderUnavailable'],
    ['nothing is said', { kind: 'status' as const, status: 204, body: '' }, 'AnswerUnreadable'],
    ['a proxy answers', { kind: 'status' as const, status: 200, body: '<html>hello' }, 'AnswerUnreadable'],
  ])('is tried again where %s in place of the identity service', async (_, fault, type) => {
    const { simulator, run, incidentId } = await startApp();
    simulator.fail({ ...fault, match: '/identity/' });
    const failure = await failureOf(run(addPagerDutyNote, { incidentId, note: 'a' }));
    expect(failure).toMatchObject({
      type,
      nonRetryable: false,
      message: expect.stringContaining('identity service'),
      details: [{ effect: 'none' }],
    });
    await run(addPagerDutyNote, { incidentId, note: 'a' });
    expect(effects(simulator)).toEqual(['note added']);
  });

  it('is told by the doctor which scopes it lacks, also those for writing', async () => {
    const { settings } = await startApp(
      wantedScopes.filter((scope) => scope !== 'incidents.write' && scope !== 'oncalls.read'),
    );
    const found = await examinedBy(settings);
    expect(bad(found).sort()).toEqual(['incidents.write', 'oncalls.read']);
    expect(findingOf(found, 'incidents.write')?.reason).toContain('App Registration');
    expect(findingOf(found, 'PAGERDUTY_CLIENT_ID')).toMatchObject({ ok: true });
  });

  it('is proven by a test that reads back, and rejected where its secret is another one', async () => {
    const { settings } = await startApp();
    const tested = async (env: Record<string, string | undefined>) =>
      (await connectionOf('pagerduty', env)).connection.test(AbortSignal.timeout(5_000), false);
    expect(await tested(settings)).toMatchObject({ outcome: 'confirmed' });
    expect(await tested({ ...settings, PAGERDUTY_CLIENT_SECRET: 'other' })).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('copy both again'),
    });
  });
});
