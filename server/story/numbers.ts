import type { Event } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Step } from '../../domain/story/step.ts';

/** How long an incident has waited for people, as far as events have told. */
export interface Numbers {
  triggeredAt?: string;
  acknowledgedAt?: string;
  acknowledgedBy?: string;
  acknowledgedAfterSeconds?: number;
  resolvedAt?: string;
  resolvedBy?: string;
  resolvedAfterSeconds?: number;
  withAutomation: boolean;
}

/** From when it was triggered to its first acknowledgement, and to the resolve after which nothing has reopened it. */
export function numbersOf(entries: readonly Pick<Step, 'kind'>[], events: readonly Event[]): Numbers {
  const sorted = events.toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time));
  const ofType = (verb: string) => sorted.filter(({ type }) => type === `pagerduty.incident.${verb}`);
  const created = sorted
    .map(({ type, data }) =>
      type.startsWith('pagerduty.incident.') ? (data as Partial<Incident> | null)?.createdAt : undefined,
    )
    .find((time) => time !== undefined);
  const triggeredAt = created ?? ofType('triggered')[0]?.time;
  const acknowledged = ofType('acknowledged')[0];
  const resolved = ofType('resolved').at(-1);
  const reopened = ofType('reopened').at(-1);
  const isOver = resolved && (!reopened || Date.parse(reopened.time) <= Date.parse(resolved.time));
  const after = (event: Event | undefined) =>
    event && triggeredAt !== undefined
      ? Math.max(0, Math.round((Date.parse(event.time) - Date.parse(triggeredAt)) / 100) / 10)
      : undefined;
  return {
    ...(triggeredAt === undefined ? {} : { triggeredAt }),
    ...told('acknowledged', acknowledged, after(acknowledged)),
    ...(isOver ? told('resolved', resolved, after(resolved)) : {}),
    withAutomation: entries.some(({ kind }) => kind === 'changed'),
  };
}

function told<What extends 'acknowledged' | 'resolved'>(
  what: What,
  event: Event | undefined,
  seconds: number | undefined,
): { [Key in `${What}At` | `${What}By`]?: string } & { [Key in `${What}AfterSeconds`]?: number } {
  if (!event) return {} as ReturnType<typeof told<What>>;
  return {
    [`${what}At`]: event.time,
    ...(event.agent ? { [`${what}By`]: event.agent.name } : {}),
    ...(seconds === undefined ? {} : { [`${what}AfterSeconds`]: seconds }),
  } as ReturnType<typeof told<What>>;
}
