import { isDrill } from './drill.ts';
import { defaultConnection } from './subject.ts';

/**
 * What the new incidents of a storm have in common: account, service and urgency. Undefined for every event that tells of no new incident, and
 * for a drill, which is no part of a storm and joins none.
 * An envelope that lies in the store was read by any version, so nothing is taken for granted.
 */
export function stormOf(envelope: unknown): string | undefined {
  const { type, connection = defaultConnection, data } = (envelope ?? {}) as Envelope;
  if (type !== 'pagerduty.incident.triggered' || isDrill(data)) return undefined;
  const { urgency, service } = data ?? {};
  const isKnown = typeof service?.id === 'string' && service.id !== '' && typeof urgency === 'string';
  return isKnown ? `${connection} ${service.id} ${urgency}` : undefined;
}

interface Envelope {
  type?: unknown;
  connection?: string;
  data?: { urgency?: unknown; service?: { id?: unknown } | null } | null;
}
