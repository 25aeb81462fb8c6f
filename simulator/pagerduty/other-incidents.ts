import type { Express, Request } from 'express';
import type { Account } from './account.ts';
import type { Incident } from './world.ts';

/** The lists of incidents that are like one: earlier ones of its service, and open ones of others. */
export function mountOtherIncidents(
  app: Express,
  { world }: Account,
  incidentOf: (request: Request) => Incident,
): void {
  const query = (request: Request) => new URL(request.originalUrl, 'http://simulator').searchParams;
  const otherShape = ({ id, title, createdAt }: Incident) => ({
    id,
    created_at: `${createdAt.slice(0, 19)}Z`,
    self: `https://api.pagerduty.com/incidents/${id}`,
    title,
  });
  /** What a title says, whatever host or number it names. */
  const kindOf = ({ title }: Incident) => title.toLowerCase().replaceAll(/\b\S*\d\S*/g, '');

  app.get('/incidents/:id/past_incidents', (request, response) => {
    const incident = incidentOf(request);
    const limit = Number(query(request).get('limit') ?? 5);
    const past = world.incidents
      .slice(0, world.incidents.indexOf(incident))
      .filter((it) => it.serviceId === incident.serviceId && kindOf(it) === kindOf(incident))
      .toReversed();
    const past_incidents = past.slice(0, limit).map((it) => ({ incident: otherShape(it), score: 46.8 }));
    const total = query(request).get('total') === 'true' ? { total: past.length } : {};
    response.json({ past_incidents, ...total, limit });
  });

  app.get('/incidents/:id/related_incidents', (request, response) => {
    const incident = incidentOf(request);
    const related = world.incidents
      .filter((it) => it.status !== 'resolved' && it.serviceId !== incident.serviceId)
      .filter((it) => kindOf(it) === kindOf(incident))
      .toReversed();
    const relationships = [
      { type: 'machine_learning_inferred', metadata: { grouping_classification: 'similar_contents' } },
    ];
    response.json({
      related_incidents: related.slice(0, 20).map((it) => ({ incident: otherShape(it), relationships })),
    });
  });
}
