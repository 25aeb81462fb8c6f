import { describe, expect, it } from 'vitest';
import type { Entry } from '../../console/api/shapes.ts';
import { mostFrequent } from '../../console/numbers.ts';
import { type Group, grouped } from '../../console/story/groups.ts';
import { movedApart, pictureOf, scaleOf } from '../../console/story/layout.ts';
import { withNews } from '../../console/story/news.ts';
import { stepsOf } from '../../console/story/steps.ts';

const line = (action: string, seconds: number, detail: Record<string, unknown>) => ({
  at: new Date(Date.UTC(2026, 10, 21, 3, 0, seconds)).toISOString(),
  actor: 'trigger:ec2-unhealthy',
  via: 'worker',
  action,
  subject: 'Q2',
  detail: { run: 'ec2-unhealthy/Q2', ...detail },
});

describe('the steps of a run', () => {
  it('are its calls, each with all attempts and what became of it', () => {
    const note = { activity: 'addPagerDutyNote', kind: 'change', key: 'k1' };
    const [started, first, approval, ended] = stepsOf([
      line('run.started', 0, { workflow: 'w', input: { incidentId: 'Q2' } }),
      line('activity.intended', 1, { ...note, attempt: 1, targets: ['pagerduty:Q2'] }),
      line('activity.failed', 2, {
        ...note,
        attempt: 1,
        failure: { class: 'ProviderUnavailable', message: '502' },
      }),
      line('activity.intended', 5, { ...note, attempt: 2 }),
      line('activity.completed', 6, {
        ...note,
        attempt: 2,
        result: { changed: true },
        summary: 'a note on Q2',
      }),
      line('approval.asked', 7, { approval: 'a1', summary: 'Reboots i-0abc' }),
      line('approval.answered', 9, {
        approval: 'a1',
        decision: 'approved',
        name: 'Ada Lopez',
        state: 'approved',
      }),
      line('run.completed', 10, { outcome: 'restarted' }),
    ]);
    expect(started).toMatchObject({ kind: 'run', state: 'started' });
    expect(first).toMatchObject({
      activity: 'addPagerDutyNote',
      state: 'done',
      summary: 'a note on Q2',
      targets: ['pagerduty:Q2'],
      attempts: [
        { number: 1, outcome: 'failed', why: 'ProviderUnavailable: 502' },
        { number: 2, outcome: 'done' },
      ],
    });
    expect(approval).toMatchObject({
      state: 'done',
      known: 'approved by Ada Lopez',
      summary: 'Reboots i-0abc',
    });
    expect(ended).toMatchObject({ state: 'ended', summary: 'restarted' });
  });

  it('say so where a call is under way, was not needed, or was held', () => {
    const steps = stepsOf([
      line('activity.intended', 1, { activity: 'a', kind: 'change', key: 'k1', attempt: 1 }),
      line('activity.completed', 2, {
        activity: 'b',
        kind: 'change',
        key: 'k2',
        attempt: 1,
        result: { changed: false },
      }),
      line('activity.refused', 3, {
        activity: 'c',
        kind: 'destructive',
        key: 'k3',
        attempt: 1,
        failure: { class: 'Held', message: 'cool-down' },
      }),
    ]);
    expect(steps.map(({ state }) => state)).toEqual(['under way', 'unchanged', 'refused']);
  });
});

describe('the picture of a story', () => {
  it('keeps the order of times, and gives long pauses less room than they took', () => {
    const scale = scaleOf([0, 1_000, 2_000, 1_000_000]);
    const places = [0, 1_000, 1_500, 2_000, 500_000, 1_000_000].map(scale);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect([scale(0), scale(1_000_000)]).toEqual([0, 1]);
    expect(scale(2_000)).toBeGreaterThan(0.03);
    expect(scaleOf([5])(5)).toBe(0.5);
  });

  it('moves marks apart that would cover each other, and none over the end', () => {
    expect(movedApart([0, 2, 50], 10, 100)).toEqual([0, 10, 50]);
    expect(movedApart([90, 95, 99], 10, 100)).toEqual([80, 90, 100]);
  });

  it('has a lane for each run with what it waited for, and numbers what was changed', () => {
    const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 3, 0, seconds)).toISOString();
    const run = {
      id: 't/Q2',
      trigger: 't',
      workflow: 'w',
      target: 'x',
      eventSeq: 1,
      state: 'completed' as const,
    };
    const entry = (id: string, kind: string, seconds: number, more = {}) => ({
      id,
      kind,
      at: at(seconds),
      show: ['story'],
      actor: 'trigger:t',
      text: kind,
      links: [],
      ...more,
    });
    const own = { run: 't/Q2' };
    const { lanes } = pictureOf(
      [{ ...run, createdAt: at(1), endedAt: at(60) }],
      [
        entry('1', 'event', 0),
        entry('2', 'asked', 10, own),
        entry('3', 'decided', 40, own),
        entry('4', 'changed', 41, own),
        entry('5', 'read', 42, own),
      ],
      Date.parse(at(90)),
    );
    expect(
      lanes.map(({ id, marks }) => [id, marks.map(({ number, entry: { kind } }) => number ?? kind)]),
    ).toEqual([
      ['incident', ['event']],
      ['t/Q2', ['asked', 'decided', 1]],
    ]);
    const [wait] = lanes[1]?.waits ?? [];
    expect(wait && wait.from < wait.to).toBe(true);
    expect(lanes[1]?.bar?.isLive).toBe(false);
  });
});

describe('the rows of a story', () => {
  const rows = (...ids: (number | string)[]): Entry[] =>
    ids.map((id) => ({ id: `${id}`, at: '', kind: 'said', show: [], actor: 'baton', text: '', links: [] }));
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  const sizes = (groups: readonly Group[]) => groups.map(({ entries }) => entries.length);
  const groupOf = (groups: readonly Group[], id: string) =>
    groups.find(({ entries }) => entries.some((entry) => entry.id === id))?.key;

  it('are in groups, each of which knows the row before it', () => {
    const groups = grouped(rows(...range(0, 50)));
    expect(sizes(groups)).toEqual([20, 20, 10]);
    expect(groups.map(({ before }) => before?.id)).toEqual([undefined, '19', '39']);
    expect(new Set(groups.map(({ key }) => key)).size).toBe(3);
    expect(grouped([])).toEqual([]);
  });

  it('stay in their groups when others come before, after and between them', () => {
    const first = rows(...range(0, 50));
    const before = grouped(first);
    const later = [
      ...rows('new1', 'new2'),
      ...first.slice(0, 10),
      ...rows('late'),
      ...first.slice(10),
      ...rows(...range(50, 90)),
    ];
    const after = grouped(later, before);
    expect(after.flatMap(({ entries }) => entries)).toEqual(later);
    expect(sizes(after)).toEqual([2, 21, 20, 20, 20, 10]);
    for (const { id } of first) expect(groupOf(after, id)).toBe(groupOf(before, id));
  });

  it('are the same object where nothing has changed, so that they are not drawn anew', () => {
    const first = rows(...range(0, 120));
    const before = grouped(first);
    const [top, middle, end] = grouped([...rows('new'), ...first], before).slice(1);
    expect([middle, end]).toEqual([before[1], before[2]]);
    expect(middle).toBe(before[1]);
    expect(end).toBe(before[2]);
    expect(top).not.toBe(before[0]);
    expect(top?.before?.id).toBe('new');
  });

  it('are all there, once each, where they come in another order or some have gone', () => {
    const first = rows(...range(0, 120));
    const other = [...first.slice(60), ...first.slice(0, 55)];
    const groups = grouped(other, grouped(first));
    expect(groups.flatMap(({ entries }) => entries)).toEqual(other);
    expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length);
  });
});

describe('what has come while a story is read', () => {
  const at = (time: string, ...ids: string[]): Entry[] =>
    ids.map((id) => ({ id, at: time, kind: 'said', show: [], actor: 'baton', text: '', links: [] }));
  const [then, now] = ['2026-11-21T03:00:00.000Z', '2026-11-21T03:00:01.000Z'];
  const idsOf = (entries: readonly Entry[]) => entries.map(({ id }) => id);

  it('comes after what was there, and leaves what came at one moment in its order', () => {
    const oldest = withNews(at(then, 'event', 'answer', 'started'), at(now, 'read', 'changed'), 'oldest');
    expect(idsOf(oldest)).toEqual(['event', 'answer', 'started', 'read', 'changed']);
    const newest = withNews(at(then, 'started', 'answer', 'event'), at(now, 'read', 'changed'), 'newest');
    expect(idsOf(newest)).toEqual(idsOf(oldest).reverse());
  });

  it('is there once where it was there already, and stands where its time says', () => {
    const both = [...at(then, 'event'), ...at(now, 'read')];
    const before = [...at(now, 'read'), ...at(then, 'event')];
    expect(idsOf(withNews(before, both, 'newest'))).toEqual(['read', 'event']);
    expect(idsOf(withNews(at(now, 'read'), at(then, 'late'), 'newest'))).toEqual(['read', 'late']);
  });
});

describe('what makes the most noise', () => {
  it('comes first', () => {
    expect(mostFrequent(['a', 'b', 'b'])).toEqual([
      { name: 'b', count: 2 },
      { name: 'a', count: 1 },
    ]);
  });
});
