import { describe, expect, it } from 'vitest';
import { agreementsIn } from '../../domain/agreement.ts';
import type { RunMode } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';

let seq = 0;
const line = (
  action: string,
  detail: Record<string, unknown>,
  { actor = 'baton', subject = 'Q1', at = '' }: { actor?: string; subject?: string; at?: string } = {},
): RecordRow => {
  seq += 1;
  const time = at || new Date(Date.UTC(2026, 2, 1) + seq * 1_000).toISOString();
  return { seq, at: time, actor, via: 'worker', action, subject, detail };
};

const reboot = (target: string) => ({ activity: 'rebootEc2Instances', targets: [`ec2:${target}`] });
const run = 'restart/Q1';
const started = (mode: RunMode | undefined, more: { at?: string } = {}) =>
  line(
    'run.started',
    { run, workflow: 'reboot', event: 'E1', ...(mode ? { mode } : {}) },
    { actor: 'trigger:restart', ...more },
  );
const planned = (target: string, kind = 'destructive') =>
  line('activity.planned', { run, kind, ...reboot(target), plan: {}, digest: 'd' });
const asked = (target: string) => line('approval.asked', { approval: 'A1', run, calls: [reboot(target)] });
const answered = (state: string) =>
  line('approval.answered', { approval: 'A1', run, state }, { actor: 'person:ben@example.com' });
/** Another run makes the same change, by its own word or by an approval. */
function made(
  target: string,
  { event, approval, subject = 'Q1' }: { event?: string; approval?: string; subject?: string },
) {
  const [other, key] = [`other/${seq}`, `other/${seq}#reboot`];
  const by = { actor: 'person:ada@example.com', subject };
  return [
    line('run.started', { run: other, workflow: 'reboot', ...(event ? { event } : {}) }, by),
    line('activity.intended', { run: other, key, kind: 'destructive', ...reboot(target) }, by),
    line(
      'activity.completed',
      {
        run: other,
        key,
        kind: 'destructive',
        activity: 'rebootEc2Instances',
        ...(approval ? { approval } : {}),
      },
      by,
    ),
  ];
}
const verdicts = (lines: RecordRow[]) =>
  agreementsIn(lines).flatMap(({ runs }) =>
    runs.flatMap(({ changes }) => changes.map(({ verdict, by }) => [verdict, by])),
  );

describe('the agreement of people with a trigger', () => {
  it('is known by what they have answered', () => {
    expect(verdicts([started('propose'), planned('i-1'), asked('i-1'), answered('approved')])).toEqual([
      ['done', 'person:ben@example.com'],
    ]);
    expect(verdicts([started('approve'), planned('i-1'), asked('i-1'), answered('refused')])).toEqual([
      ['refused', 'person:ben@example.com'],
    ]);
    expect(verdicts([started('propose'), planned('i-1'), asked('i-1'), answered('pending')])).toEqual([
      ['not known', undefined],
    ]);
  });

  it('is known by what they then did in the incident, by hand or by another approval', () => {
    const watched = [started('observe'), planned('i-1')];
    const ada = [['done', 'person:ada@example.com']];
    expect(verdicts([...watched, ...made('i-1', {})])).toEqual(ada);
    expect(verdicts([...watched, ...made('i-1', { event: 'E2', approval: 'A2' })])).toEqual(ada);
  });

  it.each<[string, () => RecordRow[]]>([
    ['to another target', () => made('i-2', {})],
    ['in another incident', () => made('i-1', { subject: 'Q2' })],
    ['by another trigger, unasked', () => made('i-1', { event: 'E2' })],
  ])('is not known by what was done %s', (_, other) => {
    expect(verdicts([started('observe'), planned('i-1'), ...other()])).toEqual([['not known', undefined]]);
  });

  it('is not known by what was done before', () => {
    expect(verdicts([...made('i-1', {}), started('observe'), planned('i-1')])).toEqual([
      ['not known', undefined],
    ]);
  });

  it('counts a change once, though the run looked at it twice, and only those that cannot be taken back', () => {
    expect(verdicts([started('propose'), planned('i-1'), planned('i-1'), planned('i-2', 'change')])).toEqual([
      ['not known', undefined],
    ]);
  });

  it('is one of the runs that watched, proposed or asked, since then', () => {
    expect(agreementsIn([started(undefined), planned('i-1')])).toEqual([]);
    const early = [started('observe', { at: '2026-01-01T00:00:00.000Z' }), planned('i-1')];
    expect(agreementsIn(early, '2026-01-02T00:00:00.000Z')).toEqual([]);
    expect(agreementsIn(early, '2025-12-31T00:00:00.000Z').length).toBe(1);
  });

  it('has a rate over what is known, whatever the order of the lines', () => {
    const lines = [
      started('propose'),
      planned('i-1'),
      planned('i-2'),
      planned('i-3'),
      asked('i-1'),
      answered('approved'),
      ...made('i-2', {}),
    ];
    const [agreement] = agreementsIn(lines);
    expect(agreement).toMatchObject({ trigger: 'restart', done: 2, refused: 0, notKnown: 1, rate: 1 });
    expect(agreementsIn(lines.toReversed())).toEqual([agreement]);
  });
});
