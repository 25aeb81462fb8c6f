import { z } from 'zod';
import type { AnyActivity } from '../../activities/activity.ts';
import { kinds } from '../../domain/kind.ts';
import { Refusal } from '../refusal.ts';
import { defineOperation } from './operation.ts';
import { jsonSchemaOf } from './schema.ts';

const brief = {
  name: z.string(),
  provider: z.string(),
  kind: z.enum(kinds),
  summary: z.string(),
  permissions: z.array(z.string()).describe("Rights at the provider, in the provider's own words"),
  targets: z.boolean().describe('It names what it acts on, and no two act on one thing at the same time'),
};
const json = z.record(z.string(), z.unknown());

const briefly = (activity: AnyActivity) => ({
  name: activity.name,
  provider: activity.provider,
  kind: activity.kind,
  summary: activity.summary,
  permissions: [...activity.permissions],
  targets: 'targets' in activity && activity.targets !== undefined,
});

const inverseOf = (activity: AnyActivity) =>
  'look' in activity
    ? (activity.inverse ?? { none: 'it is not declared' })
    : { none: 'it changes nothing, so there is nothing to take back' };

export const listActivities = defineOperation({
  name: 'activities.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /activities',
  summary: 'Everything that a workflow can do, by provider',
  within: ['workflows', 'services'],
  input: z.strictObject({
    provider: z.string().min(1).max(100).optional(),
    kind: brief.kind.optional(),
  }),
  output: z.object({ items: z.array(z.object(brief)) }),
  async run({ provider, kind }, { activities }) {
    const items = (await activities()).filter(
      (each) =>
        (provider === undefined || each.provider === provider) && (kind === undefined || each.kind === kind),
    );
    return { items: items.map(briefly) };
  },
});

export const showActivity = defineOperation({
  name: 'activities.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /activities/{name}',
  summary: 'One activity: what it takes, what it gives, and what it needs at its provider',
  within: ['workflows', 'services'],
  input: z.strictObject({ name: z.string().min(1).max(200) }),
  output: z.object({
    ...brief,
    input: json.describe('JSON schema'),
    output: json.describe('JSON schema'),
    example: z.string().describe('A call, as a workflow has it'),
    actsOn: z.array(z.string()).describe('What the example acts on'),
    inverse: z
      .union([z.object({ activity: z.string() }), z.object({ none: z.string() })])
      .describe(
        'What takes it back, or why nothing does; the line activity.completed of a call has the very call',
      ),
  }),
  async run({ name }, { activities }) {
    const activity = (await activities()).find((each) => each.name === name);
    if (!activity)
      throw new Refusal(
        404,
        'No such activity',
        `There is no activity ${name}. activities.list tells those there are.`,
      );
    return {
      ...briefly(activity),
      input: jsonSchemaOf(activity.input, 'input'),
      output: jsonSchemaOf(activity.output, 'output'),
      example: `await ${name.startsWith('await') ? 'waits' : 'steps'}.${name}(${JSON.stringify(activity.example)});`,
      inverse: inverseOf(activity),
      actsOn: 'targets' in activity ? (activity.targets?.(activity.input.parse(activity.example)) ?? []) : [],
    };
  },
});
