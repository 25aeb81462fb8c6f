import { describe, expect, it } from 'vitest';
import { linksAbout } from '../../../activities/pagerduty/alert-links.ts';
import { raisePagerDutyAlert } from '../../../activities/pagerduty/raise-alert.ts';
import { startAccount } from './account.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const about = {
  run: 'ec2-unhealthy/PGR0VU2',
  incidentUrl: 'https://acme.pagerduty.com/incidents/PGR0VU2',
  worker: { build: 'b1', commit },
};
const places = {
  publicUrl: 'https://baton.example.com/',
  repositoryUrl: 'https://github.com/acme/runbooks',
};
const hrefs = (...[given, where]: Parameters<typeof linksAbout>) =>
  linksAbout(given, where).map(({ href }) => href);

describe('the links of an alert about a run', () => {
  it('lead to the run, the incident, the source at its commit, the worker and the metrics', () => {
    expect(hrefs(about, places)).toEqual([
      'https://baton.example.com/runs/ec2-unhealthy/PGR0VU2',
      'https://acme.pagerduty.com/incidents/PGR0VU2',
      `https://github.com/acme/runbooks/tree/${commit}`,
      'https://baton.example.com/workers/b1',
      'https://baton.example.com/metrics',
    ]);
  });

  it('are left out where their place is not known', () => {
    const nowhere = { publicUrl: undefined, repositoryUrl: undefined };
    expect(hrefs(about, nowhere)).toEqual(['https://acme.pagerduty.com/incidents/PGR0VU2']);
    expect(hrefs({ run: 'x' }, nowhere)).toEqual([]);
    // What is no commit of the repository is not to be found there.
    const changed = { ...about, worker: { build: 'b1', commit: `${commit}-dirty` } };
    expect(hrefs(changed, places).join(' ')).not.toContain('github.com');
  });

  it('go with the alert, before those that it was given, and the rest of it stays within PagerDuty’s bounds', async () => {
    const { simulator, run } = await startAccount({
      BATON_PUBLIC_URL: places.publicUrl,
      BATON_REPOSITORY_URL: places.repositoryUrl,
    });
    const long = 'x'.repeat(100_000);
    await run(raisePagerDutyAlert, {
      dedupKey: 'k',
      summary: long,
      source: long,
      severity: 'error',
      timestamp: '2026-11-20T09:00:00Z',
      component: long,
      group: long,
      class: long,
      about,
      links: [...Array(500).keys()].map((number) => ({
        href: `https://example.com/${number}/${'x'.repeat(200)}`,
      })),
      details: { dump: '✅'.repeat(500_000) },
    });
    const body = simulator.calls.at(-1)?.body ?? '';
    expect(Buffer.byteLength(body)).toBeLessThan(512 * 1024);
    const sent = JSON.parse(body);
    expect(sent.client_url).toBe('https://baton.example.com/runs/ec2-unhealthy/PGR0VU2');
    expect(sent.links.slice(0, 6)).toMatchObject([
      ...linksAbout(about, places),
      { href: expect.stringContaining('https://example.com/0/') },
    ]);
    expect(sent.payload).toMatchObject({
      timestamp: '2026-11-20T09:00:00Z',
      custom_details: { truncated: true, whole: sent.client_url },
    });
    for (const text of ['summary', 'source', 'component', 'group', 'class'])
      expect(sent.payload[text]).toHaveLength(1024);
  });
});
