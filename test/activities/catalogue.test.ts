import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyActivity } from '../../activities/activity.ts';
import { activities } from '../../activities/index.ts';

const all: readonly AnyActivity[] = activities;
const named = all.map((activity) => [activity.name, activity] as const);
const changes = named.filter(([, { kind }]) => kind !== 'read');

/** The fields of an object schema, also where it has rules over several of them. */
const fieldsOf = (schema: z.ZodType, io: 'input' | 'output') =>
  Object.keys(z.toJSONSchema(schema, { io, unrepresentable: 'any' }).properties ?? {});

describe('the catalogue of activities', () => {
  it('names each once', () => {
    const names = all.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(named)('%s shows an input that it takes', (_, { input, example }) => {
    expect(example).toBeDefined();
    expect(input.safeParse(example)).toHaveProperty('success', true);
  });

  it.each(named)('%s takes a connection', (_, { input }) => {
    expect(fieldsOf(input, 'input')).toContain('connection');
  });

  it.each(named)('%s has a summary and names the rights that it needs', (_, { summary, permissions }) => {
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    expect(permissions.length).toBeGreaterThan(0);
  });

  it.each(named.filter(([, { example }]) => example !== undefined))(
    '%s has an example that it takes',
    (_, { input, example }) => {
      expect(input.safeParse(example).error).toBeUndefined();
    },
  );

  it.each(changes)('%s takes an actor and says whether it changed anything', (_, { input, output }) => {
    expect(fieldsOf(input, 'input')).toContain('actor');
    expect(fieldsOf(output, 'output')).toContain('changed');
  });

  it('lets only such changes through a kill switch as people read, and none that quiets what calls them', () => {
    const told = all.filter((each) => 'onlyTells' in each && each.onlyTells);
    expect(told.length).toBeGreaterThan(0);
    for (const { name, kind, provider } of told) {
      expect([kind, provider]).toEqual(['change', expect.stringMatching(/^(pagerduty|slack|jira|github)$/)]);
      expect(name).not.toMatch(/^(acknowledge|snooze|reassign|resolve|archive|transition)/);
    }
  });

  it.each(named.filter(([, { kind }]) => kind === 'destructive'))(
    '%s names what it acts on, so that two never act on it at once',
    (_, activity) => {
      expect(activity).toHaveProperty('targets', expect.any(Function));
    },
  );
});
