import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { ask } from './ask.ts';

const runs = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      workflow: z.string(),
      target: z.string(),
      createdAt: z.string(),
      summary: z.string().optional().describe('What the workflow does, where that is said'),
      forPeople: z.boolean().optional().describe('It keeps people up to date or calls them'),
    }),
  ),
});
const workflows = z.object({
  items: z.array(z.object({ name: z.string(), summary: z.string().optional(), forPeople: z.boolean() })),
});
const approvals = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      runId: z.string(),
      summary: z.string(),
      expiresAt: z.string(),
      state: z.string(),
    }),
  ),
});
const questions = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      summary: z.string(),
      expiresAt: z.string(),
      isParked: z.literal(true).optional().describe('It asks what becomes of a parked run'),
      runId: z.string().optional(),
    }),
  ),
});
const atMost = 20;

const unavailable = z.object({ unavailable: z.string() });

/** Live runs, pending approvals and questions of an incident, as far as the person may see them. */
export const listBatonRuns = defineActivity({
  name: 'listBatonRuns',
  kind: 'read',
  provider: 'baton',
  summary: 'Lists what runs on an incident, and what waits for people',
  permissions: ['incidents.read'],
  input: z.object({
    connection: connectionName,
    subject: z.string().min(1).max(200),
    email: z.string().min(3).max(254).describe('Of whoever asks: they see what their role lets them see'),
  }),
  output: z.object({
    runs: z.union([runs.shape.items, unavailable]),
    approvals: z.union([approvals.shape.items, unavailable]),
    questions: z
      .union([questions.shape.items, unavailable])
      .optional()
      .describe('None of an earlier version'),
  }),
  example: { subject: 'Q1DWGPWQ3Y9XJR', email: 'ada@example.com' },
  async run({ subject, email }, context) {
    const by = { kind: 'person' as const, name: email, email };
    const [live, waiting, asked, known] = await Promise.all([
      ask(context, { operation: 'runs.list', input: { subject, live: true, limit: atMost }, by }, runs),
      ask(context, { operation: 'approvals.list', input: { subject, limit: atMost }, by }, approvals),
      ask(context, { operation: 'questions.list', input: { subject, limit: atMost }, by }, questions),
      ask(context, { operation: 'workflows.list', input: {}, by }, workflows),
    ]);
    const about = new Map(
      'refusal' in known ? [] : known.answer.items.map(({ name, ...more }) => [name, more]),
    );
    return {
      runs:
        'refusal' in live
          ? { unavailable: live.refusal }
          : live.answer.items.map((run) => ({ ...run, ...about.get(run.workflow) })),
      approvals:
        'refusal' in waiting
          ? { unavailable: waiting.refusal }
          : waiting.answer.items.filter(({ state }) => state === 'pending'),
      questions: 'refusal' in asked ? { unavailable: asked.refusal } : asked.answer.items,
    };
  },
});
