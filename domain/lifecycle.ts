import { isDrill } from './drill.ts';
import type { RunCause } from './incident.ts';
import type { Details, EntryOf } from './record.ts';

/**
 * What subscribers can be told of, and which fields of its line they are told. What an activity was given and what it answered stays in the
 * record: it may hold anything.
 */
export const lifecycle = {
  'run.started': ['event', 'reason'],
  'run.restarted': ['event', 'reason'],
  'run.stuck': ['reason', 'message'],
  'run.went_on': [],
  'run.overdue': ['dueAt', 'whenOverdue'],
  'run.completed': ['outcome', 'healthy', 'verified'],
  'run.failed': ['outcome', 'healthy', 'verified', 'failure'],
  'run.timed_out': ['outcome', 'healthy', 'verified', 'failure'],
  'run.cancelled': ['outcome', 'healthy', 'verified'],
  'activity.scheduled': ['activity', 'kind', 'key', 'targets', 'scheduledAt'],
  'activity.started': ['activity', 'kind', 'key', 'targets', 'scheduledAt', 'attempt'],
  'activity.timed_out': ['activity', 'kind', 'key', 'targets', 'scheduledAt', 'failure'],
  'activity.cancelled': ['activity', 'kind', 'key', 'targets', 'scheduledAt'],
  'activity.intended': ['activity', 'kind', 'key', 'attempt', 'approval', 'targets'],
  'activity.completed': ['activity', 'kind', 'key', 'attempt', 'approval', 'summary'],
  'activity.failed': ['activity', 'kind', 'key', 'attempt', 'approval', 'failure'],
  'activity.refused': ['activity', 'kind', 'key', 'attempt', 'approval', 'failure'],
  'approval.asked': ['approval', 'digest', 'summary', 'required', 'expiresAt'],
  'approval.answered': ['approval', 'digest', 'state', 'decision', 'name', 'at', 'via', 'reason'],
  'approval.closed': ['approval', 'digest', 'state', 'because'],
  'question.asked': ['question', 'digest', 'summary', 'expiresAt'],
  'question.answered': ['question', 'digest', 'state', 'name', 'at', 'via', 'reason'],
  'question.closed': ['question', 'digest', 'state', 'because'],
} as const satisfies { [Name in keyof Details]?: readonly (keyof Details[Name])[] };

/** `run.failed`, `approval.asked`, … */
export type LifecycleType = keyof typeof lifecycle;
export const lifecycleTypes = Object.keys(lifecycle) as LifecycleType[];

/** One of them, or all of one kind. */
export type LifecyclePattern =
  | LifecycleType
  | (LifecycleType extends `${infer Kind}.${string}` ? `${Kind}.*` : never);

/** The types that a pattern means. */
export type Meant<Pattern extends LifecyclePattern> = Pattern extends `${infer Kind}.*`
  ? Extract<LifecycleType, `${Kind}.${string}`>
  : Pattern;

/** Whether a pattern means a type. */
export const means = (pattern: string, type: string): boolean =>
  pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));

/** The run that an event is about. A field is missing where it is not known, or not any more. */
export interface ToldRun {
  run?: string;
  workflow?: string;
  /** Of its workflow. */
  tags?: readonly string[];
  trigger?: string;
  /** What the run is about: an instance, a deployment. */
  target?: string;
  /** `stage` of the run's input, else its `environment`. */
  stage?: string;
  incident?: { id: string; title: string; url?: string };
  service?: { id: string; name: string };
  /** Left out: `auto`. One that observes or plans changes nothing. */
  mode?: string;
  /** Its incident is a drill. */
  drill?: true;
}

/** What an event of a type says. A field is missing where the line lacks it: it is of an older version, or was too long. */
export type LifecycleData<Type extends LifecycleType> = ToldRun &
  Partial<Pick<Details[Type], Extract<(typeof lifecycle)[Type][number], keyof Details[Type]>>>;

interface EventOf<Type extends LifecycleType> {
  specversion: '1.0';
  /** Of the line, so that the same event has the same one however often it is made. */
  id: string;
  /** The address of this Baton. */
  source: string;
  type: `baton.${Type}`;
  /** The incident, or what else it is about. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: LifecycleData<Type>;
}

/** A CloudEvent about what Baton does (https://github.com/cloudevents/spec). */
export type LifecycleEvent<Type extends LifecycleType = LifecycleType> = Type extends LifecycleType
  ? EventOf<Type>
  : never;

/** A line of the record that a subscriber can be told of. */
export type LifecycleLine = Pick<EntryOf<LifecycleType>, 'at' | 'action' | 'subject'> & {
  detail: Record<string, unknown>;
  hash: string;
};

/** A run as the store knows it. */
export interface KnownRun {
  id: string;
  workflow: string;
  trigger: string;
  target: string;
  input: unknown;
  cause: Partial<RunCause> | undefined;
}

/** The event that a line of the record is told as. Of the line `{ detail: { run } }` the run is `run`, where the store has it. */
export function lifecycleEvent(
  { at, action, subject, detail, hash }: LifecycleLine,
  run: KnownRun | undefined,
  source: string,
): LifecycleEvent {
  const fields: readonly string[] = lifecycle[action];
  const said = Object.fromEntries(fields.flatMap((name) => (name in detail ? [[name, detail[name]]] : [])));
  return {
    specversion: '1.0',
    id: `evt-${hash.slice(0, 32)}`,
    source,
    type: `baton.${action}`,
    subject,
    time: at,
    datacontenttype: 'application/json',
    data: { ...toldRun(detail, run), ...said },
    // Its type and its data are of one line.
  } as LifecycleEvent;
}

function toldRun({ run, workflow }: Record<string, unknown>, known: KnownRun | undefined): ToldRun {
  const { incident, mode, tags } = known?.cause ?? {};
  const stage = stageIn(known?.input);
  return {
    ...(typeof run === 'string' ? { run } : {}),
    ...(typeof workflow === 'string' ? { workflow } : {}),
    ...(known ? { workflow: known.workflow, trigger: known.trigger, target: known.target } : {}),
    ...(tags ? { tags } : {}),
    ...(stage === undefined ? {} : { stage }),
    ...(incident
      ? {
          incident: {
            id: incident.id,
            title: incident.title,
            ...(incident.url === undefined ? {} : { url: incident.url }),
          },
          service: { id: incident.service.id, name: incident.service.name },
        }
      : {}),
    ...(mode ? { mode } : {}),
    ...(isDrill(incident) ? { drill: true as const } : {}),
  };
}

/** Deployments and tests name it so. */
function stageIn(input: unknown): string | undefined {
  const { stage, environment } = (input ?? {}) as { stage?: unknown; environment?: unknown };
  return [stage, environment].find((each) => typeof each === 'string');
}
