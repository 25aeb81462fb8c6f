import { describe, expect, it } from 'vitest';
import { agreementsIn } from '../../domain/agreement.ts';
import { drillTitle, isDrill, looksLikeDrill, standingFor, withoutMark } from '../../domain/drill.ts';
import { incidentsIn, withoutDrills } from '../../domain/look.ts';
import { isLower, standings } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';
import { runEnd } from '../../domain/run-end.ts';
import { stormOf } from '../../domain/storm.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { incidentTriggered, runFailedEvent } from '../triggers/events.ts';

const title = 'EC2 i-0abc12345def67890 StatusCheckFailed';
const drill = drillTitle(title);
/** As the alert of a drill has it. */
const incidentKey = 'baton-drill/ec2-restart/1';
/** Raised by this Baton. */
const raised = { title: drill, incidentKey, drill: true } as const;

describe('the mark of a drill', () => {
  it('is known again, and taken off', () => {
    expect([drill, drillTitle(title, 'observe')]).toEqual([
      `Baton drill: ${title}`,
      `Baton drill (observe): ${title}`,
    ]);
    for (const marked of [drill, drillTitle(title, 'approve')])
      expect([looksLikeDrill({ title: marked, incidentKey }), withoutMark(marked)]).toEqual([true, title]);
  });

  it.each([
    title,
    'Drill: the pump leaks',
    `Baton drill ${title}`,
    `Baton drill (auto): ${title}`,
    `re: ${drill}`,
  ])('is not %s', (other) => {
    expect(looksLikeDrill({ title: other, incidentKey })).toBe(false);
  });

  it('is not by its title alone, which anybody may write', () => {
    for (const key of [undefined, null, 'Checkout/4229'])
      expect(looksLikeDrill({ title: drill, incidentKey: key })).toBe(false);
  });

  it('makes a drill of nothing by itself: the store has to know who has raised it', () => {
    expect(isDrill({ title: drill, incidentKey })).toBe(false);
    expect(isDrill(raised)).toBe(true);
  });

  it('never lets a trigger go further than it stands', () => {
    for (const standing of standings) {
      expect(standingFor(raised, standing)).toBe(standing);
      expect(standingFor({ title }, standing)).toBe(standing);
      for (const mode of ['observe', 'propose', 'approve'] as const) {
        const marked = { title: drillTitle(title, mode), incidentKey };
        const found = standingFor({ ...marked, drill: true }, standing);
        expect(found).toBe(isLower(mode, standing) ? mode : standing);
        expect(standingFor(marked, standing)).toBe(standing);
      }
    }
  });
});

describe('a drill counts in no number about production:', () => {
  it('it makes no storm', () => {
    const stormy = (of: object) => stormOf(incidentTriggered({ id: 'Q1', title, incidentKey, ...of }));
    expect([stormy(raised), typeof stormy({ title: drill })]).toEqual([undefined, 'string']);
  });

  it('it is not looked at', () => {
    const events = [
      incidentTriggered({ id: 'Q1', title: drill, incidentKey }),
      incidentTriggered({ id: 'Q2', title }),
    ];
    expect(incidentsIn(withoutDrills(events)).map(({ id }) => id)).toEqual(['Q2']);
  });

  it('what people do in it is no agreement', () => {
    const line = (action: string, detail: Record<string, unknown>): RecordRow => ({
      seq: 1,
      at: '2026-11-20T09:00:00.000Z',
      actor: 'trigger:restart',
      via: 'dispatch',
      action,
      subject: 'Q1',
      detail: { run: 'restart/Q1', ...detail },
    });
    const of = (more: object) =>
      agreementsIn([
        line('run.started', { workflow: 'reboot', event: 'E1', mode: 'observe', ...more }),
        line('activity.planned', { kind: 'destructive', activity: 'reboot', targets: ['ec2:i'], plan: {} }),
      ]);
    expect([of({}).length, of({ drill: true })]).toEqual([1, []]);
  });

  it('a run on it that fails pages nobody, and one that goes well takes no page back', () => {
    expect(runFailed.respond(runFailedEvent({ drill: true }))).toEqual({
      no: 'is not of a drill, which pages by itself',
    });
    const run = {
      id: 'ec2-unhealthy/Q1',
      trigger: 'ec2-unhealthy',
      workflow: 'ec2UnhealthyRestart',
      target: 'i-0abc12345def67890',
      eventSeq: 0,
      state: 'running',
      createdAt: '2026-11-20T09:00:00.000Z',
    } as const;
    const end = { state: 'completed', outcome: 'restarted', at: run.createdAt, via: 'worker' } as const;
    expect(runEnd(run, { ...end, incident: raised }).event.subject).toBe(
      'drill/ec2UnhealthyRestart/i-0abc12345def67890',
    );
  });
});
