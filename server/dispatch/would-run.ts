import type { Event } from '../../domain/event.ts';
import type { RunRow } from '../../domain/run.ts';
import { stormOf } from '../../domain/storm.ts';
import type { TriggerVerdict } from '../../domain/verdict.ts';
import type { MirroredIncident } from '../../store/events/dispatch.ts';
import type { NewIncident } from '../../store/events/storms.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { toldByLog } from '../pagerduty/log-entry.ts';
import { decide, type Plan } from './decide.ts';
import { gatheringsOf } from './storm.ts';

/**
 * What triggers would have said to these events, oldest first, and which runs they would have begun: decided as the dispatcher decides,
 * in memory. What a run would have done is not known, so it is taken to last until its incidents are resolved.
 */
export async function wouldRun(
  events: readonly Event[],
  triggers: readonly Trigger[],
): Promise<TriggerVerdict[]> {
  const memory = openMemory();
  const verdicts = new Map(triggers.map((trigger) => [trigger.name, newVerdict(trigger)]));
  for (const [place, event] of events.entries()) {
    const stored = { seq: place + 1, event };
    const situation = await memory.situation(event.subject ?? '');
    const gatherings = await gatheringsOf(stored, triggers, memory);
    const plan = decide(stored, situation, triggers, undefined, [], gatherings);
    memory.apply(stored, plan);
    for (const trigger of triggers) {
      const verdict = verdicts.get(trigger.name);
      if (verdict && trigger.on.includes(event.type)) note(verdict, event, plan);
    }
  }
  return [...verdicts.values()];
}

const newVerdict = ({ name, workflow, on }: Trigger): TriggerVerdict => ({
  trigger: name,
  workflow,
  isTold: on.some((type) => toldByLog.includes(type)),
  runs: [],
  joined: [],
  noes: {},
  failed: [],
});

function note(verdict: TriggerVerdict, { subject = '', time }: Event, plan: Plan): void {
  for (const { id, trigger, input, cause } of plan.starts)
    if (trigger === verdict.trigger)
      verdict.runs.push({ id, subject, at: time, target: cause.target, input });
  for (const { run } of plan.joins)
    if (run.startsWith(`${verdict.trigger}/`)) verdict.joined.push({ subject, run });
  for (const { trigger, answer, reason } of plan.answers) {
    if (trigger !== verdict.trigger) continue;
    if (answer === 'no') verdict.noes[reason] = (verdict.noes[reason] ?? 0) + 1;
    if (answer === 'failed') verdict.failed.push({ subject, reason });
  }
}

/** What the store knows of incidents and runs while the past goes by. */
function openMemory() {
  const incidents = new Map<string, MirroredIncident>();
  const runs = new Map<string, RunRow>();
  const runsOf = new Map<string, RunRow[]>();
  const newOfStorm = new Map<string, (NewIncident & { seq: number })[]>();
  /** The incidents for which a run cares. */
  const caredFor = new Map<string, string[]>();

  const endThose = (ids: readonly string[]) => {
    const isOver = (subject: string) => incidents.get(subject)?.status === 'resolved';
    for (const id of ids) {
      const run = runs.get(id);
      if (run && caredFor.get(id)?.every(isOver)) run.state = 'completed';
    }
  };

  return {
    async situation(subject: string) {
      const known = incidents.get(subject);
      return {
        ...(known ? { incident: known } : {}),
        ...(known?.gatheredBy ? { gatheredBy: known.gatheredBy } : {}),
        runs: runsOf.get(subject) ?? [],
      };
    },
    // Events come in their order, so all that are known were before.
    async newIncidents({ storm, most }: { storm: string; most: number }) {
      return (newOfStorm.get(storm) ?? []).slice(-most).toReversed();
    },
    gatheredBy: async () => [],
    findRun: async (id: string) => runs.get(id),

    apply({ seq, event }: { seq: number; event: Event }, plan: Plan) {
      const { subject = '', time } = event;
      const storm = stormOf(event);
      if (storm !== undefined) {
        if (!newOfStorm.has(storm)) newOfStorm.set(storm, []);
        newOfStorm.get(storm)?.push({ subject, time, isPending: false, seq });
      }
      if (plan.incident) incidents.set(subject, { ...incidents.get(subject), ...plan.incident });
      for (const { id, trigger, workflow, cause } of plan.starts) {
        const run: RunRow = {
          id,
          trigger,
          workflow,
          subject,
          target: cause.target,
          eventSeq: seq,
          state: 'running',
          createdAt: time,
        };
        runs.set(id, run);
        runsOf.set(subject, [...(runsOf.get(subject) ?? []), run]);
        caredFor.set(id, [subject]);
      }
      for (const { run } of plan.joins) caredFor.set(run, [...(caredFor.get(run) ?? []), subject]);
      const own = (runsOf.get(subject) ?? []).map(({ id }) => id);
      if (plan.incident?.status === 'resolved')
        endThose([...own, ...(incidents.get(subject)?.gatheredBy ?? [])]);
    },
  };
}
