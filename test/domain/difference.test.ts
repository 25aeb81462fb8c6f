import { describe, expect, it } from 'vitest';
import { differencesOf } from '../../domain/difference.ts';
import type { Judgement } from '../../domain/verdict.ts';

const run = (subject: string, input: unknown = { incidentId: subject }) => ({
  id: `disk/${subject}`,
  subject,
  target: 'a-1',
  at: '2026-06-01T00:00:00.000Z',
  input,
});
const judged = (fields: Partial<Judgement[number]> = {}): Judgement[number] => ({
  trigger: 'disk',
  workflow: 'cleanDisk',
  isTold: true,
  runs: [],
  joined: [],
  noes: {},
  failed: [],
  changes: [],
  ...fields,
});
const nothing = { added: [], removed: [], changed: [], gained: [], lost: [] };

describe('the difference of two judgements', () => {
  it('is nothing where both would begin the same', () => {
    const same = [judged({ runs: [run('Q1')] })];
    expect(differencesOf(same, same)).toEqual([{ trigger: 'disk', ...nothing }]);
  });

  it('is nothing where fields come in another order', () => {
    const [here, there] = [
      { a: 1, b: { c: 2, d: 3 } },
      { b: { d: 3, c: 2 }, a: 1 },
    ];
    const of = (input: object) => [judged({ runs: [run('Q1', input)] })];
    expect(differencesOf(of(here), of(there))).toEqual([{ trigger: 'disk', ...nothing }]);
  });

  it('names runs that are in one alone, and those that would get something else', () => {
    const here = [judged({ runs: [run('Q1'), run('Q2', { force: true })] })];
    const there = [judged({ runs: [run('Q2'), run('Q3')] })];
    expect(differencesOf(here, there)).toEqual([
      {
        trigger: 'disk',
        ...nothing,
        added: [run('Q1')],
        removed: [run('Q3')],
        changed: [run('Q2', { force: true })],
      },
    ]);
  });

  it('takes all runs of another workflow for changed', () => {
    const [here, there] = [
      [judged({ runs: [run('Q1')] })],
      [judged({ runs: [run('Q1')], workflow: 'other' })],
    ];
    expect(differencesOf(here, there)).toMatchObject([
      { added: [], removed: [], changed: [{ id: 'disk/Q1' }] },
    ]);
  });

  it('names triggers that are in one alone, and what their workflows can change there alone', () => {
    const reboot = { activity: 'rebootEc2Instances', kind: 'destructive' } as const;
    const note = { activity: 'addPagerDutyNote', kind: 'change' } as const;
    const here = [judged({ changes: [note, reboot] }), judged({ trigger: 'new' })];
    const there = [judged({ changes: [note] }), judged({ trigger: 'old', changes: [note] })];
    expect(differencesOf(here, there)).toEqual([
      { trigger: 'disk', ...nothing, gained: [reboot] },
      { trigger: 'new', only: 'here', ...nothing },
      { trigger: 'old', only: 'there', ...nothing, lost: [note] },
    ]);
  });
});
