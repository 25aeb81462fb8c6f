import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { authorize } from '../../domain/rights.ts';
import { runStates } from '../../domain/run.ts';
import type { Startable } from '../../triggers/startable.ts';
import { Refusal } from '../refusal.ts';
import { callMilliseconds } from '../runs.ts';
import { isTemporalAway } from '../temporal-state.ts';
import { begin, reachable, runIdFor } from './begin-run.ts';
import { pageOfLines, timelineInput } from './lines.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { withParked } from './parked.ts';
import { findRun, isWithin } from './scope.ts';
import { idInput, lineShape, runShape, subjectInput } from './shapes.ts';

export const listRuns = defineOperation({
  name: 'runs.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /runs',
  summary: 'Runs, newest first',
  within: ['workflows', 'services'],
  input: z.strictObject({
    subject: subjectInput.optional(),
    workflow: z.string().min(1).max(200).optional(),
    state: z.enum(runStates).optional(),
    build: z.string().min(1).max(100).optional().describe("Of the worker's code that carries them out"),
    live: z.boolean().optional().describe('Only those that have not ended, or only those that have'),
    ...pageInput,
  }),
  output: pageOutput(runShape),
  async run(input, context) {
    const { subject, workflow, state, build, live, limit } = input;
    const list = { name: 'runs.list', input, context };
    const { workflows: own, services } = context.principal.scope ?? {};
    const workflows = workflow === undefined ? own : (own ?? [workflow]).filter((name) => name === workflow);
    const before = placeIn(list, z.strictObject({ at: sqlTime, id: idInput }));
    const page = await context.store.pageOfRuns({
      subject,
      workflows,
      services,
      state,
      build,
      live,
      before,
      limit,
    });
    return answered(list, { ...page, items: await withParked(page.items, context) }, (row) => row);
  },
});

/** A time as PostgreSQL writes it. */
const sqlTime = z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/);

const idOfRun = { id: idInput.describe('`<trigger>/<incident>`, as it stands in lists') };

export const showRun = defineOperation({
  name: 'runs.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /runs/{+id}',
  summary: 'One run and its state',
  within: ['workflows', 'services'],
  input: z.strictObject(idOfRun),
  output: runShape,
  async run({ id }, context) {
    const run = await findRun(id, context);
    const [shown = run] = await withParked([run], context);
    return shown;
  },
});

export const runTimeline = defineOperation({
  name: 'runs.timeline',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /runs/{+id}/timeline',
  summary: 'All that the record says about a run, oldest first',
  within: ['workflows', 'services'],
  input: z.strictObject({ ...idOfRun, ...timelineInput }),
  output: pageOutput(lineShape),
  async run(input, context) {
    const { id, subject } = await findRun(input.id, context);
    return pageOfLines('runs.timeline', input, { subject: subject ?? id, run: id }, context);
  },
});

const reason = z.string().trim().min(1).max(500).describe('Why, for those who read the record');

/** The trigger that runs started by hand name, as no trigger called for them. */
const byHand = 'manual';

export const startRunByHand = defineOperation({
  name: 'runs.start',
  kind: 'change',
  writesOwnLine: true,
  isOneUnderKey: true,
  right: 'runs.start',
  route: 'POST /runs',
  summary: 'Starts a workflow by hand. Under the same Idempotency-Key it is the same run',
  within: ['workflows', 'services'],
  input: z.strictObject({
    workflow: z.string().min(1).max(200),
    input: z.record(z.string(), z.unknown()).describe("By the workflow's own schema: see workflows.list"),
    plan: z
      .boolean()
      .default(false)
      .describe('In plan mode: reads read, and what it would change is looked at, written down and not done'),
    reason,
  }),
  output: z.object({ run: runShape, isNew: z.boolean().describe('False: it had been started before') }),
  subject: (_, output) => output?.run.subject ?? output?.run.id,
  async run({ workflow, input, plan, reason }, context) {
    const startable = await findStartable(workflow, context);
    if (!plan) checkKind(startable, context);
    const given = parseRunInput(startable, input);
    const subject = startable.subject(given);
    if (!(await isWithin(subject, context)))
      throw new Refusal(404, 'No such incident', `Nothing is known of an incident ${subject}.`);
    reachable(context);
    const { store } = context;
    const incident = subject === undefined ? undefined : await store.findIncident(subject);
    if (subject !== undefined && !incident)
      throw new Refusal(
        404,
        'No such incident',
        `Nothing is known of an incident ${subject}. incidents.list tells those there are.`,
      );
    if (incident?.status === 'resolved' && startable.whenResolved === 'stop')
      throw new Refusal(
        409,
        'Resolved',
        `Incident ${subject} is resolved, and a run on it would stop at once.`,
      );
    return begin(
      {
        id: runIdFor(context, plan ? 'plan' : byHand),
        trigger: plan ? 'plan' : byHand,
        workflow,
        input: startable.workflowInput(given),
        given,
        incident,
        subject,
        target: startable.target(given),
        tags: startable.tags,
        whenResolved: startable.whenResolved,
        reason,
        ...modeOf(startable, plan, context),
      },
      context,
    );
  },
});

/** What a run starts asks before it does what cannot be taken back: no person has wanted it, and no review of a trigger has allowed it. */
function modeOf({ kind }: Startable, plan: boolean, { principal }: OperationContext) {
  if (plan) return { mode: 'plan' as const };
  return principal.run && kind === 'destructive' ? { mode: 'propose' as const } : {};
}

/** What is neither harmless nor reversible is not for all who may start a run (reliability, §7). */
function checkKind({ workflow, kind }: Startable, { principal }: OperationContext): void {
  if (kind !== 'destructive') return;
  const answer = authorize(principal, 'runs.startDestructive');
  if (answer.allowed) return;
  throw new Refusal(403, 'Not allowed', `${workflow} may do what is not reversible. ${answer.reason}`);
}

async function findStartable(name: string, { workflows, principal }: OperationContext): Promise<Startable> {
  const { startable } = await workflows();
  const own = principal.scope?.workflows;
  const mine = startable.filter(({ workflow }) => own === undefined || own.includes(workflow));
  const found = mine.find(({ workflow }) => workflow === name);
  if (found) return found;
  throw new Refusal(
    404,
    'No such workflow',
    `There is no workflow ${name} that can be started by hand. There are: ${mine.map(({ workflow }) => workflow).join(', ') || 'none'}.`,
  );
}

function parseRunInput({ workflow, input }: Startable, raw: unknown): unknown {
  const parsed = input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(
    ({ path, message }) => `${['input', ...path].join('.')}: ${message}`,
  );
  throw new Refusal(
    400,
    'Bad input',
    `${complaints.join('. ')}. ${workflow} takes: ${Object.keys(input.shape).join(', ') || 'nothing'}.`,
  );
}

export const stopRun = defineOperation({
  name: 'runs.stop',
  kind: 'change',
  right: 'runs.stop',
  route: 'POST /runs/{+id}/stop',
  summary: 'Stops a run: it is cancelled, and what has begun at a provider is made to its end',
  within: ['workflows', 'services'],
  input: z.strictObject({ ...idOfRun, reason }),
  output: z.object({ id: z.string(), stopping: z.literal(true), subject: z.string().optional() }),
  subject: ({ id }, output) => output?.subject ?? id,
  async run({ id }, context) {
    const { state, subject } = await findRun(id, context);
    if (state !== 'starting' && state !== 'running')
      throw new Refusal(409, 'Ended', `The run ${id} has ended: ${state}. There is nothing to stop.`);
    const { client } = reachable(context);
    const seenSoon = new Refusal(
      409,
      'Ended',
      `Temporal knows no live run ${id}. Its end will soon be seen here.`,
    );
    try {
      await client.withDeadline(Date.now() + callMilliseconds, async () => {
        const handle = client.workflow.getHandle(id);
        // Temporal takes the cancellation of a run that has ended, and nothing comes of it.
        if ((await handle.describe()).status.name !== 'RUNNING') throw seenSoon;
        await handle.cancel();
      });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw seenSoon;
      if (isTemporalAway(error))
        throw new Refusal(503, 'Temporal is away', 'The run could not be told to stop. Try again.', 5);
      throw error;
    }
    return { id, stopping: true as const, ...(subject === undefined ? {} : { subject }) };
  },
});
