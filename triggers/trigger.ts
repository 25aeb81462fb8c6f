import { type DataOf, type Event, type EventType, isFired } from '../domain/event.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';

/** What a trigger says to an event: start this run, or the condition that said no. */
export type Answer = { start: string; id: string; input: unknown } | { no: string };

/** A trigger, with its types forgotten: what the dispatcher asks. */
export interface Trigger {
  name: string;
  on: readonly EventType[];
  workflow: string;
  /** `subject`: at most one live run per subject, which later events join. `event`: each event is its own. */
  each: 'subject' | 'event';
  whenResolved: 'stop' | 'continue';
  schedule?: Schedule;
  /** Pure. Throws only where a condition or `input` has a fault. */
  respond(event: Event): Answer;
  /** What the run is about, for the key under which a failed run pages. */
  target(event: Event): string;
}

/** When a schedule makes an event. `overlap`: what happens while a run of the last time is still live. */
export interface Schedule {
  /** Five fields, as in crontab(5). */
  cron: string;
  /** IANA name. UTC when left out. */
  timeZone?: string;
  overlap?: 'skip' | 'allow';
}

interface Declaration<Type extends EventType, Input> {
  name: string;
  /** The event types that it answers. No other event can start its workflow. */
  on: Type | readonly Type[];
  /** Named conditions. Each must hold; the first that does not is the reason in the record. */
  when?: Record<string, (data: DataOf<Type>, event: Event<Type>) => boolean>;
  /** The workflow to run. */
  run: (input: Input) => Promise<unknown>;
  input: (data: DataOf<Type>, event: Event<Type>) => NoInfer<Input>;
  /** What the run is about: an instance, a deployment. The incident's service when left out. */
  target?: (data: DataOf<Type>, event: Event<Type>) => string;
  /** `event`: each event starts its own run, as a click does. */
  each?: 'event';
  /** `continue`: a run goes on when a person resolves the incident. */
  whenResolved?: 'continue';
  schedule?: Schedule;
}

/** Declares a trigger; throws where it names an event that never comes. Conditions and `input` are pure functions of the event, so one call tests the whole of it. */
export function defineTrigger<const Type extends EventType, Input>(
  declaration: Declaration<Type, Input>,
): Trigger {
  const { name, run, each = 'subject', whenResolved = 'stop', schedule } = declaration;
  const on: readonly EventType[] = typeof declaration.on === 'string' ? [declaration.on] : declaration.on;
  const never = on.filter((type) => !isFired(type));
  if (never.length > 0)
    throw new Error(
      `The trigger ${name} would never fire: there are no events of the type ${never.join(', ')}. See EventType in triggers/event.ts.`,
    );
  const names = (event: Event): event is Event<Type> => on.includes(event.type);
  return {
    name,
    on,
    workflow: run.name,
    each: schedule?.overlap === 'allow' ? 'event' : each,
    whenResolved,
    ...(schedule ? { schedule } : {}),
    respond(event) {
      if (!names(event)) return { no: `is a ${on.join(' or ')} event` };
      const data = event.data as DataOf<Type>;
      for (const [condition, holds] of Object.entries(declaration.when ?? {}))
        if (!holds(data, event)) return { no: condition };
      return { start: run.name, id: runId(name, event, each), input: declaration.input(data, event) };
    },
    target(event) {
      if (!names(event)) return '';
      const data = event.data as DataOf<Type>;
      return declaration.target?.(data, event) ?? serviceOf(data);
    },
  };
}

/**
 * `<trigger>/<incident id>`, or `<trigger>/<event id>` where there is no incident or each event is its own. Equal events
 * give equal ids, so a repeated delivery starts nothing new. Of another connection than `default`, its name stands before the id: two
 * accounts may use one id.
 */
function runId(trigger: string, event: Event, each: 'subject' | 'event'): string {
  const isAboutIncident = event.type.startsWith('pagerduty.incident.') && event.subject !== undefined;
  const id = subjectOf(event.connection ?? defaultConnection, event.id);
  return `${trigger}/${each === 'subject' && isAboutIncident ? event.subject : id}`;
}

function serviceOf(data: unknown): string {
  const { service } = (data ?? {}) as { service?: { name?: string } };
  return service?.name ?? '';
}
