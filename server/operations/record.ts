import { z } from 'zod';
import { noLine } from '../../store/record/chain.ts';
import { defineOperation } from './operation.ts';
import { answered, cursorAt, pageInput, pageOutput, placeIn } from './page.ts';
import { lineShape } from './shapes.ts';

const text = z.string().min(1).max(300);
const time = z.iso.datetime({ offset: true });
const seq = z.int().min(0);

export const searchRecord = defineOperation({
  name: 'record.search',
  kind: 'read',
  right: 'record.read',
  route: 'GET /record',
  summary: 'Lines of the record, newest first. A line shows here once it is linked, which takes a moment',
  input: z.strictObject({
    subject: text.optional().describe('The incident id, or what else it is about'),
    actor: text.optional().describe('`person:ada@example.com`, `trigger:ec2-unhealthy`, `baton`'),
    action: text.optional().describe('`run.started`, `operation.done`'),
    target: text.optional().describe('What a change acted on'),
    from: time.optional().describe('From this time on'),
    to: time.optional().describe('Before this time'),
    ...pageInput,
  }),
  output: pageOutput(lineShape),
  async run(input, context) {
    const { limit, cursor: _, ...filter } = input;
    const list = { name: 'record.search', input, context };
    const before = placeIn(list, z.int().positive());
    return answered(list, await context.store.searchRecord({ ...filter, before, limit }), (row) => row);
  },
});

const linkedLine = z.object({
  seq,
  at: z.string(),
  actor: z.string(),
  via: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string().describe('JSON, as the text that is hashed'),
  previous: z.string(),
  hash: z.string(),
});
const segment = z.object({
  first_seq: seq,
  last_seq: seq,
  last_hash: z.string(),
  lines: z.int(),
  at: z.string(),
  signature: z.string().exactOptional(),
});

export const exportRecord = defineOperation({
  name: 'record.export',
  kind: 'read',
  right: 'record.read',
  route: 'GET /record/export',
  summary:
    'The record as it is linked, oldest first: what verifies it needs nothing else. First what was pruned, as segments',
  input: z.strictObject({ ...pageInput, limit: z.int().min(1).max(1_000).default(1_000) }),
  output: z.object({ segments: z.array(segment), items: z.array(linkedLine), next: z.string().optional() }),
  async run(input, context) {
    const list = { name: 'record.export', input, context };
    const after = placeIn(list, seq);
    const { store } = context;
    const items = await store.linkedLines(after ?? 0, input.limit);
    const segments = after === undefined ? await store.checkpoints() : [];
    const last = items.at(-1)?.seq;
    return {
      segments: segments.map(({ firstSeq, lastSeq, lastHash, lines, at, signature }) => ({
        first_seq: firstSeq,
        last_seq: lastSeq,
        last_hash: lastHash,
        lines,
        at,
        ...(signature === undefined ? {} : { signature }),
      })),
      items,
      ...(items.length === input.limit && last !== undefined ? { next: cursorAt(list, last) } : {}),
    };
  },
});

export const verifyRecord = defineOperation({
  name: 'record.verify',
  kind: 'read',
  right: 'record.read',
  route: 'POST /record/verify',
  summary: 'Checks every link of the whole record. A million lines take about a minute',
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean(),
    rows: z.int().optional(),
    head: z.string().optional(),
    pending: z.int().optional().describe('Lines that wait to be linked'),
    pruned: z.int().optional(),
    seq: z.int().optional().describe('The first line that is not what was linked'),
    reason: z.string().optional(),
    checkpoints: z.array(
      z.object({
        firstSeq: seq,
        lastSeq: seq,
        lastHash: z.string(),
        lines: z.int(),
        at: z.string(),
        signature: z.string().exactOptional(),
      }),
    ),
  }),
  run: async (_, { store }) => ({
    ...(await store.verifyRecord()),
    checkpoints: await store.checkpoints(),
  }),
});

const head = z.strictObject({
  seq: z.int().min(0).max(999_999_999_999_999),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

export const compareHeads = defineOperation({
  name: 'record.compare',
  kind: 'read',
  right: 'record.read',
  route: 'POST /record/compare',
  summary: 'Whether the record still contains heads that were told earlier',
  input: z.strictObject({ heads: z.array(head).min(1).max(1_000) }),
  output: z.object({
    items: z.array(
      z.object({
        seq,
        found: z
          .enum(['contained', 'other', 'missing', 'pruned'])
          .describe('`other`: the record was rewritten; `missing`: it was cut off'),
      }),
    ),
  }),
  async run({ heads }, { store }) {
    const checkpoints = await store.checkpoints();
    const hashes = new Map([[0, noLine.hash]]);
    for (const { lastSeq, lastHash } of checkpoints) hashes.set(lastSeq, lastHash);
    const pruned = checkpoints.at(-1)?.lastSeq ?? 0;
    const asked = [...new Set(heads.map((each) => each.seq))].filter((each) => each > pruned);
    for (const line of await store.hashesAt(asked)) hashes.set(line.seq, line.hash);
    return {
      items: heads.map((each) => {
        const now = hashes.get(each.seq);
        if (now === each.hash) return { seq: each.seq, found: 'contained' as const };
        if (now !== undefined) return { seq: each.seq, found: 'other' as const };
        return { seq: each.seq, found: each.seq <= pruned ? ('pruned' as const) : ('missing' as const) };
      }),
    };
  },
});
