import { slashedIn } from './kubernetes-slashes.ts';
import { listedAfterAlertName, listedPods, namespacesInBrackets } from './kubernetes-titles.ts';
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
const maxPlaces = 20;
const address = /\b[a-z]{2,10}:\/\/[^\s"'<>]+/gi;

/** `(see runbook kube-system/coredns)` */
const inPassing =
  /(?:^|[(,;.|])\s{0,3}(?:see|cf|runbook|playbook|dashboard|docs?|documentation)(?=[:\s])[^;|)\n]{0,500}/gim;

export interface Meant {
  /** With a word that tells what it is, and where: `pod checkout-… in namespace shop`. */
  said: NamedWorkload[];
  /** By its looks alone: `shop/checkout`. */
  guessed: NamedWorkload[];
}

/** A namespace, and which word of the text says so. */
interface Place {
  namespace: string;
  at: number;
}

/** What a text may mean, the likeliest first. `known`: namespaces that are told beside it. A namespace that is said is the only one. */
export function fromText(whole: string, known: readonly string[]): Meant {
  const text = whole.slice(0, maxText).replace(address, ' ').replace(inPassing, ' ');
  const words = wordsOf(text);
  const own = placesIn(words).slice(0, maxPlaces);
  const places = own.length > 0 ? own : known.map(besideText);
  const said = [...kubeletPods(words), ...objectsIn(words, places)];
  const listed = listedAfterAlertName(text);
  const guessed = [
    ...(places.length > 0 ? [] : objectsIn(words, namespacesInBrackets(text).map(besideText))),
    // Among an alert's labels, `monitoring/k8s` is the Prometheus that watches.
    ...(listed.length > 0 ? listed : [...listedPods(words), ...slashedIn(words)]),
  ];
  const isMeant = ({ namespace }: NamedWorkload) =>
    places.length === 0 || places.some((place) => place.namespace === namespace);
  return { said, guessed: guessed.filter(isMeant) };
}

const besideText = (namespace: string): Place => ({ namespace, at: 0 });

function wordsOf(text: string): string[] {
  return text
    .split(/[\s"'`()[\]{}<>,;=|*]+/)
    .flatMap((word) => (isImage(word) ? [] : word.split(':')))
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
function placesIn(words: readonly string[]): Place[] {
  return words.flatMap((word, at) => {
    const [kind = '', name] = word.split('/');
    if (name !== undefined)
      return isNamespaceWord(kind) && isNamespace(name) ? [{ namespace: name, at }] : [];
    const isFlag = word === '-n' || word === '--namespace';
    if (!isFlag && !isNamespaceWord(word)) return [];
    const around = isFlag ? [words[at + 1]] : [words[at + 1], words[at - 1]];
    const namespace = around.find((each) => isNamespace(each) && !prose.has(each));
    return namespace === undefined ? [] : [{ namespace, at }];
  });
}

/** The kubelet writes `pod checkout-7d9f8c6b5-x2x4q_shop`. */
function kubeletPods(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((word, index) => {
    const [name, namespace, ...rest] = word.split('_');
    if (kindOf(words[index - 1]) !== 'Pod' || rest.length > 0) return [];
    return isObjectName(name) && isNamespace(namespace) ? [{ namespace, name, kind: 'Pod' as const }] : [];
  });
}

/**
 * `deployment checkout`, `pod/checkout-…` or `pod shop/checkout-…`, where the namespace is said too; a pod also by its looks. Of
 * several objects each is in the namespace that stands nearest.
 */
function objectsIn(words: readonly string[], places: readonly Place[]): NamedWorkload[] {
  const objects = words.flatMap((_, at) => {
    const reference = objectAt(words, at, places);
    return reference ? [{ at, reference }] : [];
  });
  const areSeveral = new Set(objects.map(({ reference }) => reference.name)).size > 1;
  return objects.flatMap(({ at, reference: { namespace, ...each } }) => {
    const where = areSeveral ? nearest(places, at) : places;
    const namespaces = namespace === undefined ? where.map((place) => place.namespace) : [namespace];
    return namespaces.map((one) => ({ namespace: one, ...each }));
  });
}

function nearest(places: readonly Place[], to: number): Place[] {
  const distance = Math.min(...places.map(({ at }) => Math.abs(at - to)));
  return places.filter(({ at }) => Math.abs(at - to) === distance);
}

function objectAt(words: readonly string[], at: number, places: readonly Place[]): Reference | undefined {
  const word = words[at] ?? '';
  const reference = readReference(word);
  if (!reference || prose.has(reference.name)) return undefined;
  if (reference.kind) return reference;
  const kind = kindOf(words[at - 1]);
  const isName =
    !places.some(({ namespace }) => namespace === word) &&
    !isNamespaceWord(word) &&
    kindOf(word) === undefined;
  if (kind && isName) return { ...reference, ...referenceTo(kind, reference.name) };
  return isReplicaPod(word) ? { name: word, kind: 'Pod' } : undefined;
}

/** For people to read up on or to try: it names what was so before, or elsewhere. */
const forReading =
  /^\W{0,5}(?:runbook|playbook|docs?|documentation|help|dashboard|links?|see|related|similar|previous|same as|last (?:week|time|month)|examples?|for example|e\.g|(?:check|run|try|use)(?! fail)|compare|escalate|contact)\b/i;

/** Prose without what is for reading, and without commands. */
export const withoutReading = (text: string): string =>
  text
    .slice(0, maxText)
    .split(/\n|(?<=[.!?])\s/)
    .filter((sentence) => !forReading.test(sentence))
    .map((sentence) => sentence.replace(/\b(?:kubectl|helm|oc) [^\n]*/, ' '))
    .join('\n');
