import { z } from 'zod';
import type { IncidentTimes } from '../../store/incident-times.ts';
import { defineOperation } from './operation.ts';

const mostIncidents = 2_000;
const dayMs = 86_400_000;

const spanShape = z.object({
  count: z.int(),
  medianSeconds: z.number().exactOptional().describe('Left out where there is none'),
});
const groupShape = z.object({ incidents: z.int(), acknowledged: spanShape, resolved: spanShape });

export const numbersOfIncidents = defineOperation({
  name: 'incidents.numbers',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /numbers',
  summary:
    'How long incidents waited to be acknowledged and resolved, with and without Baton having changed something',
  within: ['services'],
  input: z.strictObject({
    service: z.string().min(1).max(100).optional().describe("A PagerDuty service's id"),
    days: z.int().min(1).max(366).default(90).describe('Of incidents that began in so many days'),
  }),
  output: z.object({
    days: z.int(),
    withAutomation: groupShape,
    withoutAutomation: groupShape,
  }),
  async run({ service, days }, { store, principal }) {
    const { services } = principal.scope ?? {};
    const asked = service === undefined ? services : (services ?? [service]).filter((id) => id === service);
    const since = new Date(Date.now() - days * dayMs).toISOString();
    const all = await store.timesOfIncidents({ services: asked, since, limit: mostIncidents });
    return {
      days,
      withAutomation: groupOf(all.filter(({ automated }) => automated)),
      withoutAutomation: groupOf(all.filter(({ automated }) => !automated)),
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
