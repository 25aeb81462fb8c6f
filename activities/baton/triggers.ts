import { z } from 'zod';
import { standings } from '../../domain/mode.ts';
import { connectionName, defineActivity } from '../activity.ts';
import { ask } from './ask.ts';

const trigger = z.object({
  name: z.string(),
  workflow: z.string(),
  standing: z.enum(standings).describe('How far its runs may go now'),
  mode: z.string().describe('How far its file lets them go'),
  lowered: z.object({ by: z.string(), at: z.string(), reason: z.string() }).optional(),
});
const shown = trigger.extend({
  answers: z.array(z.object({ at: z.string(), subject: z.string(), answer: z.string(), reason: z.string() })),
});
const list = z.object({ items: z.array(trigger) });

const by = { connection: connectionName, email: z.string().min(3).max(254).describe('Of whoever asks') };
const asPerson = (email: string) => ({ kind: 'person' as const, name: email, email });

/** As by `baton triggers list`, as far as the person may see them. */
export const listBatonTriggers = defineActivity({
  name: 'listBatonTriggers',
  kind: 'read',
  provider: 'baton',
  summary: 'Lists the triggers, and how far each may go now',
  permissions: ['incidents.read'],
  input: z.object(by),
  output: z.object({ items: list.shape.items.optional(), refusal: z.string().optional() }),
  example: { email: 'ada@example.com' },
  async run({ email }, context) {
    const found = await ask(context, { operation: 'triggers.list', input: {}, by: asPerson(email) }, list);
    return 'refusal' in found ? found : found.answer;
  },
});

/** As by `baton triggers show`, as far as the person may see it. */
export const readBatonTrigger = defineActivity({
  name: 'readBatonTrigger',
  kind: 'read',
  provider: 'baton',
  summary: 'Reads how far a trigger may go now, why, and what it has said lately',
  permissions: ['incidents.read'],
  input: z.object({ ...by, trigger: z.string().min(1).max(200) }),
  output: z.object({ trigger: shown.optional(), refusal: z.string().optional() }),
  example: { trigger: 'ec2-unhealthy', email: 'ada@example.com' },
  async run({ trigger: name, email }, context) {
    const asked = { operation: 'triggers.show', input: { name }, by: asPerson(email) };
    const found = await ask(context, asked, shown);
    return 'refusal' in found ? found : { trigger: found.answer };
  },
});
