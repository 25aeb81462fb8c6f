import { z } from 'zod';
import { dispositions } from '../../domain/disposition.ts';
import { runModes } from '../../domain/mode.ts';
import type { RecordRow } from '../../domain/record.ts';
import { dated } from '../../domain/story/step.ts';
import type { ListedEvent } from '../../store/events/events.ts';
import { type EventWhy, heldChanges, summaryOf, whyOfEvent } from '../story/why.ts';
import { withDoing } from './doing.ts';
import { findEvent } from './events.ts';
import { holdShape, holdsFor } from './hold-shapes.ts';
import { idOfIncident, isIncident, mustBeMine, unknownIncident } from './known-incident.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { idInput, runShape } from './shapes.ts';
import { withWaits } from './waiting-runs.ts';

const eventWhyShape = z
  .object({
    id: z.string(),
    seq: z.int(),
    type: z.string(),
    at: z.string(),
    disposition: z.enum(['pending', ...dispositions]),
    reason: z.string().describe('In a sentence'),
    answers: z.array(
      z.object({
        trigger: z.string(),
        answer: z.enum(['yes', 'no', 'failed', 'off']),
        forType: z.boolean().describe('The trigger is for events of this type'),
        condition: z.string().exactOptional().describe('The one that said no'),
        mode: z.enum(runModes).exactOptional().describe('How far its run may go; left out: auto'),
        run: z.string().exactOptional(),
        reason: z.string().exactOptional().describe('In a sentence'),
      }),
    ),
  })
  .meta({ id: 'EventWhy' });

const heldShape = z.object({
  run: z.string(),
  activity: z.string(),
  target: z.string(),
  guard: z.string(),
  reason: z.string(),
  retryAt: z.string().exactOptional(),
});

const loweredShape = z.object({
  trigger: z.string(),
  standing: z.string().describe('How far its runs may go now; off: it starts none'),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
});

const parkedShape = z.object({
  kind: z.enum(['run', 'event', 'worker']),
  id: z.string().describe('The run, or the number of the event'),
  summary: z.string(),
  until: z.string().exactOptional(),
});

const whyShape = z.object({
  summary: z.string().describe('One sentence: what runs, or why nothing (else) does'),
  events: z.array(eventWhyShape),
  held: z.array(heldShape).describe('Changes that a guard holds'),
  switches: z.array(holdShape).describe('Kill switches, freezes and breakers that hold now'),
  lowered: z
    .array(loweredShape)
    .describe('Triggers that are switched off, or may do less than their files say'),
  parked: z.array(parkedShape).describe('What goes on only when somebody does something'),
  runs: z.array(runShape).describe('Its newest runs'),
  state: z.array(z.string()).describe('What keeps Baton itself from going on, a sentence each'),
});

const eventsShown = 50;
const runsShown = 50;
const linesLooked = 2_000;
const holdsShown = 50;

export const incidentWhy = defineOperation({
  name: 'incidents.why',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}/why',
  summary: 'Why what runs about an incident runs, and why nothing else does',
  within: ['services'],
  input: z.strictObject(idOfIncident),
  output: whyShape.extend({ id: z.string() }),
  async run({ id }, context) {
    await mustBeMine(id, context);
    const { items } = await context.store.pageOfEvents({ subject: id, limit: eventsShown });
    if (items.length === 0 && !(await isIncident(id, context))) throw unknownIncident(id);
    const { items: runs } = await context.store.pageOfRuns({ subject: id, limit: runsShown });
    return { id, ...(await whyOf({ subject: id, events: items.toReversed(), runs }, context)) };
  },
});

export const eventWhy = defineOperation({
  name: 'events.why',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /events/{+id}/why',
  summary: 'Why an event has started what it has, and nothing else',
  within: ['services'],
  input: z.strictObject({ id: idInput.describe('Its number or its id') }),
  output: whyShape,
  async run({ id }, context) {
    const { body: _, ...event } = await findEvent(id, context);
    const { items } =
      event.subject === undefined
        ? { items: [] }
        : await context.store.pageOfRuns({ subject: event.subject, limit: runsShown });
    const own = items.filter(({ eventSeq }) => eventSeq === event.seq);
    return whyOf({ subject: event.subject ?? event.eventId, events: [event], runs: own }, context);
  },
});

interface Looked {
  subject: string;
  events: readonly ListedEvent[];
  runs: Awaited<ReturnType<OperationContext['store']['pageOfRuns']>>['items'];
}

async function whyOf({ subject, events, runs: rows }: Looked, context: OperationContext) {
  const { store, running } = context;
  const [lines, runs, holds, lowerings] = await Promise.all([
    linesOf(subject, context),
    withDoing(rows, context).then((doing) => withWaits(doing, context)),
    store.listHolds({ live: true, limit: holdsShown }),
    store.lowerings(),
  ]);
  const switches = holdsFor(context.principal, holds);
  const state = stateIn(running?.());
  const waitsBecause = (since: string) =>
    `It is still in the inbox since ${dated(since)}${state.length > 0 ? `: ${state.join(' ')}` : ', and is taken up as soon as the events before it are.'}`;
  const why = events.map((event): EventWhy => {
    const line = lines.findLast(
      ({ action, detail }) => action === 'event.answered' && detail.event === event.eventId,
    );
    const duplicate = event.disposition === 'duplicate' ? undefined : line;
    return whyOfEvent(event, duplicate, waitsBecause);
  });
  const held = heldChanges(lines).filter(({ run }) => rows.some(({ id }) => id === run));
  return {
    summary: summaryOf(why, runs, held, switches),
    events: why,
    held,
    switches,
    lowered: lowerings.map(({ trigger, mode, by, at, reason }) => ({
      trigger,
      standing: mode,
      by,
      at,
      reason,
    })),
    parked: [...runs.flatMap(parkedRun), ...events.flatMap(parkedEvent)],
    runs,
    state,
  };
}

/** The newest lines, and those that wait to be linked. */
async function linesOf(subject: string, { store }: OperationContext): Promise<RecordRow[]> {
  const { items } = await store.searchRecord({ subject, limit: linesLooked });
  const linked = items.toReversed();
  const after = linked.at(-1)?.seq ?? 0;
  const rest = await store.linesAbout({ subject, after, skip: 0, limit: linesLooked });
  return [...linked, ...rest];
}

type ShownRun = Awaited<ReturnType<typeof withWaits<Looked['runs'][number]>>>[number];

function parkedRun({ id, parked = [], stuck }: ShownRun): z.input<typeof parkedShape>[] {
  return [
    ...parked.map(({ step, failure, expiresAt }) => ({
      kind: 'run' as const,
      id,
      summary: `${id} is parked at ${step}, which failed (${failure.class}: ${failure.message}): baton runs unpark ${id}`,
      until: expiresAt,
    })),
    ...(stuck && !('over' in stuck && stuck.over)
      ? [
          {
            kind: 'worker' as const,
            id,
            summary: `${id} stands still since ${dated(stuck.since)}: ${stuck.message}`,
          },
        ]
      : []),
  ];
}

const parkedEvent = ({ seq, disposition, reason = '' }: ListedEvent): z.input<typeof parkedShape>[] =>
  disposition === 'parked'
    ? [
        {
          kind: 'event',
          id: String(seq),
          summary: `Event ${seq} is parked: ${reason}. Correct the fault, then: baton events replay ${seq}`,
        },
      ]
    : [];

/** What keeps Baton from going on, as its server knows. */
export function stateIn(running: ReturnType<NonNullable<OperationContext['running']>>): string[] {
  if (!running) return [];
  const { temporal, troubles, stuckRuns } = running;
  return [
    ...(temporal.up
      ? []
      : [
          `Temporal is away since ${dated(temporal.since)}${temporal.reason ? ` (${temporal.reason})` : ''}: events are kept, and runs wait.`,
        ]),
    ...(troubles['worker.unhealthy'] || stuckRuns.NoWorker
      ? ['No worker takes the work: start one with baton worker.']
      : []),
  ];
}
