import { readFileSync } from 'node:fs';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../server/metrics.ts';

const page = async (metrics: ReturnType<typeof createMetrics>) =>
  (
    await metrics.page(
      { pending: 1, oldestSeconds: 2, headSeq: 3 },
      true,
      { NoWorker: 0 },
      { eu: { ageSeconds: 4 } },
      { 'worker.unhealthy': 1 },
    )
  ).text;

describe('the table of metrics in the docs', () => {
  const docs = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const documented = [...docs.matchAll(/^\| `(baton_\w+)` \| (\w+) \|([^|]*)\| /gm)].map(
    ([, name, type, labels = '']) => `${name} ${type} ${[...labels.matchAll(/\w+/g)].join(' ')}`.trim(),
  );

  it('has the name, type and labels of each metric that a process shows', async () => {
    const metrics = createMetrics();
    metrics.webhook('pagerduty', 202, 0.01);
    metrics.slackSocket(true);
    metrics.event('dispatched');
    metrics.temporalFailure('UNAVAILABLE');
    metrics.run('a', 'completed');
    metrics.asked('approval.approved');
    metrics.asked('question.answered');
    metrics.activity({ name: 'a', provider: 'slack' });
    const text = await page(metrics);
    const shown = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type]) => {
      const sample = new RegExp(`^${name}(?:_bucket)?(?:{(.*?)})? `, 'm').exec(text);
      if (!sample) throw new Error(`Nothing was counted as ${name}: count it above`);
      const labels = [...(sample[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label);
      return `${name} ${type} ${labels.filter((label) => label !== 'le').join(' ')}`.trim();
    });
    expect(shown.length).toBeGreaterThan(8);
    expect(documented.sort()).toEqual(shown.sort());
  });
});

describe('attempts at activities', () => {
  const counted = async (failure?: unknown) => {
    const metrics = createMetrics();
    metrics.activity({ name: 'createJiraIssue', provider: 'jira' }, failure);
    return (await page(metrics)).split('\n');
  };

  it('are counted by activity and by provider', async () => {
    const lines = await counted();
    expect(lines).toContain('baton_activities_total{activity="createJiraIssue",outcome="completed"} 1');
    expect(lines).toContain('baton_provider_attempts_total{provider="jira",outcome="completed"} 1');
  });

  it.each([
    ['RateLimited', ApplicationFailure.create({ type: 'RateLimited', message: 'wait' })],
    ['cancelled', new CancelledFailure('cancelled')],
    ['other', ApplicationFailure.create({ type: 'QJ3DX7PYV2A9', message: 'a bug with a name of its own' })],
    ['other', new TypeError('a bug')],
  ])('that failed are counted as %s and as no other label', async (outcome, failure) => {
    const lines = await counted(failure);
    expect(lines).toContain('baton_activities_total{activity="createJiraIssue",outcome="failed"} 1');
    expect(lines.filter((line) => line.startsWith('baton_provider_attempts_total'))).toEqual([
      `baton_provider_attempts_total{provider="jira",outcome="${outcome}"} 1`,
    ]);
  });
});
