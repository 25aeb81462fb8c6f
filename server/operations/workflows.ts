import { z } from 'zod';
import { changeKinds } from '../../domain/kind.ts';
import { defineOperation } from './operation.ts';
import { jsonSchemaOf } from './schema.ts';

export const listWorkflows = defineOperation({
  name: 'workflows.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /workflows',
  summary: 'Every workflow, the triggers that start it, and what it takes where a person can start it',
  within: ['workflows', 'services'],
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        triggers: z.array(z.string()),
        forPeople: z
          .boolean()
          .describe('Its runs keep people up to date or call them, and change nothing at what is broken'),
        summary: z.string().optional(),
        kind: z
          .enum(changeKinds)
          .optional()
          .describe('`destructive`: only who may decide or operate can start it'),
        input: z
          .record(z.string(), z.unknown())
          .optional()
          .describe('JSON schema; missing where it cannot be started by hand'),
      }),
    ),
  }),
  async run(_, { workflows, triggers, principal }) {
    const { names, startable } = await workflows();
    const within = principal.scope?.workflows;
    const all = await triggers();
    return {
      items: names
        .filter((name) => within === undefined || within.includes(name))
        .map((name) => {
          const byHand = startable.find(({ workflow }) => workflow === name);
          const own = all.filter(({ workflow }) => workflow === name);
          return {
            name,
            triggers: own.map((trigger) => trigger.name),
            forPeople: own.some(({ forPeople }) => forPeople),
            ...(byHand
              ? { summary: byHand.summary, kind: byHand.kind, input: jsonSchemaOf(byHand.input, 'input') }
              : {}),
          };
        }),
    };
  },
});
