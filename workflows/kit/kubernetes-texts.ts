import { slashedIn } from './kubernetes-slashes.ts';
import { listedAfterAlertName, listedPods, placesInBrackets } from './kubernetes-titles.ts';
import {
  isNamespace,
  isNamespaceWord,
  isObjectName,
  isReplicaPod,
  kindOf,
  type NamedWorkload,
  prose,
  type Reference,
  readReference,
  referenceTo,
} from './kubernetes-words.ts';

/** A title or a sentence says it in its beginning. */
const maxText = 4096;
const address = /\b[a-z]{2,10}:\/\/[^\s"'<>]+/gi;

export interface Meant {
  /** With a word that tells what it is, and where: `pod checkout-… in namespace shop`. */
  said: NamedWorkload[];
  /** By its looks alone: `shop/checkout`. */
  guessed: NamedWorkload[];
}

/** What a text may mean, the likeliest first. `known`: namespaces that are told beside it. A namespace that is said is the only one. */
export function fromText(whole: string, known: readonly string[]): Meant {
  const text = whole.slice(0, maxText).replace(address, ' ');
  const words = wordsOf(text);
  const own = namespacesIn(words);
  const namespaces = own.length > 0 ? own : known;
  const said = [...kubeletPods(words), ...objectsIn(words, namespaces)];
  const listed = listedAfterAlertName(text);
  const guessed = [
    ...(namespaces.length > 0 ? [] : objectsIn(words, placesInBrackets(text))),
    // Among an alert's labels, `monitoring/k8s` is the Prometheus that watches.
    ...(listed.length > 0 ? listed : [...listedPods(words), ...slashedIn(words)]),
  ];
  const isElsewhere = ({ namespace }: NamedWorkload) =>
    namespaces.length > 0 && !namespaces.includes(namespace);
  return { said, guessed: guessed.filter((each) => !isElsewhere(each)) };
}

function wordsOf(text: string): string[] {
  return text
    .split(/[\s"'`()[\]{}<>,;=|*]+/)
    .flatMap((word) => (isImage(word) ? ['image', ''] : word.split(':')))
    .map((word) => word.replace(/[.!?]{1,9}$/, ''))
    .filter((word) => word !== '');
}

/** `shop/checkout:1.2`, `git@example.com:shop/checkout`: an image, or where its code is. */
function isImage(word: string): boolean {
  const [path = '', tag = ''] = word.split(':');
  return (
    word.includes('@') || (path.includes('/') && /^v?\d|^(?:latest|stable|main|master|edge|dev)$/.test(tag))
  );
}

/** `namespace shop`, `in the shop namespace`, `ns/shop`, `-n shop`, `namespaces/shop/pods/checkout-…`. */
function namespacesIn(words: readonly string[]): string[] {
  const said = words.flatMap((word, index) => {
    const [kind = '', name] = word.split('/');
    if (name !== undefined) return isNamespaceWord(kind) && isNamespace(name) ? [name] : [];
    const isFlag = word === '-n' || word === '--namespace';
    if (!isFlag && !isNamespaceWord(word)) return [];
    const around = isFlag ? [words[index + 1]] : [words[index + 1], words[index - 1]];
    return around.find((each) => isNamespace(each) && !prose.has(each)) ?? [];
  });
  return [...new Set(said)];
}

/** The kubelet writes `pod checkout-7d9f8c6b5-x2x4q_shop`. */
function kubeletPods(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((word, index) => {
    const [name, namespace, ...rest] = word.split('_');
    if (kindOf(words[index - 1]) !== 'Pod' || rest.length > 0) return [];
    return isObjectName(name) && isNamespace(namespace) ? [{ namespace, name, kind: 'Pod' as const }] : [];
  });
}

/** `deployment checkout`, `pod/checkout-…` or `pod shop/checkout-…`, where the namespace is said too; a pod in it also by its looks. */
function objectsIn(words: readonly string[], namespaces: readonly string[]): NamedWorkload[] {
  const said = words.flatMap((word, index) => objectAt(words, word, index, namespaces) ?? []);
  const looks = words
    .filter((word) => isObjectName(word) && isReplicaPod(word))
    .map((name) => ({ name, kind: 'Pod' as const }));
  return [...said, ...looks].flatMap(({ namespace, ...each }: Reference) =>
    (namespace === undefined ? namespaces : [namespace]).map((where) => ({ namespace: where, ...each })),
  );
}

function objectAt(
  words: readonly string[],
  word: string,
  index: number,
  namespaces: readonly string[],
): Reference | undefined {
  const reference = readReference(word);
  if (!reference || prose.has(reference.name)) return undefined;
  if (reference.kind) return reference;
  const kind = kindOf(words[index - 1]);
  const isPlace = namespaces.includes(word) || isNamespaceWord(word) || kindOf(word) !== undefined;
  return kind && !isPlace ? { ...reference, ...referenceTo(kind, reference.name) } : undefined;
}

/** For people to read up on or to try: it names what was so before, or elsewhere. */
const forReading =
  /^\W{0,5}(?:runbook|playbook|docs?|documentation|help|dashboard|links?|see|related|similar|previous|same as|last (?:week|time|month)|examples?|for example|e\.g|check|run|try|use|compare|escalate|contact)\b/i;

/** Prose without what is for reading, and without commands. */
export const withoutReading = (text: string): string =>
  text
    .slice(0, maxText)
    .split(/\n|(?<=[.!?])\s/)
    .filter((sentence) => !forReading.test(sentence))
    .map((sentence) => sentence.replace(/\b(?:kubectl|helm|oc) [^\n]*/, ' '))
    .join('\n');
