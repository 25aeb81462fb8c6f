import { z } from 'zod';
import { coerceTexts, type InputField, inputFields } from '../../domain/input-texts.ts';
import { type ActivityContext, type Actor, actor, connectionName, defineActivity } from '../activity.ts';
import { ask, planned } from './ask.ts';

const listed = z.object({
  items: z.array(z.object({ name: z.string(), input: z.record(z.string(), z.unknown()).optional() })),
});
const started = z.object({ run: z.object({ id: z.string() }) });

const inverse = { none: 'its id is known only when it runs; then it can be stopped' } as const;

/**
 * As by `baton runs start`, with what people type: the texts are read by the workflow's own schema. Whether the person may start it, Baton's
 * roles say; a `refusal` is an answer. Asked again for the same step of a run, it is the same run.
 */
export const startBatonRun = defineActivity({
  name: 'startBatonRun',
  kind: 'change',
  provider: 'baton',
  summary: 'Starts a workflow in somebody’s name',
  permissions: ['runs.start'],
  input: z.object({
    connection: connectionName,
    actor,
    workflow: z.string().min(1).max(200),
    input: z.record(z.string(), z.string()),
    subject: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('The incident, for a workflow that takes an `incidentId` and is not told one'),
    reason: z.string().min(1).max(500),
  }),
  output: z.object({
    changed: z.boolean(),
    runId: z.string().optional(),
    refusal: z.string().optional(),
  }),
  example: {
    workflow: 'kubernetesCrashLoopDiagnosis',
    input: {},
    subject: 'Q1DWGPWQ3Y9XJR',
    reason: 'it crashes',
  },
  inverse,
  async look({ actor, workflow, input, subject, reason }, context) {
    const fields = await fieldsOf(workflow, actor, context);
    if ('refusal' in fields) return { done: { changed: false, ...fields } };
    const needsIncident =
      fields.answer.some(({ name }) => name === incidentField) && !(incidentField in input);
    const texts = needsIncident && subject !== undefined ? { ...input, [incidentField]: subject } : input;
    const coerced = coerceTexts(texts, fields.answer);
    if ('problems' in coerced) {
      const problems = Object.entries(coerced.problems).map(([name, problem]) =>
        name === incidentField && needsIncident ? whichIncident : `${name} ${problem}`,
      );
      return { done: { changed: false, refusal: problems.join('; ') } };
    }
    return {
      plan: {
        summary: `Starts ${workflow} for ${actor?.name ?? 'nobody'}`,
        calls: [
          `runs.start workflow=${workflow} input=${JSON.stringify(coerced.input)} reason=${JSON.stringify(reason)}`,
        ],
        values: { input: coerced.input },
        inverse,
        output: { changed: true, runId: planned },
      },
    };
  },
  async act({ values }, { actor, workflow, reason }, context) {
    const asked = { operation: 'runs.start', input: { workflow, input: values.input, reason }, by: actor };
    const result = await ask(context, asked, started);
    if ('refusal' in result) return { changed: false, ...result };
    return { changed: true, runId: result.answer.run.id };
  },
});

/** By this name workflows take the incident that they are about. */
const incidentField = 'incidentId';

const whichIncident =
  'it is about an incident, and which one was not said: ask for it in the incident’s room, or name it first (#42)';

async function fieldsOf(
  workflow: string,
  by: Actor | undefined,
  context: ActivityContext,
): Promise<{ answer: InputField[] } | { refusal: string }> {
  const result = await ask(context, { operation: 'workflows.list', input: {}, by }, listed);
  if ('refusal' in result) return result;
  const startable = result.answer.items.filter(({ input }) => input !== undefined);
  const found = startable.find(({ name }) => name === workflow);
  if (found) return { answer: inputFields(found.input) };
  const names = startable.map(({ name }) => name).join(', ') || 'none';
  return { refusal: `there is no workflow ${workflow} that people can start. There are: ${names}` };
}
