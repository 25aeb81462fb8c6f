import { describe, expect, it } from 'vitest';
import { incidentOfMark, incidentOfSubject, markOf, subjectOf } from '../../domain/subject.ts';

describe('the mark of an incident', () => {
  it.each([
    ['default', 'P1ABC', 'P1ABC'],
    ['eu', 'P1ABC', 'eu-P1ABC'],
    ['eu-west-1', 'P1ABC', 'eu-west-1-P1ABC'],
  ])('of %s %s is %s, and names it again', (connection, incidentId, mark) => {
    expect(markOf(connection, incidentId)).toBe(mark);
    expect(incidentOfMark(mark)).toEqual({ connection, incidentId });
  });

  it.each(['', 'p1', '-P1', 'EU-P1', 'eu--', 'eu/P1', 'eu_P1', `${'a'.repeat(41)}-P1`, '--P1', 'a--P1'])(
    '%j is none',
    (text) => {
      expect(incidentOfMark(text)).toBeUndefined();
    },
  );
});

describe('the subject of an incident', () => {
  it('holds its connection, but for the default one', () => {
    expect(subjectOf('default', 'P1')).toBe('P1');
    expect(subjectOf('eu', 'P1')).toBe('eu/P1');
    for (const [connection, incidentId] of [
      ['default', 'P1'],
      ['eu', 'P1'],
    ] as const)
      expect(incidentOfSubject(subjectOf(connection, incidentId))).toEqual({ connection, incidentId });
  });

  it.each(['', 'eu/', '/P1', 'eu/p1', 'EU/P1', 'eu/us/P1', 'trigger/P1/2', 'schedule.nightly'])(
    '%j is none',
    (text) => {
      expect(incidentOfSubject(text)).toBeUndefined();
    },
  );
});
