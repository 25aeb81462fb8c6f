import { isRegion } from './kubernetes-slashes.ts';
import { isNamespace, isObjectName, isReplicaPod, type NamedWorkload, prose } from './kubernetes-words.ts';

/** What stands in brackets or among labels and names nothing. */
const marks = new Set(
  (
    'firing alert alerting triggered critical warning error info information none page high medium low urgent sev1 sev2 sev3 ' +
    'sev4 p0 p1 p2 p3 p4 p5 k8s kubernetes kube prometheus alertmanager grafana datadog newrelic zabbix sentry cloudwatch'
  ).split(' '),
);
const isName = (word: string | undefined): word is string =>
  isObjectName(word) && !prose.has(word) && !marks.has(word) && /[a-z]/.test(word);

/** `[shop] Pod … is crash looping`: what the title begins with may be the namespace. */
export function namespacesInBrackets(text: string): string[] {
  const [begin = ''] = /^(?:\s{0,3}\[[^\][]{1,80}\]){1,5}/.exec(text) ?? [];
  return begin.split(/[\][\s]+/).filter((word) => isNamespace(word) && isName(word) && !isRegion(word));
}

/** Alertmanager lists the labels' values in the order of their names: the namespace stands before the pod. */
export const listedPods = (words: readonly string[]): NamedWorkload[] => podsAmong(words, isReplicaPod);

function podsAmong(words: readonly string[], isPod: (word: string) => boolean): NamedWorkload[] {
  return words.flatMap((name, index) => {
    const namespace = words[index - 1];
    if (!isObjectName(name) || !isPod(name) || !isNamespace(namespace) || !isName(namespace)) return [];
    return [{ namespace, name, kind: 'Pod' as const }];
  });
}

/** As deployments, stateful sets and daemon sets name their pods. */
const looksLikePod = (word: string) =>
  isReplicaPod(word) || /^[a-z].{0,250}-(?:\d{1,3}|[bcdfghjklmnpqrstvwxz2456789]{5})$/.test(word);

const alertName =
  /\b(?:Kube|Pod|Crash|Container)[a-z]{0,20}[A-Z]\w{0,60}((?:\s{1,3}[a-z0-9-]{1,63}){0,3})\s{0,3}\(([^()]{1,500})\)/;

/** `[FIRING:1] (KubePodCrashLooping web shop …)`, where alerts are not grouped by their name. */
const alertNameInBrackets =
  /()\(\s{0,3}(?:Kube|Pod|Crash|Container)[a-z]{0,20}[A-Z]\w{0,60}\s{1,3}([^()]{1,500})\)/;

/**
 * `KubePodCrashLooping (web shop orders-db-0 …)`: container, namespace and pod, as kube-prometheus has them; the container can be
 * missing, and the namespace can stand before the bracket, where alerts are grouped by it.
 */
export function listedAfterAlertName(text: string): NamedWorkload[] {
  const [, grouped = '', inBrackets = ''] = alertName.exec(text) ?? alertNameInBrackets.exec(text) ?? [];
  const values = inBrackets.split(/[\s,]+/);
  const [where, ...more] = grouped.split(/\s+/).filter(isName);
  const end = values.findIndex((word) => !isName(word));
  const names = end < 0 ? values : values.slice(0, end);
  if (where !== undefined && isNamespace(where)) {
    const [name] = more.length > 0 ? more : names.slice(-1);
    return name !== undefined && names.length < 3 ? [{ namespace: where, name, kind: 'Pod' }] : [];
  }
  const byLooks = podsAmong(values, looksLikePod).slice(-1);
  if (byLooks.length > 0 || names.length !== 3) return byLooks;
  const [, namespace, name] = names;
  return isNamespace(namespace) && name !== undefined ? [{ namespace, name, kind: 'Pod' }] : [];
}
