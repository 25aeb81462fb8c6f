import { z } from 'zod';
import { authorize } from '../../domain/rights.ts';
import { type RunState, runStates, type ShownRun as ShownRunRow } from '../../domain/run.ts';
import type { RunFilter } from '../../store/lists.ts';
import type { Startable } from '../../triggers/startable.ts';
import { Refusal } from '../refusal.ts';
import { begin, reachable, runIdFor } from './begin-run.ts';
import { type Can, canNow, canOf } from './can.ts';
import { withDoing } from './doing.ts';
import { unknownIncident } from './known-incident.ts';
import { pageOfLines, timelineInput } from './lines.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { findRun, isWithin } from './scope.ts';
import { idInput, idOfRun, lineShape, reasonInput, runShape, subjectInput } from './shapes.ts';
import { withWaits } from './waiting-runs.ts';

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
    state: z
      .enum([...runStates, 'live', 'waiting', 'parked', 'working', 'retrying'])
      .optional()
      .describe(
        'waiting: for people. working: for nobody. parked: a step has failed for good, and people decide. retrying: a step has failed and is tried again, of which Temporal is asked, so that a page may be short',
      ),
    q: z.string().min(1).max(200).optional().describe("A part of its id, or of its incident's title"),
    since: z.iso.datetime().optional().describe('Called for from this time on'),
    build: z.string().min(1).max(100).optional().describe("Of the worker's code that carries them out"),
    doing: z.boolean().optional().describe('Ask Temporal what live runs do, and for what they wait'),
    live: z.boolean().optional().describe('Only those that have not ended, or only those that have'),
    ...pageInput,
  }),
  output: pageOutput(runShape),
  async run(input, context) {
    const { subject, workflow, state, build, live, q, since, doing, limit } = input;
    const list = { name: 'runs.list', input, context };
    const { workflows: own, services } = context.principal.scope ?? {};
    const workflows = workflow === undefined ? own : (own ?? [workflow]).filter((name) => name === workflow);
    const before = placeIn(list, z.strictObject({ at: sqlTime, id: idInput }));
    const page = await context.store.pageOfRuns({
      subject,
      workflows,
      services,
      ...stateFilter(state, live),
      q,
      since,
      build,
      before,
      limit,
    });
    const runs =
      state === 'retrying'
        ? await retrying(page.items, context)
        : doing
          ? await withDoing(page.items, context)
          : page.items;
    return answered(list, { ...page, items: await withWaits(runs, context) }, (row) => row);
  },
});

type AskedState = RunState | 'live' | 'waiting' | 'parked' | 'working' | 'retrying';

function stateFilter(
  state: AskedState | undefined,
  live: boolean | undefined,
): Pick<RunFilter, 'state' | 'live' | 'waiting'> {
  switch (state) {
    case 'waiting':
    case 'parked':
    case 'working':
      return { waiting: state };
    case 'live':
    case 'retrying':
      return { live: true };
    default:
      return { state, live };
  }
}

/** Those with a step that has failed and is tried again. */
async function retrying(runs: readonly ShownRunRow[], context: OperationContext) {
  if (!context.runs)
    throw new Refusal(503, 'Temporal is not reached', 'Only Temporal knows which runs try a step again.');
  const doing = await withDoing(runs, context);
  return doing.filter((run) =>
    run.doing?.some(({ retryAt, attempt }) => retryAt !== undefined || attempt > 1),
  );
}

/** A time as PostgreSQL writes it. */
const sqlTime = z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/);

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
    const [shown] = await withWaits(await withDoing([await findRun(id, context)], context), context);
    if (!shown) throw new Error(`The run ${id} was found, and not shown`);
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
    reason: reasonInput,
  }),
  output: z.object({ run: runShape, isNew: z.boolean().describe('False: it had been started before') }),
  subject: (_, output) => output?.run.subject ?? output?.run.id,
  async run({ workflow, input, plan, reason }, context) {
    const startable = await findStartable(workflow, context);
    if (!plan) checkKind(startable, context);
    const given = parseRunInput(startable, input);
    const subject = startable.subject(given);
    if (!(await isWithin(subject, context)))
      throw subject === undefined ? aboutNone(workflow) : unknownIncident(subject);
    reachable(context);
    const incident = subject === undefined ? undefined : await context.store.findIncident(subject);
    if (subject !== undefined && !incident) throw unknownIncident(subject);
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

/** Whether somebody may start it, and have it planned. */
export async function canStart(
  startable: Startable,
  context: OperationContext,
): Promise<{ start: Can; plan: Can }> {
  const { principal } = context;
  return {
    start: await canNow(startRunByHand, principal, () => checkKind(startable, context)),
    plan: canOf(startRunByHand, principal),
  };
}

/** What is neither harmless nor reversible is not for all who may start a run (reliability, §7). */
function checkKind({ workflow, kind }: Startable, { principal }: OperationContext): void {
  if (kind !== 'destructive') return;
  const answer = authorize(principal, 'runs.startDestructive');
  if (answer.allowed) return;
  throw new Refusal(403, 'Not allowed', `${workflow} may do what is not reversible. ${answer.reason}`);
}

const aboutNone = (workflow: string) =>
  new Refusal(
    403,
    'Not allowed',
    `${workflow} is about no incident, and you are limited to those of some services. Ask an operator who is not.`,
  );

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
