import { byState, isOverAlert } from './alert-over.ts';

/** Labels of one alert, as a text tells them. A name that a line says several times has several values. */
export type LabelBlock = Map<string, string[]>;

/** More than any alert has. */
const maxValues = 50;
const maxPairs = 500;
const maxLines = 2_000;

/** `exported-pod` and `exported_pod` are the same label, and `failing_pods` is a list of the label `pod`. */
export const plainName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^(?:affected|crashing|crashed|failing|failed|unhealthy|impacted)(?=[a-z])/, '')
    .replace(/^(namespace|pod|container|deployment|statefulset|daemonset|replicaset|cronjob|job)s$/, '$1');

/** Names that are a part of what stands under them, as in `pod: { name }`. All others, as `labels`, only say where it is. */
export const isSubject = (name: string) =>
  /^(?:kube|k8s|exported|namespace|ns$|pod|container|deployment|statefulset|daemonset|replicaset|cronjob|job|workload|owner|createdby|controller|involvedobject|regarding|object|node|service|cluster|host)/.test(
    name,
  );

/** What stands under these is not what the alert is about. */
export const isElsewhere = (name: string) =>
  /^(?:runbook|playbook|dashboard|docs?$|documentation|links?$|related|similar|previous|last|old|history|example|silence|inhibited|exporter|scrape|collector|agent$|bastion|depend|upstream|downstream|parent|sibling|neighbo|other|recent|latest|change|commit|baseline|commands?$|actions?$|remediation|alertmanager|monitor(?:ing|edby)?$|sensor|observer|reporter|probe|healthy|unaffected)/.test(
    name,
  );

/** `resource.labels.namespace_name` is the label `namespacename`; of its outer names only subjects are kept. */
export function labelName(said: string): { outer: string[]; name: string } | undefined {
  const parts = said
    .split('.')
    .map(plainName)
    .filter((part) => part !== '');
  const name = parts.pop();
  if (name === undefined || [...parts, name].some(isElsewhere)) return undefined;
  return { outer: parts.filter(isSubject), name };
}

/** A value without its quotes, brackets and stars. */
export const bare = (value: string) =>
  value.replace(/^["'`*{}()[\]\s]{1,9}/, '').replace(/["'`*{}()[\]\s]{1,9}$/, '');

/** Alertmanager's and Grafana's templates: `Labels:`, a line for each, `Annotations:`, a line for each, `Source:`. */
export function labelBlocksOf(text: string): LabelBlock[] {
  const blocks: LabelBlock[] = [];
  let isLabel = false;
  for (const line of byState(text).firing.split('\n')) {
    const heading = line.length < 20 ? plainName(line) : '';
    const block = blocks.at(-1);
    if (heading === 'labels') blocks.push(new Map());
    if (heading === 'labels' || heading === 'annotations') isLabel = heading === 'labels';
    else if (block) for (const [name, value] of labelLine(line.trim(), isLabel)) add(block, name, value);
  }
  return blocks;
}

function labelLine(line: string, isLabel: boolean): Pair[] {
  const [name = '', ...value] = line.split(' = ');
  if (line.startsWith('-') && value.length > 0) return [[plainName(name), value.join(' = ')]];
  return isLabel ? pairsOf(line) : [];
}

const begins = new Set(['alertname', 'alert', 'status', 'state']);

/** Lines or lists of `a: b`, `a=b`. A line that says again what is said begins the next alert. */
export function pairBlocksOf(text: string): LabelBlock[] {
  const blocks: LabelBlock[] = [new Map()];
  for (const line of byState(text).firing.split('\n').slice(0, maxLines)) {
    const pairs = pairsOf(line);
    const said = blocks.at(-1);
    if (pairs.some(([name]) => said?.has(name) && (isSubject(name) || begins.has(name))))
      blocks.push(new Map());
    const block = blocks.at(-1);
    for (const [name, value] of pairs) if (block) add(block, name, value);
  }
  return blocks.filter(
    (block) => !isOverAlert(Object.fromEntries([...block].map(([name, [value]]) => [name, value]))),
  );
}

type Pair = [name: string, value: string];

/** `a:b, c:d`, `a=b c=d`, `map[a:b c:d]`, `metric{a="b"}`, `Dimensions: [a = b, c = d]`. A sentence with a colon is one pair. */
export function pairsOf(line: string): Pair[] {
  const list = line.replace(/^\W{0,5}(?:(?:labels|tags|dimensions|map)\W{1,5}|\w{1,80}\{)/i, '');
  return list
    .split(/[,;|&]/)
    .slice(0, maxPairs)
    .flatMap((part) => {
      const words = part
        .trim()
        .replace(/\s{0,3}([:=])\s{1,3}/g, '$1')
        .split(/\s+/);
      const areAllPairs = words.every((word) => /^[^:=]{1,64}[:=]./.test(word));
      return (areAllPairs ? words : [part]).flatMap(pairIn);
    });
}

function pairIn(text: string): Pair[] {
  const at = text.search(/[:=]/);
  if (at < 1 || at > 80) return [];
  const said = labelName(text.slice(0, at));
  return said ? [[[...said.outer, said.name].join(''), text.slice(at + 1)]] : [];
}

function add(block: LabelBlock, name: string, value: string): void {
  const said = bare(value);
  const values = block.get(name) ?? [];
  if (name === '' || said === '' || values.length >= maxValues) return;
  values.push(said);
  block.set(name, values);
}
