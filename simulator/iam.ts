/** One statement of a policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource?: string | string[];
  Principal?: { AWS: string | string[] };
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface Policy {
  Version: string;
  Statement: Statement[];
}

/** What somebody is about to do. */
export interface Asking {
  action: string;
  resource: string;
  /** The names under which a trust policy may know whoever asks; left out where the policy is their own. */
  principals?: readonly string[];
  /** What conditions are about: `aws:ResourceTag/team`, `sts:SourceIdentity`. */
  keys: Readonly<Record<string, string | undefined>>;
}

export const allowsAll: Policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Some statement allows it, and none denies it. */
export function allows({ Statement: statements }: Policy, asking: Asking): boolean {
  const fitting = statements.filter((statement) => isAbout(statement, asking));
  return fitting.length > 0 && fitting.every(({ Effect }) => Effect === 'Allow');
}

const isAbout = (
  { Action, Resource, Principal, Condition = {} }: Statement,
  { action, resource, principals, keys }: Asking,
) =>
  listOf(Action).some((pattern) => like(pattern.toLowerCase(), action.toLowerCase())) &&
  (Resource === undefined || listOf(Resource).some((pattern) => like(pattern, resource))) &&
  (Principal === undefined || listOf(Principal.AWS).some((name) => principals?.includes(name))) &&
  Object.entries(Condition).every(([operator, tests]) =>
    Object.entries(tests).every(([key, wanted]) => holds(operator, keys[key], listOf(wanted))),
  );

function holds(operator: string, value: string | undefined, wanted: string[]): boolean {
  switch (operator) {
    case 'StringEquals':
      return value !== undefined && wanted.includes(value);
    case 'StringLike':
      return value !== undefined && wanted.some((pattern) => like(pattern, value));
    default:
      throw new Error(`The simulated IAM knows no condition ${operator}`);
  }
}

const listOf = (value: string | string[]) => [value].flat();

/** `*` stands for any characters, `?` for one. */
const like = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text);
