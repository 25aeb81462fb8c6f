import { z } from 'zod';
import { kinds } from '../../store/size.ts';
import { defineOperation } from './operation.ts';

const bytes = z.number().describe('Bytes');
const rows = z.number();

export const storeSize = defineOperation({
  name: 'store.size',
  kind: 'read',
  right: 'settings.read',
  route: 'GET /store/size',
  summary:
    'How much the store holds, how much comes in, and how large it will be when what is old begins to be taken away',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        kind: z.enum(kinds),
        rows,
        bytes: bytes.describe('With indexes, and what is free within'),
        rowsPerDay: rows,
        bytesPerDay: bytes,
        expectedBytes: bytes.describe('After `retentionDays` at this pace'),
      }),
    ),
    days: z.number().describe('How far back was looked for what comes in'),
    retentionDays: z.int().describe('BATON_RETENTION_DAYS'),
    bytes: bytes.describe('Of the whole database now'),
    expectedBytes: bytes.describe('Of the whole database after `retentionDays` at this pace'),
    disk: z
      .object({ freeBytes: bytes, bytes, isEnough: z.boolean().describe('What is expected finds room') })
      .exactOptional()
      .describe('Of an embedded store; the disk of a PostgreSQL server cannot be seen from here'),
  }),
  async run(_, { store, retentionDays }) {
    const size = await store.size();
    const items = size.kinds.map((each) => {
      const bytesPerDay = each.rows === 0 ? 0 : (each.bytes / each.rows) * each.rowsPerDay;
      return { ...each, bytesPerDay, expectedBytes: Math.max(each.bytes, bytesPerDay * retentionDays) };
    });
    const growth = items.reduce((sum, each) => sum + each.expectedBytes - each.bytes, 0);
    const { days, bytes: now, disk } = size;
    return {
      items,
      days,
      retentionDays,
      bytes: now,
      expectedBytes: now + growth,
      ...(disk ? { disk: { ...disk, isEnough: growth < disk.freeBytes } } : {}),
    };
  },
});
