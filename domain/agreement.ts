import type { RunMode } from './mode.ts';
import { detailOf, type RecordRow } from './record.ts';

/** What became of a destructive change that a run would have made. `not known`: people said nothing, and nobody made it. */
export type Verdict = 'done' | 'refused' | 'not known';

/** A destructive change that a run would have made, or has asked for. */
export interface WouldDo {
  activity: string;
  targets: readonly string[];
  verdict: Verdict;
  /** Who had it done, or refused it. */
  by?: string;
}

/** A run that watched, proposed, or asked, with what it would have done. */
export interface AskedRun {
  /** What the run was about: an incident. */
  incident: string;
  run: string;
  mode: RunMode;
  at: string;
  changes: WouldDo[];
}

/** How often people have done what the runs of a trigger would have done. */
export interface Agreement {
  trigger: string;
  done: number;
  refused: number;
  notKnown: number;
  /** Of those that are known: done. Missing where none is. */
  rate?: number;
  runs: AskedRun[];
}

/** The lines that this is told by. */
export const agreementActions = [
  'run.started',
  'activity.planned',
  'activity.intended',
  'activity.completed',
  'approval.asked',
  'approval.answered',
] as const;

/** The modes in which a run does not act by itself alone. */
export const askingModes: readonly RunMode[] = ['observe', 'propose', 'approve'];

interface Change {
  activity: string;
  targets: readonly string[];
}

/** A change that was made in an incident by people's word: by hand, or by an approval. */
interface Made extends Change {
  run: string;
  subject: string;
  at: string;
  by: string;
}

const isSame = (one: Change, other: Change) =>
  one.activity === other.activity && one.targets.some((target) => other.targets.includes(target));

/**
 * The agreement of each trigger, by its name, from lines of the record, in any order: those that Baton reads, or those of an export. The
 * same lines give the same. `since`: runs that began before this are left out.
 */
export function agreementsIn(lines: readonly RecordRow[], since = ''): Agreement[] {
  const inOrder = lines.toSorted((one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity));
  const made = madeByPeople(inOrder);
  const answers = answersIn(inOrder);
  const planned = Map.groupBy(
    inOrder.flatMap((line) => plannedIn(line) ?? []),
    ({ run }) => run,
  );
  const byTrigger = new Map<string, AskedRun[]>();
  for (const line of inOrder) {
    const { run, mode, drill } = detailOf(line, 'run.started') ?? {};
    const changes = run === undefined ? [] : distinct(planned.get(run) ?? []);
    // What people do in a drill says nothing of what they do when something is wrong.
    if (drill || run === undefined || !mode || !askingModes.includes(mode)) continue;
    if (line.at < since || changes.length === 0) continue;
    const trigger = line.actor.replace(/^trigger:/, '');
    const verdictOf = (change: Change & { at: string }): WouldDo => {
      const { activity, targets } = change;
      const own = answers.filter((answer) => answer.run === run && isSame(answer, change));
      const yes = own.findLast(({ decision }) => decision === 'approved');
      const other = made.find(
        (each) =>
          each.run !== run && each.subject === line.subject && each.at >= change.at && isSame(each, change),
      );
      const no = own.findLast(({ decision }) => decision === 'refused');
      const found = yes ?? other ?? no;
      const verdict = yes || other ? 'done' : no ? 'refused' : 'not known';
      return { activity, targets, verdict, ...(found ? { by: found.by } : {}) };
    };
    const asked = { incident: line.subject, run, mode, at: line.at, changes: changes.map(verdictOf) };
    byTrigger.set(trigger, [...(byTrigger.get(trigger) ?? []), asked]);
  }
  return [...byTrigger]
    .map(([trigger, runs]) => ({ trigger, ...countsOf(runs), runs }))
    .sort((one, other) => (one.trigger < other.trigger ? -1 : 1));
}

function countsOf(runs: readonly AskedRun[]): Omit<Agreement, 'trigger' | 'runs'> {
  const count = (wanted: Verdict) =>
    runs.flatMap(({ changes }) => changes).filter(({ verdict }) => verdict === wanted).length;
  const [done, refused] = [count('done'), count('refused')];
  const known = done + refused;
  return { done, refused, notKnown: count('not known'), ...(known > 0 ? { rate: done / known } : {}) };
}

function plannedIn(line: RecordRow): (Change & { run: string; at: string }) | undefined {
  const detail = detailOf(line, 'activity.planned');
  const { run, activity, kind, targets } = detail ?? {};
  if (!detail || !('plan' in detail) || kind !== 'destructive' || !run || !activity || !targets)
    return undefined;
  return { run, activity, targets, at: line.at };
}

/** A run looks at one change more than once: when it plans, and when it asks. */
const distinct = <Planned extends Change>(changes: readonly Planned[]): Planned[] =>
  changes.filter((change, index) => !changes.slice(0, index).some((before) => isSame(before, change)));

/** What people have said to each change that they were asked about. The last word closes an approval; those before it count too. */
function answersIn(lines: readonly RecordRow[]) {
  const asked = new Map<string, readonly Change[]>();
  for (const line of lines) {
    const { approval, calls } = detailOf(line, 'approval.asked') ?? {};
    if (approval !== undefined && calls) asked.set(approval, calls);
  }
  return lines.flatMap((line) => {
    const { approval = '', run = '', state } = detailOf(line, 'approval.answered') ?? {};
    if (state !== 'approved' && state !== 'refused') return [];
    return (asked.get(approval) ?? []).map(({ activity, targets }) => ({
      run,
      activity,
      targets,
      decision: state,
      by: line.actor,
    }));
  });
}

/** Each change that was made in a run by hand, or by an approval. */
function madeByPeople(lines: readonly RecordRow[]): Made[] {
  const byHand = new Set<string>();
  const targets = new Map<string, readonly string[]>();
  for (const line of lines) {
    const started = detailOf(line, 'run.started');
    if (started?.run !== undefined && started.event === undefined) byHand.add(started.run);
    const intended = detailOf(line, 'activity.intended');
    if (intended?.key !== undefined && intended.targets) targets.set(intended.key, intended.targets);
  }
  return lines.flatMap((line) => {
    const { key = '', run = '', activity = '', kind, approval } = detailOf(line, 'activity.completed') ?? {};
    const acted = targets.get(key);
    if (kind !== 'destructive' || !acted || (approval === undefined && !byHand.has(run))) return [];
    return [{ run, activity, targets: acted, subject: line.subject, at: line.at, by: line.actor }];
  });
}
