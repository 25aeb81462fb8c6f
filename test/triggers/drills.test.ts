import { describe, expect, it } from 'vitest';
import { drillTitle } from '../../domain/drill.ts';
import { defineDrill } from '../../triggers/drills/drill.ts';
import { drills } from '../../triggers/drills/index.ts';
import { ec2Unhealthy } from '../../triggers/ec2-unhealthy.ts';
import { triggers } from '../../triggers/index.ts';
import { runFailed } from '../../triggers/run-failed.ts';
import { incidentTriggered } from './events.ts';

const alert = { title: 'EC2 i-0abc12345def67890 StatusCheckFailed' };
const expects = { outcome: 'healthy again' };

describe('a drill', () => {
  it('with a schedule has a trigger of its own, and people are paged for one that does not end', () => {
    const { trigger } = defineDrill({
      name: 'weekly',
      alert,
      trigger: ec2Unhealthy,
      expects,
      schedule: { cron: '0 9 * * 1', timeZone: 'Europe/Zurich' },
    });
    expect(trigger).toMatchObject({
      name: 'drill-weekly',
      on: ['schedule.drill-weekly'],
      workflow: 'drill',
      each: 'subject',
      mode: 'auto',
      finish: { withinSeconds: 26 * 60, whenOverdue: 'page' },
    });
  });

  it('that cannot be meant is refused, with what to do', () => {
    expect(() => defineDrill({ name: 'x', alert, trigger: runFailed, expects })).toThrow(
      'Name a trigger on pagerduty.incident.triggered',
    );
    expect(() =>
      defineDrill({ name: 'x', alert: { title: 'x'.repeat(1_020) }, trigger: ec2Unhealthy, expects }),
    ).toThrow('has no fitting title');
  });

  it.each(drills.map((drill) => [drill.name, drill] as const))(
    '%s, which ships, is answered',
    (name, { input }) => {
      const { alert, mode, trigger } = input;
      const event = incidentTriggered({ id: 'Q1', title: drillTitle(alert.title, mode) });
      const asked = triggers.find((each) => each.name === trigger);
      expect([name, asked?.respond(event)]).toEqual([
        name,
        expect.objectContaining({ start: asked?.workflow }),
      ]);
    },
  );
});
