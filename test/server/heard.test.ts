import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../cli/examples/events.ts';
import type { RunCause } from '../../domain/incident.ts';
import { decide } from '../../server/dispatch/decide.ts';
import { withHeard } from '../../server/dispatch/heard.ts';
import { activities } from '../../triggers/activities.ts';
import { triggers as shipped } from '../../triggers/index.ts';
import { defineSubscription } from '../../triggers/subscription.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { scaleOut } from '../../workflows/scale-out.ts';

async function tell(_: string): Promise<void> {}
const listens = (name: string, selection: Parameters<typeof activities>[0]) =>
  defineTrigger({ name, ...activities(selection), run: tell, input: ({ runId }) => runId });

const cause: RunCause = {
  trigger: 'remedy',
  eventId: 'E1',
  eventType: 'pagerduty.incident.triggered',
  target: 'i-1',
  tags: ['remediation'],
  whenResolved: 'stop',
};
const heardOf = (
  changes: Partial<RunCause>,
  listeners: Parameters<typeof withHeard>[2],
  workflow = 'ec2UnhealthyRestart',
) => withHeard({ ...cause, ...changes }, workflow, listeners).heard;

describe('of which steps of a run somebody hears', () => {
  it('is said in its cause: by the names of activities, or all changes', () => {
    const triggers = [
      listens('some', {
        states: ['failed', 'timed out'],
        activities: ['rebootEc2Instances', 'readJiraIssue'],
      }),
      listens('all', { states: ['failed'] }),
    ];
    expect(heardOf({}, { triggers })).toEqual({
      'activity.failed': ['changes', 'readJiraIssue', 'rebootEc2Instances'],
      'activity.timed_out': ['readJiraIssue', 'rebootEc2Instances'],
    });
  });

  it('is none, and the cause as it was, where nobody listens, as with the triggers that ship', () => {
    expect(withHeard(cause, 'ec2UnhealthyRestart', { triggers: shipped })).toBe(cause);
    const others = [
      listens('other-workflow', { states: ['failed'], workflows: [scaleOut] }),
      listens('other-service', { states: ['failed'], services: ['Search'] }),
    ];
    expect(heardOf({}, { triggers: others })).toBeUndefined();
  });

  it('is none of the pager, of runs that only watch, and of drills where `activities` selects', () => {
    const triggers = [listens('all', { states: ['failed'] })];
    const plain = defineTrigger({
      name: 'plain',
      on: 'activity.failed',
      when: 'always',
      run: tell,
      input: ({ failure }) => failure.class,
    });
    expect(heardOf({}, { triggers: [plain] }, 'pageForRun')).toBeUndefined();
    for (const mode of ['plan', 'observe'] as const)
      expect(heardOf({ mode }, { triggers: [plain] })).toBeUndefined();
    const incident = { drill: true, service: { id: 'P', name: 'S' } } as RunCause['incident'] & object;
    expect(heardOf({ incident }, { triggers })).toBeUndefined();
    expect(heardOf({}, { triggers: [plain] })).toEqual({ 'activity.failed': ['changes'] });
  });

  it('is none by a trigger that has led to the run, itself or by others', () => {
    const triggers = [listens('loops', { states: ['failed'] })];
    expect(heardOf({ trigger: 'loops' }, { triggers })).toBeUndefined();
    expect(heardOf({ chain: ['loops', 'other'] }, { triggers })).toBeUndefined();
    expect(heardOf({ chain: ['other'] }, { triggers })).toEqual({ 'activity.failed': ['changes'] });
  });

  it('is told to subscribers too, but for what they hear of by each attempt', () => {
    const subscriptions = [
      defineSubscription({
        name: 'board',
        types: ['activity.*'],
        workflows: [ec2UnhealthyRestart],
        connection: 'board',
      }),
    ];
    expect(heardOf({}, { triggers: [], subscriptions })).toEqual({
      'activity.scheduled': ['changes'],
      'activity.started': ['changes'],
      'activity.timed_out': ['changes'],
      'activity.cancelled': ['changes'],
    });
    expect(heardOf({}, { triggers: [], subscriptions }, 'scaleOut')).toBeUndefined();
  });

  it('is told to no subscriber who wants runs of other tags or services', () => {
    const types = ['activity.started'] as const;
    const heardBy = (selection: { tags?: string[]; services?: string[] }, changes: Partial<RunCause> = {}) =>
      heardOf(changes, {
        triggers: [],
        subscriptions: [defineSubscription({ name: 'board', types, connection: 'board', ...selection })],
      });
    const heard = { 'activity.started': ['changes'] };
    const incident = { service: { id: 'PSEARCH', name: 'Search' } } as RunCause['incident'] & object;
    expect(heardBy({ tags: ['remediation'] })).toEqual(heard);
    expect(heardBy({ tags: ['remediation'] }, { tags: ['other'] })).toBeUndefined();
    for (const services of [['PSEARCH'], ['Search']]) {
      expect(heardBy({ services }, { incident })).toEqual(heard);
      expect(heardBy({ services })).toBeUndefined();
    }
    expect(heardBy({ tags: ['remediation'], services: ['Checkout'] }, { incident })).toBeUndefined();
  });
});

describe('a trigger that would be asked about a step of a run that it has led to', () => {
  it('is not asked, and the way is said', () => {
    const trigger = listens('loops', { states: ['failed'] });
    const event = exampleOf('activity.failed', new Date())?.event;
    if (!event) throw new Error('There is no example');
    const told = (data: object) =>
      ({ ...event, data: { ...(event.data as object), ...data } }) as typeof event;
    const planned = (data: object) =>
      decide({ seq: 1, event: told(data) }, { runs: [] }, [trigger], undefined);
    expect(planned({ trigger: 'remedy' }).starts).toMatchObject([{ cause: { chain: ['remedy'] } }]);
    const again = planned({ trigger: 'other', chain: ['loops'] });
    expect(again.starts).toEqual([]);
    expect(again.answers).toMatchObject([
      { answer: 'no', reason: 'is about a run that this trigger has led to: loops → other' },
    ]);
  });
});

describe('a trigger that would be asked about what a run asks people that it has led to', () => {
  it('is not asked either, and another one is', () => {
    const on = (name: string) =>
      defineTrigger({
        name,
        on: 'approval.refused',
        when: { 'was refused': ({ state }) => state === 'refused' },
        run: tell,
        input: ({ runId }) => runId,
      });
    const event = exampleOf('approval.refused', new Date())?.event;
    if (!event) throw new Error('There is no example');
    const situation = { runs: [], askedIn: { trigger: 'loops' } };
    const plan = decide({ seq: 1, event }, situation, [on('loops'), on('follows')], undefined);
    expect(plan.answers).toMatchObject([
      { trigger: 'loops', answer: 'no', reason: 'is about a run that this trigger has led to: loops' },
      { trigger: 'follows', answer: 'matched' },
    ]);
    expect(plan.starts).toMatchObject([{ trigger: 'follows', cause: { chain: ['loops'] } }]);
  });
});
