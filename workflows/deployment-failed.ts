import { condition } from '@temporalio/workflow';
import { asRuled, type Deployment, type DeploymentRule, finishedIn, isChange } from '../domain/deployment.ts';
import { steps } from './kit/activities.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import { inParts, type Parts } from './kit/parts.ts';
import { record } from './kit/record.ts';
import { eventsSoFar, healthy, isHistoryLong, renew } from './kit/run.ts';

export interface DeploymentFailedInput {
  /** Of the event, and what it carries. */
  type: string;
  data: unknown;
  /** When it ended. */
  at: string;
  /** As it was when the run began. */
  rule: DeploymentRule;
  /** Given by the run itself alone, where it goes on with a new history: the alerts that are open, and until when it watches them. */
  soFar?: { open: string[]; until: number };
}

const watchedForMs = 30 * 24 * 3600 * 1000;

/**
 * Tells PagerDuty of a deployment that has ended, as a change with its result. One that failed, or a load test or evaluation that did, raises an
 * alert with its output and tells the owners in Slack; the next good one of that service and stage resolves it. What ends meanwhile joins this
 * run. 30 days after the last failure an open alert is left to people; also then the next good one resolves it.
 */
export async function deploymentFailed(input: DeploymentFailedInput): Promise<string> {
  const { rule, soFar } = input;
  const open = new Set(soFar?.open);
  let until = soFar?.until ?? Date.now() + watchedForMs;
  if (!soFar) await take(input, open);
  for (let seen = 0; ; ) {
    if (open.size === 0 && seen === eventsSoFar().length) return healthy('told');
    await condition(() => isHistoryLong() || eventsSoFar().length > seen, Math.max(until - Date.now(), 1));
    const event = eventsSoFar()[seen];
    if (!event && Date.now() >= until) return 'left to people';
    // All that has come was dealt with, so a new history needs none of it.
    if (!event) return renew({ ...input, soFar: { open: [...open], until } });
    seen += 1;
    const failed = await take({ type: event.type, data: event.data, at: event.time, rule }, open);
    if (failed) until = Date.now() + watchedForMs;
  }
}

/** Tells of one that has ended; true: it failed. What cannot be done of it stands in the record, and keeps nothing else from being done. */
async function take({ type, data, at, rule }: DeploymentFailedInput, open: Set<string>): Promise<boolean> {
  const found = finishedIn(type, data);
  const ended = found && asRuled(found, rule);
  // Still under way, or of a stage that nobody asked for.
  if (!ended) return false;
  const parts = inParts();
  if (isChange(ended))
    await parts.part('The change event could not be sent', () => tellChange(ended, at, rule));
  // The page is what counts: where it cannot be raised or taken back, the run fails and is paged for itself.
  if (ended.result === 'passed') await takeBack(ended, rule, open, parts);
  else await page(ended, at, rule, open, parts);
  for (const problem of parts.problems) await record(problem);
  return ended.result !== 'passed';
}

const alertKey = ({ service, stage, what }: Deployment) =>
  isChange({ what })
    ? keyOf('baton', 'deploymentFailed', service, stage)
    : keyOf('baton', 'deploymentFailed', service, stage, what);

const words = { passed: 'passed', warning: 'passed with a warning', failed: 'failed' } as const;
const summaryOf = ({ what, service, stage, result }: Deployment) =>
  `${capital(what)} of ${service} ${isChange({ what }) ? 'to' : 'in'} ${stage} ${words[result]}`;
const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const linksOf = ({ url, what }: Deployment) =>
  url === undefined ? [] : [{ href: url, text: `The ${what}` }];
const detailsOf = ({ service, stage, what, result, commit, by }: Deployment) => ({
  service,
  stage,
  what,
  result,
  ...(commit === undefined ? {} : { commit }),
  ...(by === undefined ? {} : { by }),
});

const tellChange = (ended: Deployment, at: string, { connection }: DeploymentRule) =>
  steps.sendPagerDutyChangeEvent({
    connection,
    summary: summaryOf(ended),
    source: ended.service,
    timestamp: at,
    details: detailsOf(ended),
    links: linksOf(ended),
  });

async function page(
  ended: Deployment,
  at: string,
  { connection, channelId }: DeploymentRule,
  open: Set<string>,
  parts: Parts,
): Promise<void> {
  const dedupKey = alertKey(ended);
  // Before: what may have been raised is taken back.
  open.add(dedupKey);
  await raiseAlert({
    connection,
    dedupKey,
    summary: summaryOf(ended),
    source: ended.service,
    severity: ended.severity,
    timestamp: at,
    component: ended.service,
    group: ended.stage,
    class: ended.what,
    details: {
      ...detailsOf(ended),
      ...(ended.output === undefined ? {} : { output: ended.output }),
      baton: true,
    },
    links: linksOf(ended),
  });
  if (channelId !== undefined)
    await parts.part('The owners could not be told in Slack', () =>
      steps.postSlackMessage({
        channelId,
        text: `${summaryOf(ended)}. PagerDuty was told`,
        links: linksOf(ended).map(({ href, text }) => ({ url: href, text })),
        ...(ended.output === undefined ? {} : { code: ended.output }),
      }),
    );
}

async function takeBack(
  ended: Deployment,
  { connection, channelId }: DeploymentRule,
  open: Set<string>,
  parts: Parts,
): Promise<void> {
  const dedupKey = alertKey(ended);
  // Nothing is known to be open, but an earlier run may have left it so. PagerDuty drops what resolves nothing.
  if (!open.has(dedupKey)) {
    await steps.resolvePagerDutyAlert({ connection, dedupKey });
    return;
  }
  await resolveAlert(dedupKey, undefined, connection);
  open.delete(dedupKey);
  if (channelId !== undefined)
    await parts.part('The owners could not be told in Slack', () =>
      steps.postSlackMessage({ channelId, text: `${summaryOf(ended)}, so its alert is resolved` }),
    );
}
