import { z } from 'zod';
import type { IncidentTimes } from '../../store/events/incident-times.ts';
import { defineOperation } from './operation.ts';

const mostIncidents = 2_000;
const dayMs = 86_400_000;

const spanShape = z.object({
  count: z.int(),
  medianSeconds: z.number().exactOptional().describe('Left out where there is none'),
});
const runsShape = z.object({
  workflow: z.string(),
  runs: z.int().describe('That began in those days; not those that only looked, nor those of drills'),
  live: z.int(),
  completed: z.int(),
  failed: z.int(),
  stopped: z.int().describe('By somebody'),
  successRate: z
    .number()
    .exactOptional()
    .describe('Completed of all that have ended; left out where none has'),
  helped: z.int().describe('Have looked whether what they did has helped, and it has'),
  notHelped: z.int(),
  refused: z.int().describe('People refused what they wanted to do'),
  notNeeded: z.int().describe('The incident was over before they had changed anything'),
  falsePositives: z.int().describe('Stopped, refused or not needed, each run once'),
  acknowledged: spanShape.describe('Of the incidents that they were about'),
  resolved: spanShape,
});
const groupShape = z.object({ incidents: z.int(), acknowledged: spanShape, resolved: spanShape });

export const numbersOfIncidents = defineOperation({
  name: 'incidents.numbers',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /numbers',
  summary:
    'How long incidents waited to be acknowledged and resolved, with and without Baton having changed something, and what became of the runs of each workflow',
  within: ['services'],
  input: z.strictObject({
    service: z.string().min(1).max(100).optional().describe("A PagerDuty service's id"),
    days: z.int().min(1).max(366).default(90).describe('Of incidents that began in so many days'),
  }),
  output: z.object({
    days: z.int(),
    withAutomation: groupShape,
    withoutAutomation: groupShape,
    workflows: z.array(runsShape).describe('By name'),
  }),
  async run({ service, days }, { store, principal }) {
    const { services } = principal.scope ?? {};
    const asked = service === undefined ? services : (services ?? [service]).filter((id) => id === service);
    const since = new Date(Date.now() - days * dayMs).toISOString();
    const all = await store.timesOfIncidents({ services: asked, since, limit: mostIncidents });
    const runs = await store.runsByWorkflow({ services: asked, since });
    const about = await store.incidentsByWorkflow(
      all.map(({ id }) => id),
      since,
    );
    return {
      days,
      withAutomation: groupOf(all.filter(({ automated }) => automated)),
      withoutAutomation: groupOf(all.filter(({ automated }) => !automated)),
      workflows: runs.map((each) => {
        const ids = new Set(about.filter(({ workflow }) => workflow === each.workflow).map(({ id }) => id));
        const { acknowledged, resolved } = groupOf(all.filter(({ id }) => ids.has(id)));
        const ended = each.runs - each.live;
        return {
          ...each,
          ...(ended === 0 ? {} : { successRate: Math.round((each.completed / ended) * 1_000) / 1_000 }),
          acknowledged,
          resolved,
        };
      }),
    };
  },
});

function groupOf(all: readonly IncidentTimes[]): z.input<typeof groupShape> {
  const seconds = (end: (times: IncidentTimes) => string | undefined) =>
    all.flatMap((times) => {
      const at = end(times);
      return at === undefined ? [] : [Math.max(0, (Date.parse(at) - Date.parse(times.createdAt)) / 1_000)];
    });
  return {
    incidents: all.length,
    acknowledged: spanOf(seconds(({ acknowledgedAt }) => acknowledgedAt)),
    resolved: spanOf(seconds(({ resolvedAt }) => resolvedAt)),
  };
}

function spanOf(seconds: readonly number[]): z.input<typeof spanShape> {
  const sorted = seconds.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) return { count: 0 };
  return { count: sorted.length, medianSeconds: Math.round(((low + high) / 2) * 10) / 10 };
}
