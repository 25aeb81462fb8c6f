import { z } from 'zod';
import { changeKinds } from '../../domain/kind.ts';
import { canShape } from './can.ts';
import { defineOperation } from './operation.ts';
import { canStart } from './runs.ts';
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
        can: canShape
          .optional()
          .describe('Whether you may `start` it and have it planned (`plan`), or why not'),
      }),
    ),
  }),
  async run(_, context) {
    const { names, startable } = await context.workflows();
    const within = context.principal.scope?.workflows;
    const all = await context.triggers();
    const shown = names.filter((name) => within === undefined || within.includes(name));
    return {
      items: await Promise.all(
        shown.map(async (name) => {
          const byHand = startable.find(({ workflow }) => workflow === name);
          const own = all.filter(({ workflow }) => workflow === name);
          return {
            name,
            triggers: own.map((trigger) => trigger.name),
            forPeople: own.some(({ forPeople }) => forPeople),
            ...(byHand
              ? {
                  summary: byHand.summary,
                  kind: byHand.kind,
                  input: jsonSchemaOf(byHand.input, 'input'),
                  can: await canStart(byHand, context),
                }
              : {}),
          };
        }),
      ),
    };
  },
});
