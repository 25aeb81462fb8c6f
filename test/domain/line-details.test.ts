import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Action, Details } from '../../domain/record.ts';
import { openApiDocument } from '../../server/api/openapi.ts';
import { operations } from '../../server/operations/index.ts';
import { lineDetails } from '../../server/operations/line-details.ts';

/** The fields of one, or of any of several. */
type FieldsOf<Detail> = Detail extends unknown ? keyof Detail : never;
/** What `Details` says of an action and the API's document does not. The other way round, the declaration itself does not compile. */
type Untold = {
  [Name in Action]: Exclude<FieldsOf<Details[Name]>, FieldsOf<z.output<(typeof lineDetails)[Name]>>>;
}[Action];
const isAllTold: [Untold] extends [never] ? true : Untold = true;

interface Schema {
  anyOf?: { $ref?: string }[];
  properties?: Record<string, { const?: string; $ref?: string; properties?: Record<string, unknown> }>;
}

describe('the document of the API', () => {
  const { components } = openApiDocument(operations) as { components: { schemas: Record<string, Schema> } };

  it('tells what a line says, by its action', () => {
    expect(isAllTold).toBe(true);
    const { Line } = components.schemas;
    const told = (Line?.anyOf ?? []).flatMap(({ $ref }) => {
      const { properties } = components.schemas[$ref?.split('/').at(-1) ?? ''] ?? {};
      return properties?.action?.const ?? [];
    });
    expect(told.sort()).toEqual(Object.keys(lineDetails).sort());
    const { RunTimedOutLine } = components.schemas;
    expect(RunTimedOutLine?.properties?.detail?.properties).toHaveProperty('outcome');
  });

  it('leaves room for lines of other versions', () => {
    expect(components.schemas.Line?.anyOf?.at(-1)).toMatchObject({
      title: 'OtherLine',
      properties: { action: { type: 'string' }, detail: { type: 'object' } },
    });
  });
});
