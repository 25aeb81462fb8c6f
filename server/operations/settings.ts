import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const listSettings = defineOperation({
  name: 'settings.list',
  kind: 'read',
  right: 'settings.read',
  route: 'GET /settings',
  summary: 'Every variable that is set, with secrets masked',
  input: z.strictObject({}),
  output: z.object({ items: z.array(z.object({ name: z.string(), value: z.string() })) }),
  run: async (_, { settings }) => ({
    items: Object.entries(settings()).map(([name, value]) => ({ name, value })),
  }),
});
