import { describe, expect, it } from 'vitest';
import { activities as declared } from '../../activities/index.ts';
import { exampleOf } from '../../cli/examples/events.ts';
import type { Event } from '../../domain/event.ts';
import { pager } from '../../domain/page.ts';
import { stepTypes } from '../../domain/step.ts';
import { checkedTriggers } from '../../processes/known-activities.ts';
import { activities } from '../../triggers/activities.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { pageForRun } from '../../workflows/page-for-run.ts';
import { scaleOut } from '../../workflows/scale-out.ts';

async function handle(_: string): Promise<void> {}
const selecting = (selection: Parameters<typeof activities>[0]) =>
  defineTrigger({ name: 'selects', ...activities(selection), run: handle, input: ({ runId }) => runId });

/** The event as `baton events example` prints it: a reboot, with some of its data changed. */
function entered(type: (typeof stepTypes)[number], changes: object = {}): Event {
  const event = exampleOf(type, new Date('2026-11-20T09:00:00Z'))?.event;
  if (!event) throw new Error(`There is no example of ${type}`);
  return { ...event, data: { ...(event.data as object), ...changes } };
}
function answerOf(selection: Parameters<typeof activities>[0]) {
  const trigger = selecting(selection);
  return (event: Event) => {
    const answer = trigger.respond(event);
    return 'no' in answer ? answer.no : 'yes';
  };
}

describe('a selection of steps', () => {
  it('listens to the event of each state that it names, and to no other', () => {
    const states = ['scheduled', 'started', 'completed', 'failed', 'timed out', 'cancelled'] as const;
    expect(activities({ states }).on).toEqual(stepTypes);
    const answer = answerOf({ states: ['failed', 'timed out'] });
    expect(answer(entered('activity.failed'))).toBe('yes');
    expect(answer(entered('activity.timed_out'))).toBe('yes');
    expect(answer(entered('activity.started'))).toBe('is a activity.failed or activity.timed_out event');
  });

  it('takes all changes, or the activities that it names, reads among them', () => {
    const all = answerOf({ states: ['completed'] });
    const named = answerOf({ states: ['completed'], activities: ['rebootEc2Instances', 'readJiraIssue'] });
    const read = { activity: 'readJiraIssue', kind: 'read', targets: [] };
    expect(all(entered('activity.completed'))).toBe('yes');
    expect(all(entered('activity.completed', read))).toBe('is a change');
    expect(named(entered('activity.completed', read))).toBe('yes');
    expect(named(entered('activity.completed', { activity: 'addPagerDutyNote' }))).toBe(
      'is of a selected activity',
    );
  });

  it('takes those of workflows, tags and services, as a selection of runs does', () => {
    const service = { id: 'PSHOP', name: 'Checkout' };
    const of = { workflows: [ec2UnhealthyRestart, scaleOut], tags: ['remediation'], services: ['Checkout'] };
    const answer = answerOf({ states: ['failed'], ...of });
    expect(answer(entered('activity.failed', { service }))).toBe('yes');
    expect(answer(entered('activity.failed', { service, workflow: 'showApproval' }))).toBe(
      'is of a selected workflow',
    );
    expect(answer(entered('activity.failed', { service, tags: [] }))).toBe('has a selected tag');
    expect(answer(entered('activity.failed'))).toBe('is of a selected service');
  });

  it('never takes those of the pager, of runs that only watch, and of drills', () => {
    expect(pageForRun.name).toBe(pager);
    const answer = answerOf({ states: ['failed'] });
    expect(answer(entered('activity.failed', { workflow: 'pageForRun' }))).toBe('is not of the pager');
    expect(answer(entered('activity.failed', { mode: 'observe' }))).toBe('was to change something');
    expect(answer(entered('activity.failed', { drill: true }))).toBe('is of no drill');
  });

  async function unknown(): Promise<void> {}
  it.each<[string, object, string]>([
    ['no state', { states: [] }, 'names no state'],
    ['a state that is none', { states: ['waiting'] }, 'a state that no step enters, waiting'],
    ['no activity', { states: ['failed'], activities: [] }, 'names no activity'],
    ['a workflow that nobody knows', { states: ['failed'], workflows: [unknown] }, 'workflows/kinds.ts'],
    ['the pager', { states: ['failed'], workflows: [pageForRun] }, 'page without end'],
    ['a tag of no workflow', { states: ['failed'], tags: ['remediatoin'] }, 'Did you mean remediation?'],
    ['no service', { states: ['failed'], services: [] }, 'names no service'],
  ])('is refused where it names %s, as it would never select', (_, selection, why) => {
    expect(() => activities(selection as never)).toThrow(why);
  });

  it('is refused as Baton starts where it names an activity that there is none of', async () => {
    const check = (names: readonly string[]) =>
      checkedTriggers({
        loadTriggers: async () => [selecting({ states: ['failed'], activities: names as never })],
        loadActivities: async () => declared,
      });
    await expect(check(['rebootEc2Instance'])).rejects.toThrow(
      'The trigger selects selects steps of an activity that there is none of, rebootEc2Instance. Did you mean rebootEc2Instances?',
    );
    await expect(check(['paintTheDoor'])).rejects.toThrow('See docs/activities.md.');
    expect(await check(['rebootEc2Instances'])).toHaveLength(1);
  });

  it('loads no activities where no trigger names one', async () => {
    const loadActivities = () => Promise.reject(new Error('They are not needed'));
    const loadTriggers = async () => [selecting({ states: ['failed'] })];
    expect(await checkedTriggers({ loadTriggers, loadActivities })).toHaveLength(1);
  });
});
