import { describe, expect, it } from 'vitest';
import { printable } from '../../cli/output.ts';
import { formatLine, storyOf, timelineOf } from '../../cli/timeline.ts';
import type { RecordRow } from '../../domain/record.ts';

const row = (
  action: string,
  detail: Record<string, unknown>,
  actor = 'trigger:ec2-unhealthy',
): RecordRow => ({
  at: '2026-11-21T03:02:11.000Z',
  actor,
  via: 'worker',
  action,
  subject: 'Q1',
  detail,
});
const shown = (...rows: RecordRow[]) =>
  storyOf(rows).map((line) => formatLine(line, false).replaceAll(/ {2,}/g, ' | '));

describe('the timeline', () => {
  it('tells who, what and when, one line per step', () => {
    expect(
      shown(
        row('event.received', { type: 'pagerduty.incident.triggered' }, 'pagerduty'),
        row('run.started', { run: 'ec2-unhealthy/Q1', workflow: 'ec2UnhealthyRestart' }),
        row('activity.intended', { activity: 'createJiraIssue' }),
        row('activity.completed', {
          activity: 'createJiraIssue',
          kind: 'change',
          result: { key: 'OPS-7', id: '10002', linkId: 3, changed: true },
        }),
        row('run.completed', { run: 'ec2-unhealthy/Q1', outcome: 'healthy again' }),
      ),
    ).toEqual([
      '03:02:11 | pagerduty | > pagerduty.incident.triggered received',
      '03:02:11 | ec2-unhealthy | > starts ec2-unhealthy/Q1, workflow ec2UnhealthyRestart',
      '03:02:11 | ec2-unhealthy | + createJiraIssue key OPS-7',
      '03:02:11 | ec2-unhealthy | > ec2-unhealthy/Q1 ended: healthy again',
    ]);
  });

  it('tells which connections no test has confirmed', () => {
    const doubts = [{ provider: 'jira', connection: 'team-b', state: 'unverified' }];
    expect(
      shown(
        row('run.started', { run: 'x/Q1', workflow: 'x', doubts }),
        row('activity.intended', { activity: 'createJiraIssue', doubt: 'rejected' }),
      ),
    ).toEqual([
      '03:02:11 | ec2-unhealthy | > starts x/Q1, workflow x',
      '03:02:11 | ec2-unhealthy | ! x/Q1 may use the connection team-b of jira, which is unverified (baton connections test)',
      '03:02:11 | ec2-unhealthy | ! createJiraIssue goes by a connection which is rejected (baton connections test)',
    ]);
  });

  it('tells what a run in plan mode would do', () => {
    expect(
      shown(
        row('activity.planned', {
          activity: 'addPagerDutyNote',
          plan: { summary: 'Adds a note to incident Q1' },
        }),
        row('activity.planned', { activity: 'acknowledgePagerDutyIncident', done: { changed: false } }),
      ),
    ).toEqual([
      '03:02:11 | ec2-unhealthy | > addPagerDutyNote is planned: Adds a note to incident Q1',
      '03:02:11 | ec2-unhealthy | > acknowledgePagerDutyIncident is planned: it is so already',
    ]);
  });

  it('tells what people were asked for, what each said, and how it ended without them', () => {
    const of = { approval: 'abc', run: 'ec2-unhealthy/Q1', digest: 'd' };
    const approvers = { onCallOf: 'PCHECKO', role: 'approver' };
    const asked = { ...of, summary: 'Reboots i-1', approvers, expiresAt: '2026-11-21T04:02:11.000Z' };
    const said = { ...of, decision: 'approved', name: 'Ada Lopez', state: 'pending' };
    const ben = { ...of, decision: 'refused', name: 'Ben Okafor', state: 'refused', reason: 'too busy' };
    expect(
      shown(
        row('approval.asked', asked),
        row('approval.answered', said, 'person:ada@example.com'),
        row('approval.answered', ben, 'person:ben@example.com'),
        row('approval.closed', { ...of, state: 'expired', because: 'nobody answered in time' }, 'baton'),
      ),
    ).toEqual([
      '03:02:11 | ec2-unhealthy | > asks for approval abc: Reboots i-1; of whoever is on call for the PagerDuty service PCHECKO, ' +
        'or whoever is approver in Baton, or higher; until 2026-11-21T04:02:11.000Z',
      '03:02:11 | ada@example.com | > approved by Ada Lopez; more have to approve',
      '03:02:11 | ben@example.com | > refused by Ben Okafor: too busy',
      '03:02:11 | baton | ! the approval is expired: nobody answered in time',
    ]);
  });

  it('says for each trigger why it said no, those of one reason together', () => {
    const answers = [
      { trigger: 'a', answer: 'no', reason: 'title says crash loop' },
      { trigger: 'b', answer: 'matched', reason: 'b/Q1' },
      { trigger: 'c', answer: 'no', reason: 'title says crash loop' },
      { trigger: 'd', answer: 'failed', reason: 'TypeError' },
    ];
    expect(shown(row('event.answered', { answers }, 'baton'))).toEqual([
      '03:02:11 | a, c | - no: "title says crash loop" does not hold',
      '03:02:11 | b | > yes',
      '03:02:11 | d | ! failed: TypeError',
    ]);
  });

  it('says in one line when no trigger answers events of the type', () => {
    const answers = [
      { trigger: 'a', answer: 'no', reason: 'is a pagerduty.incident.triggered event' },
      { trigger: 'b', answer: 'no', reason: 'is a run.failed or run.timed_out event' },
    ];
    expect(shown(row('event.answered', { answers }, 'baton'))).toEqual([
      '03:02:11 | baton | - starts nothing: no trigger answers events of this type',
    ]);
    const hold = { disposition: 'ignored', reason: 'echo of addPagerDutyNote by a/Q1' };
    expect(shown(row('event.answered', { answers, hold }, 'baton'))).toEqual([
      '03:02:11 | baton | - starts nothing: echo of addPagerDutyNote by a/Q1',
    ]);
  });

  it('marks a change that was not needed, a failed attempt and a simulated effect', () => {
    const completed = { activity: 'acknowledgePagerDutyIncident', kind: 'change' };
    expect(
      shown(
        row('activity.completed', { ...completed, result: { changed: false } }),
        row('activity.completed', { ...completed, result: { changed: true }, simulated: true }),
        row('activity.failed', {
          activity: 'addPagerDutyNote',
          attempt: 2,
          failure: { class: 'ProviderUnavailable', message: 'PagerDuty is unavailable (502)' },
        }),
      ),
    ).toEqual([
      '03:02:11 | ec2-unhealthy | = acknowledgePagerDutyIncident',
      '03:02:11 | ec2-unhealthy | + acknowledgePagerDutyIncident (simulated)',
      '03:02:11 | ec2-unhealthy | ! addPagerDutyNote failed (attempt 2): ProviderUnavailable: PagerDuty is unavailable (502)',
    ]);
  });

  it('shows a check that is repeated until it holds once, as it was last', () => {
    const check = (state: string) =>
      row('activity.completed', { activity: 'listEc2InstanceStatuses', kind: 'read', result: { state } });
    expect(shown(check('impaired'), check('initializing'), check('ok'))).toEqual([
      '03:02:11 | ec2-unhealthy | . listEc2InstanceStatuses state ok',
    ]);
  });

  it('shows a line of a later version, or one that lacks something, all the same', () => {
    expect(timelineOf(row('approval.given', { by: 'ada@example.com', plan: {} }))).toMatchObject([
      { text: 'approval.given by ada@example.com' },
    ]);
    expect(timelineOf(row('activity.failed', { failure: { class: 'Busy', message: 'x' } }))).toMatchObject([
      { text: '? failed (attempt 1): Busy: x' },
    ]);
    for (const action of [
      'event.received',
      'event.answered',
      'run.started',
      'run.failed',
      'activity.completed',
    ])
      expect(() => timelineOf(row(action, {}))).not.toThrow();
  });

  it('shows what is of another type than it should be, from whatever version', () => {
    const odd = [
      row('event.answered', { answers: { news: 'no' }, hold: 'stale' }),
      row('event.answered', { answers: [null, 7] }),
      row('activity.failed', { activity: 'x', failure: null }),
      row('activity.completed', { activity: 7, result: 'done' }),
      row('run.said', { text: 7 }),
      row('run.completed', { failure: 'none' }),
    ];
    expect(shown(...odd)).toHaveLength(odd.length);
  });

  it('lets nothing from outside act on the terminal', () => {
    const [line] = timelineOf(row('run.said', { text: 'a\u001b[2Jb\u0007\r\nc\u202ed' }));
    expect(line && formatLine(line, false)).toContain('ab cd');
    expect(printable('\u009b31mred\u0000')).toBe('red');
  });

  it('colours only when asked to, and never by colour alone', () => {
    const [line] = timelineOf(row('activity.completed', { activity: 'x', kind: 'change', result: {} }));
    expect(line && formatLine(line, true)).toBe(`\u001b[32m${line && formatLine(line, false)}\u001b[0m`);
    expect(line && formatLine(line, false)).not.toContain('\u001b');
  });
});
