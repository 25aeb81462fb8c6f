import { describe, expect, it } from 'vitest';
import type { DataOf, Event, EventType, RunEvent } from '../../domain/event.ts';
import { usualSeverities } from '../../domain/page.ts';
import { paging } from '../../triggers/paged-run.ts';
import { runs } from '../../triggers/runs.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { pageForRun } from '../../workflows/page-for-run.ts';
import { scaleOut } from '../../workflows/scale-out.ts';

const time = '2026-11-20T09:00:00.000Z';
const run: RunEvent = {
  runId: 'ec2-unhealthy/PGR0VU2',
  workflow: 'ec2UnhealthyRestart',
  tags: ['remediation'],
  trigger: 'ec2-unhealthy',
  service: { id: 'PSHOP', name: 'Checkout' },
  target: 'i-0abc12345def67890',
  outcome: 'failed',
  healthy: false,
  startedAt: time,
};
const failure = { class: 'ProviderRefused', message: 'EC2 refused (403): no' };

function entered<Type extends EventType>(type: Type, changes: Partial<RunEvent> = {}): Event {
  const data = { ...run, failure, ...changes } as DataOf<Type>;
  return { id: `${type}/1`, source: '/baton', type, subject: 'x/y', time, data } as Event;
}

async function handle(_: string): Promise<void> {}
const answerOf = (selection: Parameters<typeof runs>[0]) => {
  const trigger = defineTrigger({
    name: 'selects',
    ...runs(selection),
    run: handle,
    input: ({ runId }) => runId,
  });
  return (event: Event) => {
    const answer = trigger.respond(event);
    return 'no' in answer ? answer.no : 'yes';
  };
};

describe('a selection of runs', () => {
  it('listens to the event of each state that it names, and to no other', () => {
    const states = [
      'started',
      'waiting',
      'went on',
      'completed',
      'failed',
      'timed out',
      'cancelled',
      'overdue',
    ] as const;
    expect(runs({ states }).on).toEqual([
      'run.started',
      'run.waiting',
      'run.went_on',
      'run.completed',
      'run.failed',
      'run.timed_out',
      'run.cancelled',
      'run.overdue',
    ]);
    const answer = answerOf({ states: ['failed', 'timed out'] });
    expect(answer(entered('run.failed'))).toBe('yes');
    expect(answer(entered('run.timed_out'))).toBe('yes');
    expect(answer(entered('run.completed'))).toBe('is a run.failed or run.timed_out event');
  });

  it('takes all workflows, or several by name', () => {
    const all = answerOf({ states: ['failed'] });
    const several = answerOf({ states: ['failed'], workflows: [ec2UnhealthyRestart, scaleOut] });
    for (const workflow of ['ec2UnhealthyRestart', 'scaleOut', 'kubernetesCrashLoopDiagnosis'])
      expect(all(entered('run.failed', { workflow }))).toBe('yes');
    expect(several(entered('run.failed', { workflow: 'scaleOut' }))).toBe('yes');
    expect(several(entered('run.failed', { workflow: 'showApproval' }))).toBe('is of a selected workflow');
  });

  it('takes those with one of the tags', () => {
    const answer = answerOf({ states: ['failed'], tags: ['remediation'] });
    expect(answer(entered('run.failed'))).toBe('yes');
    expect(answer(entered('run.failed', { tags: ['other'] }))).toBe('has a selected tag');
    const { tags: _, ...untagged } = run;
    const without = { ...entered('run.failed'), data: { ...untagged, failure } } as Event;
    expect(answer(without)).toBe('has a selected tag');
  });

  it('takes those of a service, by its id or its name', () => {
    for (const service of ['PSHOP', 'Checkout']) {
      const answer = answerOf({ states: ['failed'], services: [service] });
      expect(answer(entered('run.failed'))).toBe('yes');
      expect(answer(entered('run.failed', { service: { id: 'POTHER', name: 'Search' } }))).toBe(
        'is of a selected service',
      );
    }
  });

  it('never takes runs of the pager, those that only watch, and those of drills', () => {
    const answer = answerOf({ states: ['failed'] });
    expect(answer(entered('run.failed', { workflow: 'pageForRun' }))).toBe('is not of the pager');
    expect(answer(entered('run.failed', { mode: 'observe' }))).toBe('was to change something');
    expect(answer(entered('run.failed', { drill: true }))).toBe('is of no drill');
  });

  async function unknown(): Promise<void> {}
  it.each<[string, object, string]>([
    ['no state', { states: [] }, 'names no state'],
    ['a state that is none', { states: ['failled'] }, 'Did you mean failed?'],
    ['no workflow', { states: ['failed'], workflows: [] }, 'names no workflow'],
    ['a workflow that nobody knows', { states: ['failed'], workflows: [unknown] }, 'workflows/kinds.ts'],
    ['the pager', { states: ['failed'], workflows: [pageForRun] }, 'page without end'],
    ['no tag', { states: ['failed'], tags: [] }, 'names no tag'],
    ['a tag of no workflow', { states: ['failed'], tags: ['remediatoin'] }, 'Did you mean remediation?'],
    ['no service', { states: ['failed'], services: [] }, 'names no service'],
  ])('is refused where it names %s, as it would never select', (_, selection, why) => {
    expect(() => runs(selection as never)).toThrow(why);
  });
});

describe('a trigger that pages for the runs that it selects', () => {
  const pages = defineTrigger({
    name: 'remediation-fails',
    ...runs({ tags: ['remediation'], states: ['failed', 'timed out'] }),
    ...paging({ connection: 'platform', severity: { TimedOut: 'warning' } }),
  });

  it('pages by its own connection, as severe as it says', () => {
    expect(pages.respond(entered('run.failed'))).toMatchObject({
      start: 'pageForRun',
      input: {
        runId: run.runId,
        failureClass: 'ProviderRefused',
        rules: { connection: 'platform', severity: { ...usualSeverities, TimedOut: 'warning' } },
      },
    });
  });

  it('is about the run’s workflow and target, so the next good run takes its page back', () => {
    expect(pages.target(entered('run.failed'))).toBe('ec2UnhealthyRestart/i-0abc12345def67890');
    expect(pages.each).toBe('subject');
  });
});
