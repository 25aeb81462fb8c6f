import { describe, expect, it } from 'vitest';
import { patientBudget } from '../../processes/patient-budget.ts';

const { signal } = new AbortController();
const bucket = { perSecond: 1_000, most: 2 };

describe('the budget of a command', () => {
  it('lets so many through at once, and the others by the rate, however many wait', async () => {
    const budget = patientBudget();
    const began = performance.now();
    const waited = await Promise.all(
      Array.from({ length: 12 }, async () => {
        await budget.spend('PagerDuty', 'token', bucket, signal);
        return performance.now() - began;
      }),
    );
    expect(waited).toEqual(waited.toSorted((one, other) => one - other));
    // Ten of them wait for a millisecond each; a timer may be early by one.
    expect(waited.at(-1)).toBeGreaterThan(8);
  });

  it('keeps accounts apart', async () => {
    const budget = patientBudget();
    const slow = { perSecond: 0.001, most: 1 };
    await budget.spend('PagerDuty', 'one', slow, signal);
    await budget.spend('PagerDuty', 'other', slow, signal);
  });
});
