import { z } from 'zod';
import { detailOf } from '../../domain/record.ts';
import { canShape } from './can.ts';
import { withDoing } from './doing.ts';
import { incidentCan } from './incident-can.ts';
import { idOfIncident, isIncident, mayReadAll, mustBeMine, unknownIncident } from './known-incident.ts';
import { pageOfLines, timelineInput } from './lines.ts';
import { defineOperation } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { incidentShape, lineShape, runShape } from './shapes.ts';
import { textShape } from './texts.ts';
import { withWaits } from './waiting-runs.ts';

const place = z.int().positive();

const runsShown = 50;
const changesShown = 100;
const answersShown = 50;

const effectShape = z.object({
  key: z.string(),
  run: z.string(),
  activity: z.string(),
  state: z.enum(['open', 'done', 'unknown']).describe('`unknown`: it may have been made'),
  at: z.array(z.string()),
  targets: z.array(z.string()),
  result: z.unknown().optional(),
});

const whyShape = z.object({
  event: z.string(),
  type: z.string(),
  at: z.string(),
  answers: z.array(
    z.object({
      trigger: z.string(),
      answer: z.enum(['matched', 'joined', 'no', 'failed']),
      reason: z.string(),
    }),
  ),
  hold: z.object({ disposition: z.string(), reason: z.string() }).optional(),
});

export const showIncident = defineOperation({
  name: 'incidents.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}',
  summary: 'What runs about an incident, what was changed, and what each trigger said to its events',
  within: ['services'],
  input: z.strictObject(idOfIncident),
  output: z.object({
    id: z.string(),
    incident: incidentShape.optional().describe('Missing: no event has told its state'),
    can: canShape,
    runs: z.array(runShape).describe(`The newest ${runsShown}`),
    changed: z
      .array(effectShape)
      .describe(`Unknown outcomes first, then the newest; at most ${changesShown}`),
    why: z.array(whyShape).describe(`The answers to its newest ${answersShown} events, newest first`),
  }),
  async run({ id }, context) {
    await mustBeMine(id, context);
    const { store } = context;
    const [incident, runs, changed, answers, events] = await Promise.all([
      store.findIncident(id),
      store.pageOfRuns({ subject: id, limit: runsShown }),
      store.changesOf(id, changesShown),
      store.searchRecord({ subject: id, action: 'event.answered', limit: answersShown }),
      store.pageOfEvents({ subject: id, limit: 1 }),
    ]);
    if (!incident && runs.items.length === 0 && events.items.length === 0) {
      const asked = { subject: id, after: 0, skip: 0, limit: 1 };
      const [line] = mayReadAll(context) ? await store.linesAbout(asked) : [];
      if (!line) throw unknownIncident(id);
    }
    const why = answers.items.flatMap((row) => {
      const detail = detailOf(row, 'event.answered');
      if (!detail) return [];
      const { event = '?', type = '?', answers: said = [], hold } = detail;
      const read = whyShape.safeParse({ event, type, at: row.at, answers: said, ...(hold ? { hold } : {}) });
      // Another version may have written it in another shape. The timeline shows it as it is.
      return read.success ? [read.data] : [];
    });
    return {
      id,
      ...(incident ? { incident } : {}),
      can: await incidentCan(incident, context),
      runs: await withWaits(await withDoing(runs.items, context), context),
      changed,
      why,
    };
  },
});

export const incidentRecord = defineOperation({
  name: 'incidents.record',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}/record',
  summary: 'Every line of the record about an incident, oldest first',
  within: ['services'],
  input: z.strictObject({ ...idOfIncident, ...timelineInput }),
  output: pageOutput(lineShape),
  async run(input, context) {
    await mustBeMine(input.id, context);
    if (!mayReadAll(context) && !(await isIncident(input.id, context))) throw unknownIncident(input.id);
    return pageOfLines('incidents.record', input, { subject: input.id }, context);
  },
});

const transcriptsShown = 10;

const transcriptShape = z.object({
  room: z.string().describe('Its address in Slack'),
  keptAt: z.string(),
  digest: z
    .string()
    .describe(
      'SHA-256 of all that was said, as the record has it: before secrets were masked and the text was cut',
    ),
  messages: z.int(),
  people: z.int(),
  firstAt: z.string().optional(),
  lastAt: z.string().optional(),
  truncated: z.boolean().describe('The text is only the beginning'),
  kept: z.object({ digest: z.string() }).optional().describe('Where the whole is: texts.show'),
  markdown: z.string(),
});

export const incidentTranscript = defineOperation({
  name: 'incidents.transcript',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}/transcript',
  summary: 'What was said in the rooms of an incident, if no issue has the text',
  within: ['services'],
  input: z.strictObject(idOfIncident),
  output: z.object({
    id: z.string(),
    items: z.array(transcriptShape).describe(`The newest ${transcriptsShown}, newest first`),
  }),
  async run({ id }, context) {
    await mustBeMine(id, context);
    const items = await context.store.transcriptsOf(id, transcriptsShown);
    if (items.length === 0 && !(await isIncident(id, context))) throw unknownIncident(id);
    return { id, items };
  },
});

export const incidentTexts = defineOperation({
  name: 'incidents.texts',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /incidents/{+id}/texts',
  summary: 'The texts of an incident that are too long for its runs, newest first',
  within: ['services'],
  input: z.strictObject({ ...idOfIncident, ...pageInput }),
  output: pageOutput(textShape),
  async run(input, context) {
    const { id, limit } = input;
    await mustBeMine(id, context);
    const list = { name: 'incidents.texts', input, context };
    const page = await context.store.pageOfTexts({ subject: id, before: placeIn(list, place), limit });
    if (page.items.length === 0 && !(await isIncident(id, context))) throw unknownIncident(id);
    return answered(list, page, (row) => row);
  },
});
