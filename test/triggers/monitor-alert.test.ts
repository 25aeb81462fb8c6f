import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../cli/examples/events.ts';
import type { Event } from '../../domain/event.ts';
import { monitorAlert, monitorAlertBy, readMonitors } from '../../triggers/monitor-alert.ts';
import { monitorList } from '../../triggers/monitors.ts';
import { type Monitor, numberAt, numberOf, observationIn } from '../../workflows/kit/monitor.ts';

const ofSource: Monitor = {
  name: 'shop',
  connection: 'shop',
  from: { source: 'default' },
  limits: { warning: 2, critical: 5, for: '2 minutes' },
  normalFor: '5 minutes',
};
const ofReadings: Monitor = {
  ...ofSource,
  name: 'errors',
  from: { every: '1 minute', reads: [{ target: 'shop', query: 'rate(errors[5m])' }] },
};
const trigger = monitorAlertBy(monitorList([ofSource, ofReadings]));
const own = (body: unknown, subject: string | undefined = 'http/default/errors'): Event => ({
  id: '1',
  source: '/http/default',
  type: 'http.default',
  ...(subject === undefined ? {} : { subject }),
  time: '2026-11-20T09:00:00.000Z',
  data: { body },
});
const unnamed = 'is of a source that a monitor names (triggers/policies/monitors.ts)';

describe('the monitor-alert trigger', () => {
  it.each(['alertmanager.alert.firing', 'alertmanager.alert.resolved', 'grafana.alert.firing'])(
    'takes %s, of each alert by its fingerprint',
    (type) => {
      const event = exampleOf(type, new Date('2026-11-20T09:00:00Z'))?.event as Event<'grafana.alert.firing'>;
      const { fingerprint } = event.data;
      expect(trigger.respond(event)).toMatchObject({
        start: 'mirrorAlert',
        input: { monitor: { name: 'shop' }, condition: fingerprint },
      });
      expect(trigger.target(event)).toBe(`shop/${fingerprint}`);
    },
  );

  it('takes numbers of any source beyond a limit, and leaves those within to the run that lives', () => {
    expect(trigger.respond(own({ value: 2 }))).toMatchObject({ input: { condition: 'errors' } });
    const within = { no: 'says that it is not normal, or normal again' };
    for (const body of [{ value: 1.9 }, { value: 'NaN' }, { other: 7 }, null])
      expect(trigger.respond(own(body))).toEqual(within);
    expect(trigger.respond(own({ value: 9 }, ''))).toMatchObject({ start: 'mirrorAlert' });
    const { subject: _, ...apart } = own({ value: 9 });
    expect(trigger.respond(apart)).toEqual({ no: 'says which condition it is about' });
    expect(trigger.respond({ ...own({ value: 9 }), source: '/http/other' })).toEqual({ no: unnamed });
  });

  it('answers nothing as shipped, and reads nothing', () => {
    expect(monitorAlert.respond(own({ value: 9 }))).toEqual({
      no: 'is a http.monitor or alertmanager.alert.firing or alertmanager.alert.resolved or grafana.alert.firing or grafana.alert.resolved event',
    });
    expect(readMonitors([])).toEqual([]);
  });

  it('has one schedule for each monitor that is read', () => {
    const readers = readMonitors([ofSource, ofReadings]);
    expect(readers.map(({ name, on, schedule }) => [name, on, schedule?.cron])).toEqual([
      ['monitor-errors', ['schedule.monitor-errors'], '*/5 * * * *'],
    ]);
  });
});

describe('what a monitor says', () => {
  const alert = {
    name: 'CheckoutErrors',
    status: 'firing' as const,
    fingerprint: 'f1',
    labels: { severity: 'Critical', service: 'checkout' },
    annotations: {
      summary: '6 % fail',
      runbook_url: 'javascript:alert(1)',
      image_url: 'https://g.example.com/1.png',
    },
    startedAt: '2026-11-20T09:00:00.000Z',
    url: 'https://prometheus.example.com/graph',
  };

  it('is as severe as its label, with what leads to the graph', () => {
    expect(observationIn('grafana.alert.firing', alert)).toEqual({
      target: 'checkout',
      level: 'critical',
      summary: '6 % fail',
      links: [{ href: 'https://prometheus.example.com/graph', text: 'The graph' }],
      images: [{ src: 'https://g.example.com/1.png', alt: 'CheckoutErrors' }],
    });
    const { severity: _, ...labels } = alert.labels;
    expect(observationIn('alertmanager.alert.firing', { ...alert, labels })?.level).toBe('error');
    expect(observationIn('alertmanager.alert.resolved', { ...alert, status: 'resolved' })?.level).toBe(
      'normal',
    );
  });

  it.each<[object, string | undefined]>([
    [{ severity: 'OK' }, 'normal'],
    [{ status: 'firing' }, 'error'],
    [{ status: 'alerting', severity: 'info' }, 'info'],
    [{ severity: 'constructor' }, undefined],
  ])('in the words of %j is %s', (body, level) => {
    expect(observationIn('http.x', { body })?.level).toBe(level);
  });

  it('is a number also as a text, and at its place in JSON alone', () => {
    expect([numberOf('+Inf'), numberOf('-Inf'), numberOf(' 1e3 '), numberOf('')]).toEqual([
      Infinity,
      -Infinity,
      1000,
      undefined,
    ]);
    const json = { queues: [{ depth: '7' }], text: 'x' };
    expect(
      ['queues.0.depth', 'queues.1.depth', 'text', 'constructor.length', ''].map((path) =>
        numberAt(json, path),
      ),
    ).toEqual([7, undefined, undefined, undefined, undefined]);
  });
});

describe('the list of monitors', () => {
  const reads = [{ target: 'a', query: 'up' }];
  it.each<[string, object, string]>([
    ['another name', { name: 'My Monitor' }, 'has no fitting name'],
    ['no connection', { connection: '' }, 'names no connection'],
    ['no time', { normalFor: 'soon' }, 'has no fitting normalFor, soon'],
    ['limits in no order', { limits: { warning: 5, error: 7, critical: 6 } }, 'in no order'],
    ['half a target', { of: 0.5 }, 'has no fitting number of targets, 0.5'],
    ['all of nobody knows how many', { of: 'all' }, 'cannot tell how many all targets of a source are'],
    ['a source with another name', { from: { source: 'My CI' } }, 'names no source'],
    ['nothing to read', { from: { every: '1 minute', reads: [] } }, 'reads nothing'],
    ['readings without limits', { limits: undefined, from: { every: '1 minute', reads } }, 'has no limits'],
    ['readings without a pause', { from: { every: '1 second', reads } }, 'has no fitting every, 1 second'],
  ])('is refused with %s', (_, changes, words) => {
    expect(() => monitorList([{ ...ofSource, ...changes } as Monitor])).toThrow(words);
  });

  it('is refused where two have one name, or one source', () => {
    const words = 'has the name or the source of another one';
    expect(() => monitorList([ofReadings, ofReadings])).toThrow(words);
    expect(() => monitorList([ofSource, { ...ofSource, name: 'other' }])).toThrow(words);
  });
});
