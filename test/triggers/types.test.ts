import { describe, expect, it } from 'vitest';
import { testMark } from '../../domain/connection-test.ts';
import type { EventType } from '../../domain/event.ts';
import { triggers } from '../../triggers/index.ts';
import { defineTrigger, triggerList } from '../../triggers/trigger.ts';
import { ec2UnhealthyRestart } from '../../workflows/ec2-unhealthy-restart.ts';
import { quietIncident } from '../../workflows/quiet-incident.ts';
import { incidentTriggered } from './events.ts';

async function nothing(_: object): Promise<void> {}
const base = {
  name: 'one',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: nothing,
  input: () => ({}),
} as const;
const on = (...types: string[]) => {
  const schedule = types.some((type) => type.startsWith('schedule.') && type !== 'schedule.missed')
    ? { schedule: { cron: '0 6 * * *' } }
    : {};
  return defineTrigger({ ...base, on: types as EventType[], ...schedule });
};
/** As from a file that no compiler has seen. */
const declare = (changes: object) => defineTrigger({ ...base, ...changes } as never);

describe('a trigger', () => {
  it.each([
    'run.paused',
    'grafana.alert',
    'activity.intended',
    'approval.forgotten',
    'worker.stopped',
    'slack.command',
    'x',
  ])('is refused where it names %s, of which there are no events', (type) => {
    expect(() => on(type)).toThrow(
      `The trigger one would never fire: there are no events of the type ${type}`,
    );
    expect(() => on('run.failed', type)).toThrow(type);
  });

  it.each([
    'pagerduty.incident.triggered',
    'pagerduty.some.new',
    'schedule.nightly',
    'slack.action',
    'run.started',
    'run.waiting',
    'run.went_on',
    'run.cancelled',
    'run.overdue',
    'worker.unhealthy',
    'schedule.missed',
  ])('may name %s', (type) => expect(on(type).on).toEqual([type]));

  const noFunction = { 'is urgent': true };
  it.each<[string, object, string]>([
    [
      'a schedule for events of PagerDuty',
      { schedule: { cron: '0 6 * * *' } },
      'has a schedule, which makes no',
    ],
    [
      'a schedule for events of PagerDuty among others',
      { on: ['schedule.nightly', 'run.failed'], schedule: { cron: '0 6 * * *' } },
      'has a schedule, which makes no run.failed',
    ],
    ['no schedule for events of one', { on: 'schedule.nightly' }, 'nothing makes schedule.nightly'],
    ...[
      ['nothing', ''],
      ['four fields', '0 6 * *'],
      ['six fields', '0 0 6 * * *'],
      ['a word', '@daily'],
    ].map(([what, cron]): [string, object, string] => [
      `${what} as cron`,
      { on: 'schedule.nightly', schedule: { cron } },
      'Use the five fields of crontab(5)',
    ]),
    [
      'a time zone that nobody knows',
      { on: 'schedule.nightly', schedule: { cron: '0 6 * * *', timeZone: 'Europe/Zuerich' } },
      'has a time zone that nobody knows, "Europe/Zuerich". Use an IANA name',
    ],
    [
      'a time in which a schedule is to start that is none',
      { on: 'schedule.nightly', schedule: { cron: '0 6 * * *', startWithin: 'soon' } },
      'has no fitting startWithin, soon',
    ],
    [
      'a schedule for what is told of schedules',
      { on: 'schedule.missed', schedule: { cron: '0 6 * * *' } },
      'has a schedule, which makes no schedule.missed',
    ],
    ['no event type', { on: [] }, 'would never fire'],
    ['a storm of half an incident', { storm: 0.5 }, 'has no fitting storm, 0.5'],
    ['a storm of none', { storm: 0 }, 'Use a whole number from 1 to 100'],
    ['a storm that ends with its first incident', { storm: 10 }, 'would leave a storm alone'],
    [
      'a storm of acknowledgements',
      { on: 'pagerduty.incident.acknowledged', storm: 10 },
      'would never see a storm',
    ],
    ['a time to finish that is none', { finishWithin: 'soon' }, 'has no fitting finishWithin, soon'],
    ['no time to finish', { finishWithin: 0 }, "Write it as '2 hours'"],
    [
      'what becomes of an overdue run and no time',
      { whenOverdue: 'page' },
      "Say when: finishWithin: '2 hours'",
    ],
    [
      'another end of an overdue run',
      { finishWithin: '2 hours', whenOverdue: 'kill' },
      'Use one of warn, page, cancel',
    ],
    ['another word for an acknowledgement', { whenAcknowledged: 'stop' }, "there is 'pause'"],
    [
      'a pause that no acknowledgement can bring',
      { on: 'run.failed', whenAcknowledged: 'pause' },
      'would never pause: run.failed is about no incident',
    ],
    [
      'a pause on the acknowledgement itself',
      { on: 'pagerduty.incident.acknowledged', whenAcknowledged: 'pause' },
      'would always pause',
    ],
    [
      'a pause of what does nothing destructive',
      { run: quietIncident, whenAcknowledged: 'pause' },
      'has nothing to pause: quietIncident does nothing destructive',
    ],
    ['no condition', { when: {} }, "Say so with when: 'always'"],
    ['no word about conditions', { when: undefined }, "Say so with when: 'always'"],
    ['another word than always', { when: 'sometimes' }, "Say so with when: 'always'"],
    ['a condition that is no function', { when: noFunction }, 'no function: "is urgent"'],
    ['a workflow that is none', { run: undefined }, '"run" is no named function'],
    ['a workflow without a name', { run: (() => async () => {})() }, '"run" is no named function'],
    ...['', 'Two Words', 'a/b', 'ends-', 'schedule', 'a'.repeat(65)].map((name): [string, object, string] => [
      `the name "${name}"`,
      { name },
      'has no fitting name',
    ]),
  ])('is refused where it has %s', (_, changes, words) => {
    expect(() => declare(changes)).toThrow(words);
  });

  it("answers each event of its types where it says 'always'", () => {
    expect(declare({}).respond(incidentTriggered())).toMatchObject({ start: 'nothing' });
  });

  it('starts nothing for an incident that tests a connection, whatever its conditions are', () => {
    const title = `${testMark} (baton-test/1)`;
    expect(declare({}).respond(incidentTriggered({ title }))).toEqual({ no: 'is no test of a connection' });
  });
});

describe('the list of triggers', () => {
  const at = (name: string, cron: string) =>
    defineTrigger({ ...base, name, on: 'schedule.nightly', schedule: { cron } });

  it('refuses two of one name', () => {
    expect(() => triggerList([declare({}), declare({ on: 'run.failed' })])).toThrow(
      'Two triggers are named one',
    );
  });

  it('refuses two times for one schedule', () => {
    const list = [at('one', '0 6 * * *'), at('two', '0 7 * * *')];
    expect(() => triggerList(list)).toThrow('The trigger two wants schedule.nightly at another time');
    expect(triggerList([at('one', '0 6 * * *'), at('two', '0 6 * * *')])).toHaveLength(2);
  });
});

describe('the mode of a trigger', () => {
  const modeOf = (changes: object) => declare(changes).mode;

  it.each([
    [
      'asks first where its workflow may do what cannot be taken back',
      { run: ec2UnhealthyRestart },
      'propose',
    ],
    ['acts where all is harmless', { run: quietIncident }, 'auto'],
    ['asks before what is destructive where nobody has declared the kind', {}, 'approve'],
    ['is the one that its file says', { run: ec2UnhealthyRestart, mode: 'auto' }, 'auto'],
  ])('%s', (_, changes, mode) => expect(modeOf(changes)).toBe(mode));

  it.each([
    [{ mode: 'always' }, 'has no fitting mode, always: there are observe, propose, approve, auto'],
    [{ reviewed: '2026-01-31' }, 'was reviewed and says no mode'],
    [{ mode: 'auto', reviewed: '9999-01-01' }, 'has no fitting day of its review, 9999-01-01'],
    [{ mode: 'auto', reviewed: '2026-02-31' }, 'has no fitting day of its review, 2026-02-31'],
    [{ mode: 'auto', reviewed: 'yesterday' }, 'has no fitting day of its review, yesterday'],
  ])('is refused as %j', (changes, why) => {
    expect(() => declare(changes)).toThrow(`The trigger one ${why}`);
  });

  it('of the shipped triggers is auto, but of those that may change a cluster', () => {
    const others = triggers.filter(({ mode }) => mode !== 'auto').map(({ name, mode }) => [name, mode]);
    expect(others).toEqual([
      ['kubernetes-crash-loop', 'approve'],
      ['scale-out', 'propose'],
    ]);
  });
});
