import { findWorkloads } from './kubernetes-names.ts';

/** How monitors and people say that there is more to do than there are pods for. */
const sayings = [
  /\b(?:high|heavy|excessive|peak|sustained|elevated)\s{1,3}(?:cpu|load|traffic|concurrency|request\s{1,3}rate)\b(?!\s{0,3}(?:time|balanc))/i,
  /\bcpu\b[^.;]{0,40}?(?:\b(?:high|above|over|exceed\w{0,3}|saturat\w{0,4}|throttl\w{0,4})\b|>=?\s{0,3}\d|\b\d{2,3}\s{0,1}%)/i,
  /\bCPUThrottlingHigh\b/,
  /\bsaturat(?:ed|ion|ing)\b/i,
  /\boverload(?:ed|ing)?\b/i,
  /\b(?:at|over)\s{1,3}(?:full\s{1,3}|max(?:imum)?\s{1,3})?capacity\b/i,
  /\b(?:traffic|load)\s{1,3}(?:spike|surge|peak)s?\b/i,
  /\brequests?\b[^.;]{0,30}\b(?:queued|queueing|queue\s{1,3}up|back(?:ed)?\s{1,3}up)\b/i,
];
/** There is none. */
const none =
  /\b(?:no|not|without|never|low)\s{1,3}(?:\w{1,12}\s{1,3})?(?:cpu|load|traffic|saturat\w{0,4}|overload\w{0,3})\b/i;
/** What more pods do not mend, or make worse: what they all share, what they stand on, and what each of them holds. */
const others =
  /\b(?:disks?|volumes?|storage|inodes?|file\s?systems?|pvcs?|memory|mem|oom\w{0,8}|swap|heap|gpus?|databases?|db|postgres\w{0,4}|mysql|mariadb|redis|mongo\w{0,3}|elasticsearch|kafka|rabbitmq|connections?\s{1,3}pools?|pool\s{1,3}connections?|nodes?|hosts?|ec2|instances?|quotas?|rate\s{1,3}limit\w{0,4}|network|bandwidth|overcommit\w{0,3}|certificates?)\b|(?<![A-Za-z])Node[A-Z]|\bKube(?:CPU|Memory)Overcommit|(?<![A-Za-z0-9])i-[0-9a-f]{8,17}\b/i;
const ofPods =
  /\b(?:pods?|deployments?|containers?|replicas?|kubernetes|k8s|namespaces?)\b|(?<![A-Za-z])Kube[A-Z]|\bCPUThrottlingHigh\b/i;

/** A title says it in its beginning. */
const maxTitle = 4096;

/** Whether a title reports that what runs has more to do than it can. */
export function saysSaturation(title: string): boolean {
  const text = title.slice(0, maxTitle);
  return !none.test(text) && sayings.some((saying) => saying.test(text));
}

/** Whether it is about something that more pods do not mend. */
export const isNotMendedByPods = (title: string): boolean => others.test(title.slice(0, maxTitle));

/** Whether a title speaks of what runs as pods. */
export const speaksOfPods = (title: string): boolean =>
  ofPods.test(title.slice(0, maxTitle)) || findWorkloads(title, []).workloads.length > 0;
