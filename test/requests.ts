import type { Simulator } from '../simulator/simulator.ts';

type Request = Simulator<object>['calls'][number];

/** All simulated providers of a world. */
export const simulatorsIn = (world: object): Simulator<object>[] =>
  Object.values(world).filter((each) => typeof each === 'object' && 'ledger' in each && 'calls' in each);

/** Methods of Slack that only read. All of them are POSTs. https://docs.slack.dev/reference/methods */
const slackReads = [
  'auth.test',
  'bookmarks.list',
  'conversations.history',
  'conversations.info',
  'conversations.list',
  'conversations.members',
  'conversations.replies',
  'pins.list',
  'usergroups.users.list',
  'users.info',
  'users.list',
  'users.lookupByEmail',
];

const slackMethod = ({ path }: Request) => /^\/api\/([\w.]+)/.exec(path)?.[1] ?? path;
const ec2Field = ({ body }: Request, name: string) => new URLSearchParams(body).get(name) ?? '';

/** What one may do, and who one is. */
const isAccessReview = ({ method, path }: Request) =>
  method === 'POST' &&
  /^\/apis\/auth(orization|entication)\.k8s\.io\/v1\/selfsubject(access)?reviews/.test(path);

/** Of a deletion with a body only that counts: the API server does not read options of the query beside one. */
const isDryRunOfKubernetes = ({ method, path, body }: Request) =>
  method === 'PATCH'
    ? /[?&]dryRun=All(&|$)/.test(path)
    : method === 'DELETE' && /"dryRun":\["All"\]/.test(body);

/** Whether a request to a provider changes anything there. What is not known to be a read counts as a change. */
export function isChange(provider: string, request: Request): boolean {
  const { method, path } = request;
  if (method === 'GET' || method === 'HEAD') return false;
  switch (provider) {
    case 'slack':
      return !slackReads.includes(slackMethod(request));
    case 'jira':
      return !(method === 'POST' && /^\/rest\/api\/3\/search\/jql(\?|$)/.test(path));
    case 'kubernetes':
      return !(isDryRunOfKubernetes(request) || isAccessReview(request));
    case 'ec2':
      return !(/^(Describe|Get)/.test(ec2Field(request, 'Action')) || ec2Field(request, 'DryRun') === 'true');
    case 'pagerduty':
      // Who asks for a token changes nothing in the account.
      return !path.startsWith('/identity/');
    default:
      return true;
  }
}

/** A request as plans begin their calls: `PUT /incidents/P1`, `chat.postMessage`, `ec2:RebootInstances`. */
export function callOf(provider: string, request: Request): string {
  if (provider === 'slack') return slackMethod(request);
  if (provider === 'ec2') return `ec2:${ec2Field(request, 'Action')}`;
  const path = request.path.replace(/\?.*$/, '');
  // The simulator keeps PagerDuty's two hosts apart by the path.
  return `${request.method} ${provider === 'pagerduty' ? path.replace(/^\/events/, '') : path}`;
}
