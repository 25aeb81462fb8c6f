import {
  isNamespace,
  isNamespaceWord,
  isObjectName,
  kindOf,
  type NamedWorkload,
} from './kubernetes-words.ts';

/** Pairs of words that a slash joins and that are no namespace and name. */
const joined = new Set([
  'and/or',
  'either/or',
  'n/a',
  'i/o',
  'w/o',
  'c/o',
  'tcp/ip',
  'cpu/memory',
  'on/off',
  'read/write',
]);

/** What stands before a slash and tells that a name of something else follows. `registry` or `gitlab` can be a namespace. */
const otherThings = new Set(
  (
    'team squad group owner org env environment tier cluster region zone az hostname node nodes image images branch tag ' +
    'feature bugfix hotfix fix origin refs severity priority service svc configmap cm ingress pvc pv tmp var usr etc opt'
  ).split(' '),
);
/** What stands before a word with a slash and tells that it is something else. */
const announced = new Set(
  [...otherThings]
    .filter((word) => word !== 'service' && word !== 'svc')
    .concat(
      'stage project account host repo repository registry chart release path file dir prometheus'.split(' '),
    ),
);
/** Where something runs, in no cluster's terms. Two of them are a place. */
const places = new Set(
  'prod production stage staging dev development test testing qa uat live preprod sandbox eu us ap uk emea apac blue green'.split(
    ' ',
  ),
);
/** As clouds name their regions: `eu-west-1`, `us-east-1a`, `europe-west4`, `westeurope`. */
export const isRegion = (word: string) =>
  /^(?:[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]{4,12}-[0-9][a-z]?|(?:europe|us|asia|australia|northamerica|southamerica|africa|me)-[a-z]{4,12}[0-9]{1,2}(?:-[a-f])?|(?:north|south|east|west|central)(?:us|europe|asia|india)[0-9]?)$/.test(
    word,
  );
export const isPlace = (word: string) => places.has(word) || isRegion(word);

/** `namespace/name`. 3/5 is a count, and pod/checkout says what checkout is and not where. */
export function slashedIn(words: readonly string[]): NamedWorkload[] {
  return words.flatMap((word, index) => {
    const [namespace, name, ...rest] = word.split('/');
    if (rest.length > 0 || !isNamespace(namespace) || !isObjectName(name)) return [];
    const isOther = otherThings.has(namespace) || announced.has((words[index - 1] ?? '').toLowerCase());
    if (joined.has(word) || isOther || kindOf(namespace) || isNamespaceWord(namespace)) return [];
    if (isRegion(namespace) || isRegion(name) || (isPlace(namespace) && isPlace(name))) return [];
    return /[a-z]/.test(namespace) && /[a-z]/.test(name) ? [{ namespace, name }] : [];
  });
}
