import { describe, expect, it } from 'vitest';
import { fieldsOf, isReady, readFields } from '../../console/form.ts';

const fields = fieldsOf({
  type: 'object',
  properties: {
    incidentId: { type: 'string', description: 'Its id', pattern: '^Q' },
    pods: { type: 'integer' },
    share: { type: 'number' },
    force: { type: 'boolean' },
    region: { type: 'string', enum: ['us', 'eu'] },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['incidentId', 'force'],
});

describe('the fields of a form', () => {
  it('come from a JSON schema, in its order, each with its type', () => {
    expect(fields.map(({ name, type, required }) => [name, type, required])).toEqual([
      ['incidentId', 'text', true],
      ['pods', 'integer', false],
      ['share', 'number', false],
      ['force', 'boolean', true],
      ['region', 'choice', false],
      ['tags', 'json', false],
    ]);
    expect(fieldsOf(undefined)).toEqual([]);
  });

  it('are read as they are sent; what is empty is left out', () => {
    const typed = { incidentId: ' Q2XYZ ', pods: '3', share: '0.5', region: '', tags: '["a"]' };
    expect(readFields(fields, typed)).toEqual({
      values: { incidentId: 'Q2XYZ', pods: 3, share: 0.5, force: false, tags: ['a'] },
      problems: {},
    });
  });

  it('say what is wrong with each, and the first of it as a sentence', () => {
    const { values, problems } = readFields(fields, {
      pods: '1.5',
      share: 'half',
      region: 'mars',
      tags: '[',
    });
    expect(values).toEqual({ force: false });
    expect(problems).toEqual({
      incidentId: 'is needed',
      pods: 'is not a whole number',
      share: 'is not a number',
      region: 'is none of us, eu',
      tags: 'is not JSON, such as ["a", "b"]',
    });
    expect(isReady(fields, problems)).toBe('incidentId is needed.');
    expect(isReady(fields, {})).toBe(true);
    expect(readFields(fields, { incidentId: '42' }).problems).toEqual({
      incidentId: 'does not look like ^Q',
    });
  });
});
