import type { Steps } from './activities.ts';
import type { FoundPods, Pod } from './kubernetes-pods.ts';

type Result<Name extends keyof Steps> = Awaited<ReturnType<Steps[Name]>>;
type Workload = Result<'readKubernetesWorkload'>;
type Revision = Result<'listKubernetesRevisions'>['revisions'][number];

/** What people may be asked to have done about a deployment whose pods crash, and what speaks for it; or why there is nothing to offer. */
export type Remedy =
  | { kind: 'roll back'; deployment: string; toRevision: number; because: string }
  | { kind: 'restart'; deployment: string; because: string }
  | { kind: 'none'; because: string };

/** What was seen of a deployment whose pods crash. */
export interface Seen extends Pick<FoundPods, 'pods' | 'truncated'> {
  deployment: string;
  workload: Workload;
  revisions: readonly Revision[];
  /** When the incident began, as PagerDuty has it. */
  reportedAt: string;
}

const minute = 60_000;
/** A crash is reported some minutes after it began, and a rollout takes its time. What comes later has another cause. */
const blamedFor = 120 * minute;
/** A revision that was there for so long worked. */
const provenAfter = 30 * minute;

/**
 * A roll-back is offered where the crash began with the newest revision, and the one before had worked. A restart is offered where the
 * revision itself had worked and something around it may have changed, which only new pods take up.
 */
export function remedyFor({ deployment, workload, pods, revisions, reportedAt, truncated }: Seen): Remedy {
  const none = (because: string): Remedy => ({ kind: 'none', because });
  if (workload.keeper)
    return none(`${workload.keeper} keeps it as it is written there and would put it back: change it there`);
  if (workload.paused) return none('the deployment is paused, so neither would begin');
  const failing = pods.filter(isFailing);
  if (failing.length === 0) return none('none of its pods crashes now');
  if (truncated) return none('not all of its pods could be read');
  const [newest, previous] = revisions;
  const [reported, began] = [Date.parse(reportedAt), Date.parse(newest?.createdAt ?? '')];
  const age = reported - began;
  if (!newest || Number.isNaN(age)) return none('it is not known since when its newest revision is there');
  // A roll-back takes up the replica set of before, which keeps the moment at which it was made.
  if (began < Date.parse(previous?.createdAt ?? ''))
    return none(`revision ${newest.revision} was rolled back to, and since when is not known`);
  if (age < 0) return none(`its newest revision ${newest.revision} began after the incident`);

  if (age <= blamedFor) {
    const since = `revision ${newest.revision} began ${inWords(age)} before the incident`;
    const other = failing.find(({ owner }) => owner?.name !== newest.name);
    if (other) return none(`${since}, but ${other.name} crashes too and is not of it`);
    const proven = began - Date.parse(previous?.createdAt ?? '');
    if (!previous) return none(`${since}, and there is none before it`);
    if (!(proven >= provenAfter))
      return none(`${since}, and it is not seen that revision ${previous.revision} before it had worked`);
    const because = `${since}, all pods that crash are of it, and revision ${previous.revision} was there for ${inWords(proven)} before`;
    return { kind: 'roll back', deployment, toRevision: previous.revision, because };
  }
  const hopeless = failing.map(whyNoRestart).find((why) => why !== undefined);
  if (hopeless)
    return none(
      `revision ${newest.revision} is older than the crash, and a restart does not help: ${hopeless}`,
    );
  return {
    kind: 'restart',
    deployment,
    because:
      `revision ${newest.revision} had worked for ${inWords(age)}, so something around it has changed, such as a ConfigMap, a Secret, ` +
      'its node or what it has written: new pods take all that anew',
  };
}

type Container = Pod['containers'][number];

const isFailing = ({ ready, deleting, containers }: Pod): boolean =>
  !ready && !deleting && containers.some(isDown);

const isDown = ({ ready, waiting, restarts, lastState, init }: Container): boolean =>
  stuck.test(waiting ?? '') || (!(ready && !init) && restarts > 0 && (lastState?.exitCode ?? 0) !== 0);

/** The kubelet's words for a container that does not come up. */
const stuck =
  /^(?:CrashLoopBackOff|ImagePullBackOff|ErrImagePull|InvalidImageName|ErrImageNeverPull|CreateContainer(?:Config)?Error|RunContainerError)$/;

/** Why new pods would end like the old ones; undefined where they need not. */
function whyNoRestart({ name, containers }: Pod): string | undefined {
  const down = containers.filter(isDown);
  for (const { name: container, waiting = '', lastState } of down) {
    const of = `${container} of ${name}`;
    if (/^(?:.*Image.*)$/.test(waiting)) return `the image of ${of} cannot be had (${waiting})`;
    if (/^(?:CreateContainer|RunContainer)/.test(waiting))
      return `${of} cannot be made as it is described (${waiting})`;
    if (lastState?.reason === 'OOMKilled') return `${of} needs more memory than it may have (OOMKilled)`;
    if (lastState && [126, 127].includes(lastState.exitCode))
      return `the program of ${of} cannot be run (exit code ${lastState.exitCode})`;
  }
  return undefined;
}

function inWords(milliseconds: number): string {
  const minutes = Math.round(milliseconds / minute);
  if (minutes < 120) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
