import { z } from 'zod';
import { shows, stepKinds } from '../../domain/story/step.ts';
import { type Entry, envelopeOf } from '../story/gather.ts';
import { storyForPage } from '../story/kept.ts';
import { numbersOf } from '../story/numbers.ts';
import { idOfIncident, isIncident, mayReadAll, mustBeMine, unknownIncident } from './known-incident.ts';
import { defineOperation } from './operation.ts';
import { answered, pageInput, placeIn } from './page.ts';

export const entryShape = z
  .object({
    id: z.string().describe('The same each time that it is read'),
    seq: z.int().exactOptional().describe('The line of the record that tells it'),
    at: z.string(),
    kind: z.enum(stepKinds),
    show: z.array(z.enum(shows)).readonly().describe('The parts of the story to which it belongs'),
    actor: z.string(),
    text: z.string().describe('What, to what, and why, in one sentence'),
    run: z.string().exactOptional(),
    activity: z.string().exactOptional(),
    target: z.string().exactOptional().describe('`ec2:i-0abc12345def67890`'),
    links: z.array(z.object({ text: z.string(), url: z.string() })).readonly(),
    detail: z.unknown().describe('The line of the record, the entry of the log, or the message itself'),
  })
  .meta({ id: 'StoryEntry' });

export const numbersShape = z.object({
  triggeredAt: z.string().exactOptional(),
  acknowledgedAt: z.string().exactOptional(),
  acknowledgedBy: z.string().exactOptional(),
  acknowledgedAfterSeconds: z.number().exactOptional(),
  resolvedAt: z.string().exactOptional(),
  resolvedBy: z.string().exactOptional(),
  resolvedAfterSeconds: z.number().exactOptional(),
  withAutomation: z.boolean().describe('Baton has changed something about it'),
});

/** After which entry a list goes on: when it was, and which. */
const entryPlace = z.tuple([z.string().max(40), z.string().max(200)]);
/** `<number of the newest line>.<milliseconds of the newest time>`. */
const position = z.string().regex(/^\d{1,15}\.\d{1,15}$/, 'is not what an earlier answer told as `position`');

export const incidentTimeline = defineOperation({
  name: 'incidents.timeline',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}/timeline',
  summary:
    "The story of an incident: the record, PagerDuty's log and what was said in its room as one list, each entry in words",
  within: ['services'],
  input: z.strictObject({
    ...idOfIncident,
    show: z
      .enum(['all', ...shows])
      .default('story')
      .describe('Which part of it'),
    order: z.enum(['oldest', 'newest']).default('oldest'),
    run: z.string().min(1).max(1_000).optional().describe('Only of this run'),
    after: position
      .optional()
      .describe(
        '`position` of an earlier answer: only what came since then. Some of it may come again, under its id',
      ),
    ...pageInput,
    // The whole story is gathered for its first page.
    limit: z.int().min(1).max(2_000).default(50).describe('At most so many'),
  }),
  output: z.object({
    id: z.string(),
    items: z.array(entryShape),
    next: z.string().optional(),
    position: z.string().describe('To be given as `after`'),
    counts: z.record(z.enum(['all', ...shows]), z.int()).describe('How many entries each part has'),
    ...numbersShape.shape,
    warnings: z.array(z.string()).describe('What could not be read, and is missing'),
  }),
  async run(input, context) {
    const { id, show, order, run, after, limit } = input;
    await mustBeMine(id, context);
    const isKnown = await isIncident(id, context);
    if (!isKnown && !mayReadAll(context)) throw unknownIncident(id);
    const { entries, events, warnings } = await storyForPage(id, context, {
      isFirst: input.cursor === undefined,
    });
    if (!isKnown && entries.length === 0) throw unknownIncident(id);
    const isAsked = (entry: Entry, part: typeof show) => part === 'all' || entry.show.includes(part);
    const since = after?.split('.').map(Number);
    const own = entries.filter((entry) => run === undefined || entry.run === run);
    const asked = own.filter((entry) => isAsked(entry, show) && (!since || isSince(entry, since)));
    const sorted = order === 'newest' ? asked.toReversed() : asked;
    const list = { name: 'incidents.timeline', input, context };
    const place = placeIn(list, entryPlace);
    const from = place ? startAfter(sorted, place, order) : 0;
    const items = sorted.slice(from, from + limit);
    const last = items.at(-1);
    const page = answered(
      list,
      { items, ...(last && from + limit < sorted.length ? { next: [last.at, last.id] } : {}) },
      (entry) => entry,
    );
    return {
      id,
      ...page,
      position: positionOf(entries),
      counts: Object.fromEntries(
        (['all', ...shows] as const).map((part) => [part, own.filter((each) => isAsked(each, part)).length]),
      ) as Record<'all' | (typeof shows)[number], number>,
      ...numbersOf(entries, events.flatMap(envelopeOf)),
      warnings,
    };
  },
});

/** What stands in no line of the record may come late, so it comes again with what is as new. */
const isSince = ({ seq, at }: Entry, [line = 0, time = 0]: readonly number[]) =>
  seq === undefined ? Date.parse(at) >= time - lateMilliseconds : seq > line;

const lateMilliseconds = 60_000;

function positionOf(entries: readonly Entry[]): string {
  const lines = entries.map(({ seq = 0 }) => seq);
  const times = entries.map(({ at }) => Date.parse(at));
  const greatest = (numbers: readonly number[]) => numbers.reduce((one, other) => Math.max(one, other), 0);
  return `${greatest(lines)}.${greatest(times)}`;
}

/** Where a page begins: after that entry, or where it would stand. */
function startAfter(sorted: readonly Entry[], [at, id]: readonly [string, string], order: string): number {
  const found = sorted.findIndex((entry) => entry.id === id && entry.at === at);
  if (found >= 0) return found + 1;
  const isPast = (entry: Entry) => (order === 'newest' ? entry.at < at : entry.at > at);
  const first = sorted.findIndex(isPast);
  return first < 0 ? sorted.length : first;
}
