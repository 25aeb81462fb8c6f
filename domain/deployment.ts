import type { GitHubDeployment, GitHubWorkflowRun, HttpEvent } from './http-event.ts';
import type { Severity } from './page.ts';

/** A deployment that has ended, or a load test or evaluation of what was deployed, as its source tells it. */
export interface Finished {
  /** As the source names it: a repository, a service. */
  service: string;
  /** As the source names it: an environment, or the workflow of a CI. */
  stage: string;
  /** The branch, where only those of one count. */
  branch?: string;
  /** `load test`, `evaluation`, …; left out: as the rule says. */
  what?: string;
  result: 'passed' | 'warning' | 'failed';
  commit?: string;
  /** Where people see it whole. */
  url?: string;
  /** The end of what it has said. */
  output?: string;
  by?: string;
}

/** What a stage is to Baton. */
export interface Stage {
  /** As alerts name it: `production`. */
  stage: string;
  /** What ends there. Left out: `deployment`. Of anything else there is no change event: nothing has changed. */
  what?: string;
  /** Of the alert where it fails. Left out: `error`. */
  severity?: Severity;
}

/** What is told of the deployments of one service, and by which routing key. */
export interface DeploymentRule {
  /** The name of the source: `POST /webhooks/http/<source>`. */
  source: string;
  /** As the source names it. */
  service: string;
  /** By the source's names for them: environments, stages, or workflows of GitHub Actions. No other one is told of. */
  stages: Readonly<Record<string, Stage>>;
  /** The PagerDuty connection by whose routing key alerts are raised and changes told: a key of the service's own. */
  connection: string;
  /** Of runs of a CI, only those of this branch. Left out: `main`. */
  branch?: string;
  /** The id of the Slack channel of the service's owners. Left out: they are told by PagerDuty alone. */
  channelId?: string;
}

/** What has ended, in the words of its rule. */
export interface Deployment extends Finished {
  what: string;
  severity: Severity;
}

const usualBranch = 'main';
const deployment = 'deployment';

/** Whether something was changed by it, which stands beside the incidents of the service. */
export const isChange = ({ what }: Pick<Deployment, 'what'>): boolean => what === deployment;

/** The results, by the words that CIs and Keptn have for them. */
const results: ReadonlyMap<string, Finished['result']> = new Map([
  ...['pass', 'passed', 'success', 'succeeded'].map((word) => [word, 'passed'] as const),
  ...['warn', 'warning'].map((word) => [word, 'warning'] as const),
  ...['fail', 'failed', 'failure', 'error', 'errored', 'timed_out', 'startup_failure'].map(
    (word) => [word, 'failed'] as const,
  ),
]);

/** What has ended, as an event of these types tells it; undefined: it is still under way, was cancelled, or this is about something else. */
export function finishedIn(type: string, data: unknown): Finished | undefined {
  if (type === 'github.deployment_status') return ofDeployment(data as GitHubDeployment);
  if (type === 'github.workflow_run') return ofWorkflowRun(data as GitHubWorkflowRun);
  return ofBody((data as HttpEvent).body);
}

function ofDeployment({ repository, environment, state, sha, url, description, by }: GitHubDeployment) {
  const result = results.get(state);
  return (
    result &&
    finished({ service: repository, stage: environment, result, commit: sha, url, output: description, by })
  );
}

function ofWorkflowRun({
  repository,
  workflow,
  status,
  conclusion,
  branch = '',
  sha,
  url,
  by,
}: GitHubWorkflowRun) {
  const result = status === 'completed' ? results.get(conclusion ?? '') : undefined;
  return result && finished({ service: repository, stage: workflow, branch, result, commit: sha, url, by });
}

/** JSON of a CI of any kind, and the data of Keptn's events: `{ service, stage, result, … }`. */
function ofBody(body: unknown): Finished | undefined {
  const text = (name: string) => textIn(body, name);
  const [service, stage] = [text('service'), text('stage')];
  const result = results.get(text('result')?.toLowerCase() ?? '');
  if (service === undefined || stage === undefined || result === undefined) return undefined;
  const [branch, commit, output] = [text('branch'), text('commit'), text('output') ?? text('message')];
  return finished({
    service,
    stage,
    branch,
    what: text('what'),
    result,
    commit,
    url: text('url'),
    output,
    by: text('by'),
  });
}

function textIn(value: unknown, name: string): string | undefined {
  const found = ((value ?? {}) as Record<string, unknown>)[name];
  return typeof found === 'string' && found.trim() !== '' ? found : undefined;
}

const isLink = (text: string) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text);

type Told = { [Name in keyof Finished]: Finished[Name] | undefined } & Pick<
  Finished,
  'service' | 'stage' | 'result'
>;

/** Without what was not told, and without an address that leads nowhere. */
function finished({ url, ...told }: Told): Finished {
  const known = { ...told, ...(url !== undefined && isLink(url) ? { url } : {}) };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== undefined),
  ) as unknown as Finished;
}

/** The rule by which something that has ended is told of; undefined: nobody wants to hear of it. */
export function ruleFor(
  source: string,
  { service, stage, branch }: Finished,
  rules: readonly DeploymentRule[],
): DeploymentRule | undefined {
  return rules.find(
    (rule) =>
      rule.source === source &&
      rule.service === service &&
      Object.hasOwn(rule.stages, stage) &&
      (branch === undefined || branch === (rule.branch ?? usualBranch)),
  );
}

/** What has ended, in the words of a rule; undefined: it says nothing of that stage. */
export function asRuled(found: Finished, rule: DeploymentRule): Deployment | undefined {
  if (!ruleFor(rule.source, found, [rule])) return undefined;
  const { stage, what = deployment, severity = 'error' } = rule.stages[found.stage] as Stage;
  const isWarning = found.result === 'warning';
  return { ...found, stage, what: found.what ?? what, severity: isWarning ? 'warning' : severity };
}
