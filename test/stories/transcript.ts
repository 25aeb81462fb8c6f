import type { RecordRow } from '../../domain/record.ts';
import type { Effect } from '../../simulator/simulator.ts';
import type { World } from '../world.ts';

/** What somebody did or saw, which no simulated provider keeps. */
export interface Step {
  at: string;
  who: string;
  did: string;
}

/** Who did and said what, in the order in which it happened, out of the simulated providers and Baton's record. */
export function transcriptOf(
  { slack, pagerDuty, jira, ec2 }: World,
  steps: readonly Step[],
  record: readonly RecordRow[],
): string {
  const all = [
    ...steps,
    ...[slack, pagerDuty, jira, ec2].flatMap(({ ledger }) => ledger.map((x) => ({ at: x.at, who: x.provider, did: JSON.stringify(x) }))),
    ...record.map((x) => ({ at: x.at, who: 'record', did: JSON.stringify([x.action, x.actor, x.detail]).slice(0, 300) })),
  ];
  return all
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .map(({ at, who, did }) => `${at.slice(11, 23)} ${who.padEnd(12)} ${did}`)
    .join('\n');
}
