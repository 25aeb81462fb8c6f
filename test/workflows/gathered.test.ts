import { describe, expect, it } from 'vitest';
import type { Gathered, LaterEvent } from '../../domain/incident.ts';
import {
  gatheredLines,
  openGathered,
  relisted,
  takeInGathered,
  untoldGathered,
} from '../../workflows/kit/gathered.ts';

const told = (incidentId: string, changes: Partial<Gathered> = {}): LaterEvent => {
  const data: Gathered = {
    incidentId,
    number: 7,
    title: 'Slow',
    status: 'triggered',
    isNew: true,
    ...changes,
  };
  return { eventId: 'E', type: 'incident.gathered', time: '2026-11-25T10:00:00Z', echo: false, data };
};
const later = (incidentId: string, status: string) => told(incidentId, { status, isNew: false });
const idsOf = (list: { incidentId: string }[]) => list.map(({ incidentId }) => incidentId);

describe('the incidents that have joined a run in a storm', () => {
  it('are none before the first, whatever else the run is told', () => {
    expect(
      takeInGathered(undefined, [{ ...told('Q1'), type: 'pagerduty.incident.triggered' }]),
    ).toBeUndefined();
    expect(gatheredLines(undefined)).toEqual([]);
  });

  it('are counted, and leave the list once people know of them and they are resolved', () => {
    const three = takeInGathered(undefined, [told('Q1'), told('Q2'), told('Q3'), later('Q2', 'resolved')]);
    expect(idsOf(openGathered(three))).toEqual(['Q1', 'Q3']);
    expect(idsOf(untoldGathered(three))).toEqual(['Q1', 'Q2', 'Q3']);
    expect(gatheredLines(three)).toEqual(['3 more incidents of this service in this storm: 2 open']);

    const allTold =
      three &&
      relisted(
        three,
        three.listed.map((each) => ({ ...each, told: true })),
      );
    expect(idsOf(allTold?.listed ?? [])).toEqual(['Q1', 'Q3']);
    const over = takeInGathered(allTold, [
      later('Q1', 'acknowledged'),
      later('Q3', 'resolved'),
      later('Q1', 'resolved'),
    ]);
    expect(over).toEqual({ count: 3, listed: [], unlisted: 0 });
    expect(gatheredLines(over)).toEqual(['3 more incidents of this service in this storm: none open']);
  });

  it('come back when they are opened again, and are neither counted nor told of a second time', () => {
    const over = { count: 1, listed: [], unlisted: 0 };
    const back = takeInGathered(over, [later('Q1', 'triggered')]);
    expect(back?.count).toBe(1);
    expect(idsOf(openGathered(back))).toEqual(['Q1']);
    expect(untoldGathered(back)).toEqual([]);
  });

  it('are only counted beyond five hundred, and long texts are shortened, so that a new history can take them along', () => {
    const title = 'x'.repeat(5_000);
    const url = `https://acme.pagerduty.com/${title}`;
    const many = takeInGathered(
      undefined,
      Array.from({ length: 2_000 }, (_, n) => told(`Q${n}`, { title, url })),
    );
    expect(many).toMatchObject({ count: 2_000, unlisted: 1_500 });
    expect(JSON.stringify(many).length).toBeLessThan(120_000);
    expect(gatheredLines(many)).toEqual([
      '2000 more incidents of this service in this storm: 500 open',
      '1500 of them are followed in PagerDuty alone: there were too many',
    ]);
    expect(takeInGathered(many, [later('Q1999', 'resolved')])).toEqual(many);
  });
});
