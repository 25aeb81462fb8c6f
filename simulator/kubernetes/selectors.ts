import { StatusError } from './status-error.ts';

type Labels = Record<string, string>;

/** Whether labels meet a selector: `a=b,c!=d,e,!f,g in (h,i),j notin (k)`. */
export function matchesLabels(selector: string, labels: Labels = {}): boolean {
  const requirements = selector.split(/,(?![^(]*\))/).filter((part) => part.trim());
  return requirements.every((requirement) => meets(requirement.trim(), labels));
}

function meets(requirement: string, labels: Labels): boolean {
  const equality = requirement.match(/^([\w./-]+)\s*(!=|==?)\s*([\w.-]*)$/);
  if (equality) {
    const [, name = '', operator, value] = equality;
    return (labels[name] === value) === (operator !== '!=');
  }
  const set = requirement.match(/^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/);
  if (set) {
    const [, name = '', operator, values = ''] = set;
    const isIn = values.split(',').some((value) => value.trim() === labels[name]);
    return isIn === (operator === 'in');
  }
  const existence = requirement.match(/^(!?)([\w./-]+)$/);
  if (existence) return (labels[existence[2] ?? ''] === undefined) === (existence[1] === '!');
  throw new StatusError(400, 'BadRequest', `unable to parse requirement: ${requirement}`);
}

/** The fields that the API can select by, where Baton does. */
const fields = [
  'metadata.name',
  'metadata.namespace',
  'type',
  'reason',
  'involvedObject.kind',
  'involvedObject.name',
  'involvedObject.uid',
  'spec.nodeName',
  'status.phase',
];

export function matchesFields(selector: string, object: object): boolean {
  return selector
    .split(',')
    .filter(Boolean)
    .every((part) => {
      const [field = '', value = ''] = part.split(/==?/);
      if (!fields.includes(field))
        throw new StatusError(400, 'BadRequest', `field label not supported: ${field}`);
      return `${valueAt(object, field) ?? ''}` === value;
    });
}

function valueAt(object: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => Object.entries(value ?? {}).find(([key]) => key === name)?.[1], object);
}
