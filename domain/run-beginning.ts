import type { RunCause } from './incident.ts';
import type { RunBeginning } from './run.ts';

/** The operation by which people and programs start a run: no event has called for it. */
const startOperation = 'runs.start';

type Told = {
  [Name in 'trigger' | 'by' | 'startedBy' | 'eventId' | 'eventType']?: RunCause[Name] | undefined;
};

/** Who has started a run that no trigger has started by itself: it was asked for in Slack, or started by hand. */
export type StartedBy = 'person' | 'token' | 'baton';

/** Undefined: a trigger has started it by itself. */
export function startedByIn(cause: Told): StartedBy | undefined {
  const { kind } = behalfOf(cause);
  return kind === 'trigger' ? undefined : kind;
}

/** On whose behalf a run is done: of whoever asked for it or started it, else of its trigger. */
export function behalfOf({ by, startedBy, trigger = 'none' }: Told): {
  kind: 'person' | 'token' | 'baton' | 'trigger';
  name: string;
} {
  if (startedBy) return { kind: startedBy.kind, name: startedBy.name };
  return by ? { kind: 'person', name: by.name } : { kind: 'trigger', name: trigger };
}

/** What began a run, as its cause tells it. A cause that lies in the store may be of any version. */
export function beginningOf(cause: Told): RunBeginning {
  const { kind, name } = behalfOf(cause);
  const { startedBy, eventId, eventType } = cause;
  const by = startedBy
    ? { operation: startOperation }
    : eventId !== undefined && eventType !== undefined
      ? { event: { id: eventId, type: eventType } }
      : {};
  return { ...by, actor: `${kind}:${name}` };
}
