import { z } from 'zod';
import {
  type SetUpFound,
  type SetUpGiven,
  type SetUpItem,
  type SetUpStep,
  sourceOfWebhook,
} from '../../domain/set-up.ts';
import { refused, statusOf } from '../failures.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import { bodyAs, type GitHub } from './client.ts';

export const webhookKind = 'webhook';

/** What Baton reads of what GitHub sends: docs/http-events.md. */
const wantedEvents = ['deployment_status', 'workflow_run'];
/** Their clock and ours may differ by so much. */
const skewMilliseconds = 300_000;

const hook = z
  .object({
    id: z.number(),
    active: decorative(z.boolean()),
    events: listOf(z.string()),
    created_at: decorative(z.string()),
    config: z.object({
      url: decorative(z.string()),
      content_type: decorative(z.string()),
      insecure_ssl: decorative(z.union([z.string(), z.number()])),
    }),
  })
  .transform(({ id, active, events, created_at, config }) => ({
    id: String(id),
    url: config.url ?? '',
    isActive: active !== false,
    isJson: config.content_type === 'json',
    events,
    createdAt: Date.parse(created_at ?? ''),
  }));
type Hook = z.output<typeof hook>;

const pageSize = 100;

/** The webhooks of a repository. GitHub lets at most 20 have the same event. */
export async function readHooks(github: GitHub, repository: string, signal: AbortSignal): Promise<Hook[]> {
  const hooks: Hook[] = [];
  for (let page = 1; ; page += 1) {
    const answer = await github
      .get(`/repos/${repository}/hooks`, { per_page: pageSize, page }, signal)
      .catch((error: unknown) => throwExplained(error, repository));
    hooks.push(...bodyAs(answer, membersOf(hook)));
    if (!answer.hasNext) return hooks;
  }
}

/** A repository that can be read answers 404 or 403 about its webhooks to a token that may not have any. */
function throwExplained(error: unknown, repository: string): never {
  const status = statusOf(error);
  if (status !== 403 && status !== 404) throw error;
  throw refused(
    'GitHub',
    `${(error as Error).message}. Give the token Webhooks: read and write in ${repository}, whose owner has to be its admin; or do without (webhook: none)`,
    status,
  );
}

/** The webhook of a repository that leads to the source. By its secret the source knows it, and GitHub tells that to nobody. */
export function webhookStep(
  github: GitHub,
  repository: string,
  source: string,
  { address = '', secret, answers: { replaceWebhook } }: SetUpGiven,
): SetUpStep {
  const path = `/repos/${repository}/hooks`;
  const place = { kind: webhookKind, name: repository, of: sourceOfWebhook(source) };
  const body = (events: readonly string[], shown: string | undefined) => ({
    name: 'web',
    active: true,
    events,
    config: { url: address, content_type: 'json', insecure_ssl: '0', secret: shown },
  });
  const hidden = '<secret of the source>';
  return {
    ...place,
    async look(kept, signal) {
      const all = await readHooks(github, repository, signal);
      const here = all.filter(({ url }) => url === address);
      const isKept = ({ id }: Hook) => id === kept?.id || id === kept?.earlier;
      const own = here.find(isKept) ?? here[0] ?? all.find(isKept);
      if (own) {
        const isOthers =
          kept !== undefined && kept.id === undefined && own.id !== kept.earlier && isOlder(own, kept);
        const found: SetUpFound = { id: own.id, name: repository, ...(isOthers ? { isOthers } : {}) };
        // One that setup has made leads to an earlier address of ours.
        if (!replaceWebhook && own.url === address)
          return { there: { ...found, warnings: warningsAbout(own, repository, kept) } };
        const at = `${path}/${own.id}`;
        const events = [...new Set([...own.events, ...(own.events.includes('*') ? [] : wantedEvents)])];
        const make = async (until: AbortSignal) =>
          void (await github.patch(at, body(events, await secret()), until));
        return {
          there: found,
          change: { calls: [{ method: 'PATCH', path: at, body: body(events, hidden) }], make },
        };
      }
      return {
        calls: [{ method: 'POST', path, body: body(wantedEvents, hidden) }],
        willBe: { id: '<id of the new webhook>', name: repository, isNew: true },
        async make(until) {
          const answer = await github.post(path, body(wantedEvents, await secret()), until);
          return { id: bodyAs(answer, hook).id, name: repository };
        },
      };
    },
  };
}

/** It was there before this setup was about to make one: a person has made it. */
const isOlder = ({ createdAt }: Hook, { at }: SetUpItem) => createdAt < Date.parse(at) - skewMilliseconds;

function warningsAbout(own: Hook, repository: string, kept: SetUpItem | undefined): string[] {
  const name = `The webhook ${own.id} of ${repository}`;
  const next = 'have it replaced (replaceWebhook)';
  const missing = wantedEvents.filter((event) => !own.events.includes(event) && !own.events.includes('*'));
  return [
    ...(own.isActive ? [] : [`${name} is switched off: ${next}`]),
    ...(own.isJson ? [] : [`${name} sends no JSON, which is all that is read: ${next}`]),
    ...(missing.length > 0 ? [`${name} does not send ${missing.join(', ')}: ${next}`] : []),
    ...(kept === undefined
      ? [
          `${name} was made by somebody else. GitHub tells nobody its secret: where its ping is refused, ${next}`,
        ]
      : []),
  ];
}

/** What is gone already counts as taken away. */
export async function removeHook(
  github: GitHub,
  { id, name }: SetUpItem,
  signal: AbortSignal,
): Promise<void> {
  await github.delete(`/repos/${name}/hooks/${id}`, signal).catch((error: unknown) => {
    if (statusOf(error) !== 404) throw error;
  });
}
