import type { Kind } from './kind.ts';
import type { WorkerBuild } from './run.ts';

/** Which changes of a workflow are told: those that are neither harmless nor reversible, all at what is run for users, or none. */
export const journalScopes = ['destructive', 'all', 'none'] as const;
export type JournalScope = (typeof journalScopes)[number];

/** Which changes of a workflow PagerDuty is told of, as change events. What it leaves out, the policy of `all` says. */
export interface JournalPolicy {
  /** Its name, or `all`. */
  workflow: string;
  changes?: JournalScope;
  /** The PagerDuty connection by whose routing key it is told. */
  connection?: string;
}

/** They tell people and keep tickets, which PagerDuty shows by itself or nobody looks for beside an incident: their changes would be noise. */
const tellsPeople: readonly string[] = ['pagerduty', 'slack', 'jira', 'github', 'baton'];

/** How a change is to be told; undefined: it is not. */
export function journalRules(
  { workflow, kind, provider }: { workflow: string; kind: Kind; provider: string },
  policies: readonly JournalPolicy[],
): { connection?: string } | undefined {
  const { changes, ...rules } = journalScopeFor(workflow, policies);
  const isTold =
    kind === 'destructive'
      ? changes !== 'none'
      : kind === 'change' && changes === 'all' && !tellsPeople.includes(provider);
  return isTold ? rules : undefined;
}

/** Which changes of a workflow are told: by its own policy, else by that of `all`, else none. */
export function journalScopeFor(
  workflow: string,
  policies: readonly JournalPolicy[],
): { changes: JournalScope; connection?: string } {
  const all = policies.find((each) => each.workflow === 'all');
  const own = policies.find((each) => each.workflow === workflow);
  const connection = own?.connection ?? all?.connection;
  return {
    changes: own?.changes ?? all?.changes ?? 'none',
    ...(connection === undefined ? {} : { connection }),
  };
}

/** A change that was made, as PagerDuty is to be told of it. Without secrets. */
export interface JournalEntry {
  /** What was done to what, for whom, and who has approved it. */
  summary: string;
  at: string;
  run: string;
  workflow: string;
  activity: string;
  targets: readonly string[];
  /** On whose behalf, as record entries name it. */
  by: string;
  approvedBy?: readonly string[];
  /** As the plan has told them; what is long is cut. */
  before?: unknown;
  after?: unknown;
  /** The subject of its run, under which the record tells of it. */
  subject: string;
  incident?: { id: string; number?: number; url?: string; serviceId: string };
  /** The account of the incident. */
  account: string;
  /** By whose routing key it is told, where a policy or a route says so. */
  connections: readonly string[];
  worker?: WorkerBuild;
}

const mostCharacters = 8_000;

/** A value as JSON, or the beginning of its text where it is long. */
export function shortened(value: unknown): unknown {
  const text = JSON.stringify(value) ?? '';
  return text.length <= mostCharacters ? value : `${text.slice(0, mostCharacters).toWellFormed()}…`;
}
