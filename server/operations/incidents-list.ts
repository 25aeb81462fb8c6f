import { z } from 'zod';
import { incidentStatuses } from '../../domain/incident.ts';
import type { IncidentRow } from '../../store/events/incidents.ts';
import { Refusal } from '../refusal.ts';
import { canShape } from './can.ts';
import { withDoing } from './doing.ts';
import { incidentCan } from './incident-can.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { incidentShape, runShape } from './shapes.ts';
import { waitingForMe } from './waiting-for-me.ts';
import { withWaits } from './waiting-runs.ts';

const waiting = z.object({
  kind: z.enum(['approval', 'answer', 'parked']),
  id: z.string(),
  run: z.string(),
  summary: z.string(),
  until: z.string(),
});

const listedShape = incidentShape.safeExtend({
  runs: z
    .array(
      runShape.pick({
        id: true,
        workflow: true,
        state: true,
        waitsFor: true,
        waiting: true,
        doing: true,
        stuck: true,
        parked: true,
      }),
    )
    .describe('Its live runs, and what they wait for'),
  needsMe: z
    .array(waiting)
    .describe('What waits for you: approvals, questions and parked runs that you may answer'),
  can: canShape,
});

const place = z.object({ place: z.int().positive(), rank: z.int().min(0).optional() });

export const listIncidents = defineOperation({
  name: 'incidents.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents',
  summary: 'Incidents, newest first: what each is, what runs about it, and whether it waits for you',
  within: ['services'],
  input: z.strictObject({
    status: z.enum(['open', ...incidentStatuses]).optional(),
    service: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe("A PagerDuty service's id; of another account than that of default, `<connection>/<id>`"),
    q: z.string().min(1).max(200).optional().describe('A part of the title, the number (`#1234`), or the id'),
    mine: z
      .boolean()
      .optional()
      .describe('Only those that are assigned to you in PagerDuty, or that wait for you'),
    doing: z.boolean().optional().describe('Ask Temporal what live runs do, and for what they wait'),
    order: z
      .enum(['newest', 'oldest', 'state'])
      .default('newest')
      .describe('state: triggered, then acknowledged, then resolved ones, each newest first'),
    ...pageInput,
  }),
  output: pageOutput(listedShape),
  async run(input, context) {
    const { status, service, q, mine, doing, order, limit } = input;
    const list = { name: 'incidents.list', input, context };
    const { services } = context.principal.scope ?? {};
    const asked = service === undefined ? services : (services ?? [service]).filter((id) => id === service);
    const waits = await waitingForMe(context);
    const page = await context.store.pageOfIncidents({
      statuses:
        status === undefined ? undefined : status === 'open' ? ['triggered', 'acknowledged'] : [status],
      services: asked,
      q,
      order,
      ...(mine
        ? { ids: waits.flatMap(({ subject }) => subject ?? []), assignee: await assigneeOf(context) }
        : {}),
      before: placeIn(list, place),
      limit,
    });
    return answered(
      list,
      { ...page, items: await withRuns(page.items, waits, doing, context) },
      (row) => row,
    );
  },
});

const lookUpMilliseconds = 3_000;

/** Whose incidents are one's own. Nobody but a person with an address is anybody in PagerDuty. */
async function assigneeOf({ principal, responderId }: OperationContext): Promise<string | undefined> {
  if (principal.kind !== 'person' || !principal.name.includes('@')) return undefined;
  try {
    return await responderId?.(principal.name, AbortSignal.timeout(lookUpMilliseconds));
  } catch {
    throw new Refusal(
      503,
      'Not to be told now',
      'Which incidents are yours cannot be looked up now: PagerDuty did not answer. Try again, or leave out `mine`.',
      5,
    );
  }
}

const runsAtMost = 500;

async function withRuns(
  incidents: readonly IncidentRow[],
  waits: Awaited<ReturnType<typeof waitingForMe>>,
  doing: boolean | undefined,
  context: OperationContext,
) {
  const subjects = incidents.filter(({ liveRuns }) => liveRuns > 0).map(({ id }) => id);
  const { items } =
    subjects.length > 0
      ? await context.store.pageOfRuns({ subjects, live: true, limit: runsAtMost })
      : { items: [] };
  const looked = doing ? await withDoing(items, context) : items;
  const runs = await withWaits(looked, context);
  return Promise.all(
    incidents.map(async (incident) => ({
      ...incident,
      runs: runs.filter(({ subject }) => subject === incident.id),
      needsMe: waits.filter(({ subject }) => subject === incident.id),
      can: await incidentCan(incident, context),
    })),
  );
}
