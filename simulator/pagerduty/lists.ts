import type { Express, Request, Response } from 'express';
import type { Account } from './account.ts';
import { invalid, page, queryOf } from './page.ts';
import { type Past, withPast } from './past.ts';
import { shapes } from './shapes.ts';
import type { Incident, LogEntry } from './world.ts';

const sixMonthsMilliseconds = 184 * 24 * 3_600_000;
/** The overview of a log leaves out who was notified, and how. */
const isInOverview = ({ type }: LogEntry) => type !== 'notify_log_entry';

/**
 * The lists of all incidents, and of all that their logs say. Only who asks from a time on is shown what was before the first start: a
 * list without one tells how the account stands now.
 */
export function mountLists(
  app: Express,
  { world, shape }: Account,
  { incidentOf, past }: { incidentOf: (request: Request) => Incident; past: () => Past | undefined },
): void {
  const shownTo = (request: Request) => {
    const before = queryOf(request).has('since') ? past() : undefined;
    if (!before) return { ...world, shape };
    const whole = withPast(world, before);
    return { ...whole, shape: shapes(whole) };
  };

  app.get('/incidents', (request, response) => {
    const asked = queryOf(request);
    const wants = (name: string, value: string) =>
      !asked.has(`${name}[]`) || asked.getAll(`${name}[]`).includes(value);
    const key = asked.get('incident_key');
    const [since, until] = spanOf(request);
    if (
      asked.has('since') &&
      asked.has('until') &&
      Date.parse(until) - Date.parse(since) > sixMonthsMilliseconds
    )
      throw invalid('The time between since and until is more than six months');
    const shown = shownTo(request);
    const hasKey = (it: Incident) =>
      it.key === key || shown.alerts.some((alert) => alert.incidentId === it.id && alert.key === key);
    const found = shown.incidents
      .filter((it) => wants('statuses', it.status) && wants('service_ids', it.serviceId))
      .filter((it) => wants('urgencies', it.urgency) && (key === null || hasKey(it)))
      .filter((it) => !asked.has('user_ids[]') || it.assigneeIds.some((id) => wants('user_ids', id)))
      .filter((it) => it.createdAt >= since && it.createdAt <= until);
    const include = asked.getAll('include[]');
    if (asked.get('sort_by') === 'created_at:desc') found.reverse();
    page(request, response, 'incidents', found, (it) => shown.shape.incident(it, include));
  });

  /** Newest first. */
  const showLog = (
    request: Request,
    response: Response,
    { log, shape: shown }: { log: readonly LogEntry[]; shape: Account['shape'] },
  ) => {
    const asked = queryOf(request);
    const [since, until] = spanOf(request);
    const isOverview = asked.get('is_overview') === 'true';
    const found = log
      .filter((entry) => !isOverview || isInOverview(entry))
      .filter(({ at }) => at >= since && at <= until)
      .toReversed();
    page(request, response, 'log_entries', found, (entry) =>
      shown.logEntry(entry, asked.getAll('include[]')),
    );
  };
  app.get('/log_entries', (request, response) => showLog(request, response, shownTo(request)));
  app.get('/incidents/:id/log_entries', (request, response) => {
    const { id } = incidentOf(request);
    const log = world.log.filter(({ incidentId }) => incidentId === id);
    showLog(request, response, { log, shape });
  });
}

/** In the form in which the world keeps its times, so that they compare as texts. */
function spanOf(request: Request): [since: string, until: string] {
  const asked = queryOf(request);
  const time = (name: string, otherwise: string) => {
    const at = Date.parse(asked.get(name) ?? otherwise);
    if (Number.isNaN(at)) throw invalid(`${name} is no time`);
    return new Date(at).toISOString();
  };
  return [time('since', '1970-01-01'), time('until', '9999-01-01')];
}
