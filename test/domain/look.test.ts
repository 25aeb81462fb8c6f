import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inWords,
  lookOf,
  medianOf,
  type PastIncident,
  repeatsIn,
  withoutNumbers,
} from '../../domain/look.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 5, 1) + minutes * 60_000).toISOString();

/** One that began at `began`, was acknowledged and resolved by so many minutes after that. */
const incident = (fields: Partial<PastIncident> & { minutes?: [number, number] } = {}): PastIncident => {
  const { minutes, ...rest } = fields;
  const times = minutes
    ? { acknowledgedAt: at(minutes[0]), actedAt: at(minutes[0]), resolvedAt: at(minutes[1]) }
    : {};
  return { id: 'Q1', number: 1, title: 'Disk is full', service: 'Search', began: at(0), ...times, ...rest };
};

describe('a title without its numbers', () => {
  it.each([
    ['Disk of search-19 is 88 % full', 'Disk of * is * % full'],
    ['EC2 i-0abc12345def67890 StatusCheckFailed', 'EC2 * StatusCheckFailed'],
    ['Search p99 latency above 2.5 s', 'Search p99 latency above * s'],
    ['CrashLoopBackOff in shop/checkout', 'CrashLoopBackOff in shop/checkout'],
    ['Backup failed (2026-06-01): step 14!', 'Backup failed (*): step *!'],
    ['  two \n lines ', 'two lines'],
    ['', ''],
  ])('of %j is %j', (title, expected) => {
    expect(withoutNumbers(title)).toBe(expected);
  });

  it('is the same when it is taken again, and when its numbers are others', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (text, one, other) => {
        const title = withoutNumbers(text);
        expect(withoutNumbers(title)).toBe(title);
        expect(withoutNumbers(`${text} at 1${one}`)).toBe(withoutNumbers(`${text} at 1${other}`));
      }),
    );
  });
});

describe('the median', () => {
  it('has as many below it as above it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (numbers) => {
        const median = medianOf(numbers);
        const below = numbers.filter((each) => each < median).length;
        const above = numbers.filter((each) => each > median).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(numbers.length / 2);
      }),
    );
    expect([medianOf([3]), medianOf([4, 1]), medianOf([9, 1, 2])]).toEqual([3, 2.5, 2]);
  });
});

describe('what repeats', () => {
  it('is told with how long people took, such that it can be calculated again', () => {
    const list = [
      incident({ title: 'Disk of a-1 is full', minutes: [4, 18] }),
      incident({ title: 'Disk of a-2 is full', minutes: [6, 20] }),
      incident({ title: 'Disk of a-3 is full', minutes: [5, 40] }),
      incident({ title: 'Disk of a-4 is full', resolvedAt: at(2) }),
      incident({ title: 'Only once' }),
    ];
    expect(repeatsIn(list)).toEqual([
      {
        service: 'Search',
        title: 'Disk of * is full',
        count: 4,
        untilAcknowledged: { count: 3, medianMinutes: 5, totalMinutes: 15 },
        untilResolved: { count: 4, medianMinutes: 19, totalMinutes: 76 },
        inHand: { count: 3, medianMinutes: 14, totalMinutes: 42 },
      },
    ]);
  });

  const titles = fc.constantFrom('Disk 1', 'disk 22', 'Queue a-1', 'Queue b', 'Login');
  const incidents = fc.array(
    fc.record({ title: titles, service: fc.constantFrom('Search', 'Checkout') }).map(incident),
  );

  it('counts each incident once, within its service, and no kind that came once', () => {
    fc.assert(
      fc.property(incidents, (list) => {
        const repeats = repeatsIn(list);
        const kinds = new Set(
          list.map(({ service, title }) => `${service} ${withoutNumbers(title).toLowerCase()}`),
        );
        const once = [...kinds].filter(
          (kind) =>
            list.filter(({ service, title }) => `${service} ${withoutNumbers(title).toLowerCase()}` === kind)
              .length === 1,
        );
        expect(repeats.every(({ count }) => count > 1)).toBe(true);
        expect(repeats.reduce((sum, { count }) => sum + count, 0)).toBe(list.length - once.length);
        expect(repeats.length).toBe(kinds.size - once.length);
      }),
    );
  });

  it('is the same in whatever order the incidents come', () => {
    const counted = (list: readonly PastIncident[]) =>
      repeatsIn(list).map(({ service, title, count }) => [service, title.toLowerCase(), count]);
    fc.assert(
      fc.property(incidents, (list) => {
        expect(counted(list.toReversed()).sort()).toEqual(counted(list).sort());
      }),
    );
  });
});

describe('what a trigger would have done', () => {
  it('names its incidents and targets, and what people did about these', () => {
    const run = (subject: string, target: string) => ({
      id: `disk/${subject}`,
      subject,
      target,
      at: at(0),
      input: {},
    });
    const verdict = {
      trigger: 'disk',
      workflow: 'cleanDisk',
      isTold: true,
      runs: [run('Q1', 'a-1'), run('Q2', 'a-2'), run('Q3', 'a-2')],
      joined: [{ subject: 'Q4', run: 'disk/Q1' }],
      noes: { 'urgency is high': 2 },
      failed: [],
    };
    const list = [
      incident({ id: 'Q1', number: 11, minutes: [4, 9] }),
      incident({ id: 'Q2', number: 12, minutes: [14, 20] }),
      incident({ id: 'Q3', number: 13, minutes: [15, 30] }),
      incident({ id: 'Q4', number: 14 }),
      incident({ id: 'Q5', number: 15, minutes: [900, 901] }),
    ];
    expect(lookOf(verdict, list)).toEqual({
      trigger: 'disk',
      workflow: 'cleanDisk',
      isTold: true,
      runs: 3,
      joined: 1,
      failed: 0,
      noes: { 'urgency is high': 2 },
      incidents: [11, 12, 13, 14],
      targets: [
        { target: 'a-2', runs: 2 },
        { target: 'a-1', runs: 1 },
      ],
      untilActed: { count: 3, medianMinutes: 14, totalMinutes: 42 },
      unattended: 1,
    });
  });
});

it('a time is told in hours and minutes', () => {
  expect([0, 14, 60, 518].map(inWords)).toEqual(['0 min', '14 min', '1 h 0 min', '8 h 38 min']);
});
