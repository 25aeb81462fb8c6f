import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const listSettings = defineOperation({
  name: 'settings.list',
  kind: 'read',
  right: 'settings.read',
  route: 'GET /settings',
  summary: 'Every variable that is set, with secrets masked, and what follows from them',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(z.object({ name: z.string(), value: z.string() })),
    effective: z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('What follows from them: where it listens, its store, its Temporal, what is simulated'),
  }),
  run: async (_, { settings, effective }) => ({
    ...(effective ? { effective: effective() } : {}),
    items: Object.entries(settings()).map(([name, value]) => ({ name, value })),
  }),
});
