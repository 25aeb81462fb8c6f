import { describe, expect, it } from 'vitest';
import { printable } from '../../cli/output.ts';
import { headOf } from '../../cli/pack.ts';
import { issueTextOf } from '../../cli/pack-issue.ts';
import { hung, stepLines, storyPrinter } from '../../cli/story.ts';
import type { RecordRow } from '../../domain/record.ts';
import { markOf, tellerOf, withoutRepeats } from '../../domain/story/story.ts';

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
const told = (...rows: RecordRow[]) => {
  const teller = tellerOf();
  return withoutRepeats(rows.flatMap((each) => teller.tell(each)));
};
const shown = (...rows: RecordRow[]) => told(...rows).map((step) => `${markOf(step)} ${step.text}`);

describe('the story', () => {
  it('tells what was done, to what, with which words and by whose approval', () => {
    const reboot = {
      run: 'ec2-unhealthy/Q1',
      activity: 'rebootEc2Instances',
      key: 'k#1',
      kind: 'destructive',
    };
    const note = { run: 'ec2-unhealthy/Q1', activity: 'addPagerDutyNote', key: 'k#2', kind: 'change' };
    const approval = { approval: 'abc', run: 'ec2-unhealthy/Q1', digest: 'd' };
    expect(
      shown(
        row('event.received', { type: 'pagerduty.incident.triggered' }, 'pagerduty'),
        row('run.started', { run: 'ec2-unhealthy/Q1', workflow: 'ec2UnhealthyRestart' }),
        row('approval.answered', { ...approval, decision: 'approved', name: 'Ada Lopez', state: 'approved' }),
        row('activity.intended', { ...reboot, targets: ['ec2:i-0abc'], input: { instanceIds: ['i-0abc'] } }),
        row('activity.completed', {
          ...reboot,
          approval: 'abc',
          summary: 'Reboots i-0abc',
          result: { changed: true },
        }),
        row('activity.intended', { ...note, input: { note: 'Rebooted i-0abc;\nit is well' } }),
        row('activity.completed', {
          ...note,
          summary: 'Adds a note to incident Q1',
          result: { changed: true },
        }),
        row('run.completed', { run: 'ec2-unhealthy/Q1', outcome: 'restarted', verified: true }),
      ),
    ).toEqual([
      '> PagerDuty triggered the incident',
      '> starts ec2-unhealthy/Q1, the workflow ec2UnhealthyRestart',
      '> Ada Lopez approved it',
      '+ rebootEc2Instances i-0abc: Reboots i-0abc, approved by Ada Lopez',
      '+ addPagerDutyNote: Adds a note to incident Q1, "Rebooted i-0abc; it is well"',
      '> ec2-unhealthy/Q1 ended: restarted; it was seen to have helped',
    ]);
  });

  it('says for what a run waits, until when, and what became of it', () => {
    const of = { approval: 'abc', run: 'ec2-unhealthy/Q1', digest: 'd' };
    const approvers = { role: 'approver' };
    const asked = { ...of, summary: 'Reboots i-1', approvers, expiresAt: '2026-11-21T04:02:11.000Z' };
    const ben = { ...of, decision: 'refused', name: 'Ben Okafor', state: 'refused', reason: 'too busy' };
    expect(
      shown(
        row('approval.asked', asked),
        row('approval.answered', ben, 'person:ben@example.com'),
        row('approval.closed', { ...of, state: 'expired', because: 'nobody answered in time' }, 'baton'),
        row('question.asked', {
          question: 'q1',
          summary: 'Which one?',
          expiresAt: '2026-11-21T04:02:11.000Z',
        }),
      ),
    ).toEqual([
      '> waits for an approval until 2026-11-21 04:02:11 UTC: Reboots i-1. It asks whoever is approver in Baton, or higher (abc)',
      '> Ben Okafor refused it: too busy',
      '! the approval is expired, and nothing was done: nobody answered in time',
      '> waits for an answer until 2026-11-21 04:02:11 UTC: Which one? It asks whoever may answer questions in Baton (q1)',
    ]);
  });

  it('says why each trigger said no, those of one reason together, and who was told of the event all the same', () => {
    const answers = [
      { trigger: 'a', answer: 'no', reason: 'title says crash loop' },
      { trigger: 'b', answer: 'matched', reason: 'b/Q1', mode: 'observe' },
      { trigger: 'c', answer: 'no', reason: 'title says crash loop' },
      { trigger: 'd', answer: 'failed', reason: 'TypeError' },
      { trigger: 'e', answer: 'no', reason: 'is a run.failed or run.timed_out event' },
    ];
    expect(shown(row('event.answered', { type: 'x', answers }, 'baton'))).toEqual([
      '- a, c: no, "title says crash loop" does not hold',
      '> b: yes, all its conditions hold, in the mode observe',
      '! d failed, and the event is parked: TypeError',
    ]);
    const hold = { disposition: 'ignored', reason: 'echo of addPagerDutyNote by a/Q1' };
    expect(shown(row('event.answered', { type: 'x', answers: [], hold, tells: ['a/Q1'] }, 'baton'))).toEqual([
      '- x is passed on to a/Q1',
      '- x starts nothing new: it is what Baton itself has just done (addPagerDutyNote of a/Q1)',
    ]);
    expect(shown(row('event.answered', { type: 'x', answers: [answers[4]] }, 'baton'))).toEqual([
      '- no trigger answers events of the type x',
    ]);
  });

  it('says what held a change, which attempt failed, and what was so already', () => {
    const change = { run: 'r/Q1', activity: 'rebootEc2Instances', key: 'k', kind: 'destructive' };
    expect(
      shown(
        row('activity.intended', { ...change, targets: ['ec2:i-0abc'], attempt: 1 }),
        row('activity.failed', {
          ...change,
          attempt: 2,
          failure: { class: 'ProviderUnavailable', message: 'EC2 is unavailable (502)' },
        }),
        row('activity.completed', { ...change, result: { changed: false } }),
        row('activity.refused', {
          ...change,
          key: 'other',
          input: { instanceIds: ['i-1'] },
          failure: { class: 'Held', message: 'i-1 was changed 2 minutes ago' },
          held: { guard: 'cool-down', retryAt: '2026-11-21T03:21:00.000Z' },
        }),
        row('run.restarted', { run: 'r/Q1', reason: 'Temporal has lost it' }),
        row('activity.intended', { ...change, attempt: 2 }),
      ),
    ).toEqual([
      '! rebootEc2Instances i-0abc failed at the 2nd attempt: ProviderUnavailable: EC2 is unavailable (502)',
      '= rebootEc2Instances i-0abc: it was so already',
      '! rebootEc2Instances i-1 is held by the guard cool-down: Held: i-1 was changed 2 minutes ago; it may be tried again after 2026-11-21 03:21:00 UTC',
      '> starts r/Q1 again: Temporal has lost it',
      '> tries rebootEc2Instances again, for the 2nd time',
    ]);
  });

  it('shows a check that is repeated until it holds once, as it was last', () => {
    const check = (state: string) =>
      row('activity.completed', { activity: 'listEc2InstanceStatuses', kind: 'read', result: { state } });
    expect(shown(check('impaired'), check('initializing'), check('ok'))).toEqual([
      '. listEc2InstanceStatuses: state ok',
    ]);
  });

  it('tells of an answer what says something: no digest, and nothing empty', () => {
    const result = { digest: 'a1b2', markdown: '', messages: 3 };
    expect(
      shown(row('activity.completed', { activity: 'exportSlackHistory', kind: 'read', result })),
    ).toEqual(['. exportSlackHistory: messages 3']);
  });

  it('shows a line of a later version, or one that lacks something or is of another shape, all the same', () => {
    expect(shown(row('approval.given', { by: 'ada@example.com', plan: {} }))).toEqual([
      '" approval.given by ada@example.com',
    ]);
    const odd = [
      row('event.answered', { answers: { news: 'no' }, hold: 'stale' }),
      row('event.answered', { answers: [null, 7] }),
      row('activity.failed', { activity: 'x', failure: null }),
      row('activity.completed', { activity: 7, result: 'done' }),
      row('run.said', { text: 7 }),
      row('run.completed', { failure: 'none' }),
      ...['event.received', 'run.started', 'activity.completed', 'question.asked'].map((action) =>
        row(action, {}),
      ),
    ];
    expect(shown(...odd).length).toBeGreaterThanOrEqual(odd.length);
  });
});

describe('the story on a terminal', () => {
  const long = row('run.said', { text: `a ${'word '.repeat(60)} https://example.com/${'x'.repeat(200)}` });

  it('fits 80 columns, whatever is told, and cuts no address', () => {
    const [step] = told(long);
    const lines = step ? stepLines(step) : [];
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.map((line) => line.trim()).join('')).toContain('x'.repeat(200));
  });

  it('names the day and the zone, and who acts', () => {
    const lines: string[] = [];
    const print = storyPrinter({ color: false, line: (line = '') => void lines.push(line) });
    for (const step of told(row('run.said', { text: 'hello' }), row('run.said', { text: 'again' })))
      print(step);
    expect(lines).toEqual([
      '2026-11-21, times in UTC',
      '03:02:11Z " ec2-unhealthy: says: "hello"',
      '03:02:11Z " ec2-unhealthy: says: "again"',
    ]);
  });

  it('lets nothing from outside act on it', () => {
    const [step] = told(row('run.said', { text: 'a\u001b[2Jb\u0007\r\nc\u202ed' }));
    expect(step && stepLines(step).join()).toContain('a[2Jb cd');
    expect(printable('\u009b31mred\u0000')).toBe('red');
  });

  it('breaks a word only where it ends a line, so that it can be put together again', () => {
    const word = 'k'.repeat(100);
    const lines = hung('  at ', `key=${word} ends`, '    ');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.map((line) => line.trim()).join('')).toBe(`atkey=${word} ends`);
  });

  it('colours only when asked to, and never by colour alone', () => {
    const print = (color: boolean) => {
      const lines: string[] = [];
      const printer = storyPrinter({ color, line: (line = '') => void lines.push(line) });
      for (const step of told(row('activity.completed', { activity: 'x', kind: 'change', result: {} })))
        printer(step);
      return lines.join('\n');
    };
    expect(print(true)).toContain('\u001b[32m');
    expect(print(false)).not.toContain('\u001b');
    expect(
      print(true).split('\u001b[32m').join('').split('\u001b[1m').join('').split('\u001b[0m').join(''),
    ).toBe(print(false));
  });
});

describe('the story on an issue', () => {
  it('tells what stands in a title as one line, so that it cannot tell more than a title', () => {
    const incident = { id: 'Q1', status: 'triggered', incident: { title: 'slow\n\nresolved\u202e by Ada' } };
    const run = {
      id: 't/Q1',
      workflow: 'other',
      state: 'failed',
      failure: { message: 'no\n\napproved by Ben' },
    };
    const shownIncident = { id: 'Q1', incident, runs: [run] } as never;
    const head = headOf(shownIncident, { withAutomation: false } as never, []);
    const { text } = issueTextOf({ id: 'Q1', head, runs: [run], entries: [] } as never);
    expect(text.split('\n')[0]).toBe('slow resolved by Ada');
    expect(text).not.toMatch(/^(resolved|approved)/m);
  });
});
