import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWorse, type Level, levels } from '../../domain/level.ts';
import {
  allOf,
  anyOf,
  atLeast,
  faultOfLimits,
  type Limits,
  type Reached,
  threshold,
} from '../../workflows/kit/threshold.ts';

/** The levels of values that come one a minute. */
function follow(values: readonly number[], limits: Limits): Level[] {
  let state: Reached | undefined;
  return values.map((value, minute) => {
    state = threshold(value, limits, state, minute * 60_000);
    return state.level;
  });
}

describe('a threshold', () => {
  const limits = { warning: 80, critical: 95, hysteresis: 5 };

  it('gets worse at a limit, and better only where it is left by the hysteresis', () => {
    expect(follow([79, 80, 95, 90.1, 90, 89, 75.1, 75, 74], limits)).toEqual([
      'normal',
      'warning',
      'critical',
      'critical',
      'critical',
      'warning',
      'warning',
      'warning',
      'normal',
    ]);
  });

  it('counts once it has held for so long without a break, each level for itself', () => {
    expect(follow([96, 96, 70, 85, 96, 96, 96], { ...limits, for: '2 minutes' })).toEqual([
      'normal',
      'normal',
      'normal',
      'normal',
      'normal',
      'warning',
      'critical',
    ]);
  });

  it('takes lower values for worse where its limits say so', () => {
    expect(follow([30, 20, 9, 12, 16, 26], { warning: 20, critical: 10, hysteresis: 5 })).toEqual([
      'normal',
      'warning',
      'critical',
      'critical',
      'warning',
      'normal',
    ]);
    expect(follow([1, 0], { critical: 0.5, below: true })).toEqual(['normal', 'critical']);
  });

  it('learns nothing from what is no number', () => {
    expect(follow([96, Number.NaN, Number.POSITIVE_INFINITY], limits)).toEqual([
      'critical',
      'critical',
      'critical',
    ]);
  });

  const value = fc.double({ min: -1_000, max: 1_000, noNaN: true });
  const anyLimits = fc
    .record({
      warning: fc.integer({ min: -500, max: 500 }),
      more: fc.integer({ min: 1, max: 300 }),
      hysteresis: fc.integer({ min: 0, max: 50 }),
      sign: fc.constantFrom(1, -1),
    })
    .map(({ warning, more, hysteresis, sign }) => ({ warning, critical: warning + sign * more, hysteresis }));

  it('never tells less than the value says by itself, nor more than the hysteresis allows', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), anyLimits, (values, given) => {
        expect(faultOfLimits(given)).toBeUndefined();
        const seen = follow(values, given);
        const [bare] = follow([values.at(-1) ?? 0], { ...given, hysteresis: 0 });
        const sign = given.critical < given.warning ? -1 : 1;
        const [most] = follow([(values.at(-1) ?? 0) + sign * given.hysteresis], { ...given, hysteresis: 0 });
        const last = seen.at(-1) as Level;
        expect(isWorse(bare as Level, last)).toBe(false);
        expect(isWorse(last, most as Level)).toBe(false);
      }),
    );
  });

  it('does not flap: within the hysteresis of a limit it changes once at most', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), anyLimits, (parts, given) => {
        fc.pre(Math.abs(given.critical - given.warning) > given.hysteresis);
        const sign = given.critical < given.warning ? -1 : 1;
        const seen = follow(
          // Around the first limit, and never beyond the second.
          parts.map((part) => given.warning - sign * part * given.hysteresis),
          given,
        );
        const turns = seen.filter((level, index) => level !== (seen[index - 1] ?? 'normal'));
        expect(turns.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('with a time to hold is never worse than without, and as bad once a value has lasted', () => {
    fc.assert(
      fc.property(
        fc.array(value),
        value,
        anyLimits,
        fc.integer({ min: 1, max: 5 }),
        (before, last, given, minutes) => {
          const slow: Limits = { ...given, hysteresis: 0, for: `${minutes} minutes` };
          const values = [...before, ...Array.from({ length: minutes + 1 }, () => last)];
          const [quick, held] = [follow(values, { ...given, hysteresis: 0 }), follow(values, slow)];
          for (const [index, level] of held.entries())
            expect(isWorse(level, quick[index] as Level)).toBe(false);
          expect(held.at(-1)).toBe(quick.at(-1));
        },
      ),
    );
  });

  it.each<[Limits, string]>([
    [{}, 'has no limit'],
    [{ warning: Number.NaN }, 'no number'],
    [{ warning: 5, error: 7, critical: 6 }, 'in no order'],
    [{ warning: 5, critical: 5 }, 'in no order'],
    [{ critical: 5, hysteresis: -1 }, 'no fitting hysteresis, -1'],
    [{ critical: 5, for: 'a while' as never }, 'no fitting for, a while'],
  ])('with %j says what is wrong', (given, words) => {
    expect(faultOfLimits(given)).toContain(words);
  });
});

describe('several conditions', () => {
  const level = fc.constantFrom(...levels);

  it('are as bad as the kth worst, which is one of them, and worse ones come with a smaller k', () => {
    fc.assert(
      fc.property(fc.array(level, { minLength: 1 }), fc.nat(), (all, any) => {
        const k = 1 + (any % all.length);
        const found = atLeast(k, ...all);
        expect(all.filter((each) => !isWorse(found, each)).length).toBeGreaterThanOrEqual(k);
        expect(all.filter((each) => isWorse(each, found)).length).toBeLessThan(k);
        expect(isWorse(found, anyOf(...all))).toBe(false);
        expect(isWorse(allOf(...all), found)).toBe(false);
      }),
    );
  });

  it('hold as any, all and so many of them do', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), fc.nat(), (all, any) => {
        const k = 1 + (any % all.length);
        expect(anyOf(...all)).toBe(all.some(Boolean));
        expect(allOf(...all)).toBe(all.every(Boolean));
        expect(atLeast(k, ...all)).toBe(all.filter(Boolean).length >= k);
      }),
    );
  });

  it.each([0, 3, 1.5, -1])('cannot be %d of two', (k) => {
    expect(() => atLeast(k, true, false)).toThrow(`At least ${k} of 2 can never be told`);
  });
});
