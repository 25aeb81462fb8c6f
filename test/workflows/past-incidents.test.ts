import { describe, expect, it } from 'vitest';
import { pastLine } from '../../workflows/kit/past-incidents.ts';

const incident = { id: 'PNEW', url: 'https://acme.pagerduty.com/incidents/PNEW' };
const last = { id: 'POLD', title: 'Disk full on db-1', createdAt: '2026-11-20T09:00:00Z' };

describe('the line about past incidents', () => {
  it('tells how often it has happened, and of the last one with its page', () => {
    expect(
      pastLine(incident, { incidents: [last, { id: 'POLDER', title: 'Disk full' }], total: 14 }),
    ).toEqual([
      'Has happened 14 times before within six months. Last at 2026-11-20 09:00 UTC: Disk full on db-1 ' +
        'https://acme.pagerduty.com/incidents/POLD',
    ]);
  });

  it('names no page where none is known, and the page that PagerDuty names', () => {
    expect(pastLine({ id: 'PNEW', url: '' }, { incidents: [{ id: 'POLD', title: 'x' }], total: 1 })).toEqual([
      'Has happened once before within six months. Last: x',
    ]);
    const named = { ...last, url: 'https://eu.pagerduty.com/incidents/POLD' };
    expect(pastLine(incident, { incidents: [named], total: 1 })[0]).toContain(named.url);
  });

  it('is not there where it never has happened, or nobody knows', () => {
    expect(pastLine(incident, { incidents: [], total: 0 })).toEqual([]);
    expect(pastLine(incident, { unavailable: 'not in your plan' })).toEqual([]);
  });
});
