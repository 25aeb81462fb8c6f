import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogQuery } from '../../server/pagerduty/log-cursor.ts';
import { readPast } from '../../server/pagerduty/past.ts';

const day = 24 * 3_600_000;
const begin = Date.UTC(2026, 0, 1);
const span = { since: begin, until: begin + 90 * day };
const raw = (seconds: number, place: number) => ({
  id: `Q${place}`,
  created_at: `${new Date(begin + seconds * 1_000).toISOString().slice(0, 19)}Z`,
});

/** A list as PagerDuty gives it: newest first, both bounds included, no more than 10 000. */
function listOf(all: readonly { id: string; created_at: string }[], asked: LogQuery[] = []) {
  const newestFirst = all.toSorted((one, other) => (one.created_at < other.created_at ? 1 : -1));
  return async (query: LogQuery) => {
    asked.push(query);
    const { since = '', until = '', offset, limit } = query;
    if (offset + limit > 10_000) throw new Error('400: offset and limit are too large');
    const found = newestFirst.filter(({ created_at: at }) => at >= since && at <= until);
    return { entries: found.slice(offset, offset + limit), more: found.length > offset + limit };
  };
}
const none = listOf([]);
const idsOf = (list: readonly unknown[]) => list.map((each) => (each as { id: string }).id).sort();

describe('the past of an account', () => {
  it('is read whole and each thing once, wherever it lies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(90 * 86_400), { maxLength: 400 }), async (times) => {
        const all = times.map(raw);
        const { incidents, cut } = await readPast({ incidents: listOf(all), entries: none }, span);
        expect(idsOf(incidents)).toEqual(idsOf(all));
        expect(cut).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('is read on from the oldest where there is more than PagerDuty gives of a list', async () => {
    // Within a day, so in one part.
    const all = Array.from({ length: 23_456 }, (_, place) => raw(1_000 + place * 2, place));
    const asked: LogQuery[] = [];
    const { entries, cut } = await readPast({ incidents: none, entries: listOf(all, asked) }, span);
    expect(new Set(idsOf(entries)).size).toBe(23_456);
    expect(cut).toEqual([]);
    expect(asked.length).toBeLessThan(260);
  });

  it('names the seconds in which more happened than PagerDuty gives out', async () => {
    const all = Array.from({ length: 10_050 }, (_, place) => raw(5_000, place));
    const { incidents, cut } = await readPast(
      { incidents: listOf([...all, raw(10, 99_999)]), entries: none },
      span,
    );
    expect(cut).toEqual(['2026-01-01T01:23:20Z']);
    expect(idsOf(incidents)).toContain('Q99999');
    expect(incidents).toHaveLength(10_001);
  });

  it('asks for no more than six months at once', async () => {
    const asked: LogQuery[] = [];
    const year = { since: begin, until: begin + 366 * day };
    await readPast({ incidents: listOf([], asked), entries: none }, year);
    const spans = asked.map(({ since = '', until = '' }) => Date.parse(until) - Date.parse(since));
    expect(Math.max(...spans)).toBeLessThan(180 * day);
    expect(spans.reduce((sum, each) => sum + each, 0)).toBe(366 * day);
  });

  const failing = (failure: Error, times: number) => {
    let left = times;
    const list = listOf([raw(10, 1)]);
    return async (query: LogQuery) => {
      left -= 1;
      if (left >= 0) throw failure;
      return list(query);
    };
  };
  const limited = (waitMs: number) =>
    ApplicationFailure.create({
      type: 'RateLimited',
      message: 'limited',
      details: [{ status: 429, waitMs }],
    });

  it('waits where PagerDuty wants to be left alone, and asks again', async () => {
    const { incidents, requests } = await readPast(
      { incidents: failing(limited(1), 3), entries: none },
      span,
    );
    expect(idsOf(incidents)).toEqual(['Q1']);
    expect(requests).toBe(24 + 3);
  });

  it('is given up where PagerDuty refuses, or stays away', async () => {
    const refused = ApplicationFailure.nonRetryable(
      'PagerDuty refused (403): Access Denied',
      'ProviderRefused',
    );
    await expect(readPast({ incidents: failing(refused, 1), entries: none }, span)).rejects.toBe(refused);
    const away = limited(1);
    await expect(readPast({ incidents: failing(away, 1_000), entries: none }, span)).rejects.toBe(away);
  });
});
