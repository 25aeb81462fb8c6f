import { describe, expect, it } from 'vitest';
import { readPagerDutyEvent } from '../../server/pagerduty/event.ts';
import { boundedData, boundedText, longestText } from '../../server/receiving/bounded.ts';
import { webhookJson, wireIncident } from '../fixtures/webhooks.ts';

const huge = 'x'.repeat(200_000);

/** Every text in a value. */
const textsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : value !== null && typeof value === 'object'
      ? Object.values(value).flatMap(textsIn)
      : [];

describe('a text of an event', () => {
  it('is cut where it is longer than PagerDuty lets a title be, and says so', () => {
    expect(boundedText('x'.repeat(longestText))).toBe('x'.repeat(longestText));
    expect(boundedText('x'.repeat(longestText + 1))).toBe(`${'x'.repeat(longestText - 1)}…`);
  });

  it('is never cut within a character', () => {
    expect(boundedText(`${'x'.repeat(longestText - 2)}😀😀`).isWellFormed()).toBe(true);
  });

  it('is bounded wherever it stands: in the title, in names, in fields, in data of unknown types', () => {
    const service = { ...wireIncident.service, summary: huge };
    const data = { title: huge, incident_key: huge, service, assignees: [service], priority: service };
    const known = webhookJson('incident.triggered', data, { agent: { ...service, type: 'user_reference' } });
    const fields = { custom_fields: [{ id: 'F', name: huge, value: { deep: [huge] } }] };
    const custom = webhookJson('incident.custom_field_values.updated', fields);
    const unknown = webhookJson('incident.something_new', { a: { b: [huge] } });
    for (const json of [known, custom, unknown]) {
      const read = readPagerDutyEvent(json, 'default', new Date().toISOString());
      if (!('event' in read)) throw new Error(read.unreadable);
      expect(textsIn(read.event).some((text) => text.endsWith('…'))).toBe(true);
      expect(Math.max(...textsIn(read.event).map(({ length }) => length))).toBe(longestText);
    }
  });

  it('may be long where people write it, but not without end', () => {
    expect(boundedData({ content: 'x'.repeat(25_000) })).toEqual({ content: 'x'.repeat(25_000) });
    expect(textsIn(boundedData({ content: huge }))[0]).toHaveLength(25_000);
  });

  it('stays whole where it is an id: two must not become one', () => {
    expect(boundedData({ id: huge })).toEqual({ id: huge });
  });
});
