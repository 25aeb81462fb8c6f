import { z } from 'zod';
import { inputFields } from '../../domain/input-texts.ts';
import { defineOperation } from './operation.ts';
import { jsonSchemaOf } from './schema.ts';

export const listProviders = defineOperation({
  name: 'connections.providers',
  kind: 'read',
  right: 'connections.list',
  route: 'GET /providers',
  summary: 'The providers of connections, and the settings of each',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        values: z.array(
          z.object({
            name: z.string(),
            about: z.string(),
            isSecret: z.boolean().describe('It is taken, and never given out again'),
            oneOf: z.array(z.string()).readonly().optional(),
            gets: z
              .array(z.string())
              .readonly()
              .optional()
              .describe('The secrets that are sent where it says: whoever changes it gives them anew'),
          }),
        ),
      }),
    ),
  }),
  run: async (_, { providers }) => ({
    items: providers.map(({ name, title, settings, secrets, sentTo }) => ({
      name,
      title,
      values: inputFields(jsonSchemaOf(settings, 'input')).map((field) => ({
        name: field.name,
        about: field.description ?? '',
        isSecret: secrets.includes(field.name),
        ...(field.choices ? { oneOf: field.choices } : {}),
        ...(sentTo?.[field.name] ? { gets: sentTo[field.name] } : {}),
      })),
    })),
  }),
});
