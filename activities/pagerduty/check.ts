import { z } from 'zod';
import { notConnected, refused } from '../failures.ts';
import { findingOf, untold } from '../finding.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { Asked, Check, Finding } from '../provider.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { keyComplaints, otherKind } from './key-kind.ts';
import { nameWarning } from './set-up-steps.ts';
import { findUser } from './users.ts';

/** How each scope shows: a list that only those who have it may read. Those for writing show only when something is written. */
const lists: Record<string, string> = {
  'abilities.read': '/abilities',
  'change_events.read': '/change_events',
  'escalation_policies.read': '/escalation_policies',
  'incidents.read': '/incidents',
  'oncalls.read': '/oncalls',
  'priorities.read': '/priorities',
  'schedules.read': '/schedules',
  'services.read': '/services',
  'teams.read': '/teams',
  'users.read': '/users',
  'webhook_subscriptions.read': '/webhook_subscriptions',
};

/** People with these roles look on; all others may write, some of them in their teams only. */
const lookingOn = ['read_only_user', 'read_only_limited_user'];
const anyKey = 'Events API v2 integration key';
const serviceKey = 'Events API v2 integration key of a service';

/**
 * What the token and the routing key may do. Nothing is sent to the Events API, since every event there is one; and no write is tried.
 * https://developer.pagerduty.com/docs/rest-api-overview, https://developer.pagerduty.com/docs/errors
 */
export const checkPagerDuty: Check<PagerDuty> = async (client, signal, { rights, settings }) => {
  if (!cameBy(settings) && !settings.PAGERDUTY_ROUTING_KEY)
    throw notConnected('PagerDuty', 'PAGERDUTY_API_TOKEN');
  const ofEvents: readonly string[] = rights.filter((right) => right === anyKey || right === serviceKey);
  const ofRest = rights.filter((right) => !ofEvents.includes(right));
  return [
    ...(cameBy(settings)
      ? await restFindings(client, signal, { rights: ofRest, settings })
      : [isNotSet('PAGERDUTY_API_TOKEN', 'nothing can be read or changed'), ...untold(ofRest, noToken)]),
    ...(await eventFindings(client, signal, { rights: ofEvents, settings })),
    regionFinding(settings),
    settings.PAGERDUTY_WEBHOOK_SECRETS || settings.BATON_PAGERDUTY_PULL
      ? { what: 'PAGERDUTY_WEBHOOK_SECRETS', ok: true }
      : isNotSet('PAGERDUTY_WEBHOOK_SECRETS', 'the process that takes webhooks answers them with 503'),
  ];
};

/** The setting by which Baton comes to the REST API. Undefined: none. */
const cameBy = ({ PAGERDUTY_API_TOKEN: token, PAGERDUTY_CLIENT_ID: app }: Asked['settings']) =>
  token ? 'PAGERDUTY_API_TOKEN' : app ? 'PAGERDUTY_CLIENT_ID' : undefined;

const noToken = 'PAGERDUTY_API_TOKEN is not set';
const isNotSet = (what: string, without: string): Finding => ({
  what,
  ok: false,
  isUnset: true,
  reason: `is not set here: ${without}; set it`,
});

async function restFindings(
  client: PagerDuty,
  signal: AbortSignal,
  { rights, settings }: Asked,
): Promise<Finding[]> {
  const owner = await ownerOf(client, signal, settings);
  const granted = await client.scopes();
  const abilities = rights.filter((right) => !right.includes('.'));
  const about = async (right: string): Promise<Finding> => {
    if (granted?.includes(right) && !owner) return { what: right, ok: true };
    if (granted && !granted.includes(right))
      return {
        what: right,
        ok: false,
        reason: `the app does not have the scope ${right}: add it in PagerDuty (Integrations, App Registration)`,
      };
    const path = lists[right];
    if (path !== undefined) {
      const next = `give the token the scope ${right}, or use a key of the account`;
      return findingOf(right, () => read(client, path, signal), next);
    }
    if (owner && lookingOn.includes(owner.role ?? ''))
      return {
        what: right,
        ok: false,
        reason: 'the user whose it is may only look on; use the key of a responder',
      };
    return { what: right, ok: undefined, reason: 'it cannot be told without changing something' };
  };
  const scopes = await Promise.all(rights.filter((right) => right.includes('.')).map(about));
  return [
    settings.PAGERDUTY_API_TOKEN
      ? {
          what: 'PAGERDUTY_API_TOKEN',
          ok: true,
          reason: owner ? `is the key of ${owner.name}` : 'is a key of the account, or a token with scopes',
        }
      : {
          what: 'PAGERDUTY_CLIENT_ID',
          ok: true,
          reason: owner ? `acts as ${owner.name}, who has consented` : 'is an app of the account',
        },
    ...scopes,
    ...(abilities.length === 0 ? [] : await abilityFindings(client, signal, abilities)),
    await fromFinding(client, signal, settings.PAGERDUTY_FROM_EMAIL),
  ];
}

const me = z.object({
  user: z.object({ name: z.string(), email: decorative(z.string()), role: decorative(z.string()) }),
});

/** Whose key it is. Undefined where it is nobody's own: PagerDuty then refuses the question. Throws where the token is not known. */
export async function ownerOf(client: PagerDuty, signal: AbortSignal, settings: Asked['settings']) {
  const region = settings.PAGERDUTY_REGION || 'us';
  const what = otherKind(settings.PAGERDUTY_API_TOKEN ?? '', ['token of the REST API']);
  const answer = await client.get('/users/me', {}, signal);
  if (answer.status === 401)
    throw refused(
      'PagerDuty',
      `${answer.reason}. ${settings.PAGERDUTY_API_TOKEN ? 'PAGERDUTY_API_TOKEN' : 'The token of the app'} is not known in the region ${region}: set a token that is, or PAGERDUTY_REGION to ` +
        `${region === 'eu' ? 'us' : 'eu'} where the account is there` +
        (what === undefined ? '' : `. It ${what}`),
      401,
    );
  if (answer.status === 429 || answer.status >= 500) throw failureFor(answer);
  return isSuccess(answer) ? readSuccess(answer, me).user : undefined;
}

async function read(client: PagerDuty, path: string, signal: AbortSignal): Promise<void> {
  const answer = await client.get(path, { limit: '1' }, signal);
  if (!isSuccess(answer)) throw failureFor(answer);
}

export const abilitiesSchema = z.object({ abilities: z.array(z.string()) });

/** What the account's plan includes: https://developer.pagerduty.com/api-reference/: List abilities. */
async function abilityFindings(
  client: PagerDuty,
  signal: AbortSignal,
  wanted: readonly string[],
): Promise<Finding[]> {
  const answer = await client.get('/abilities', {}, signal);
  const had = isSuccess(answer) ? readSuccess(answer, abilitiesSchema) : undefined;
  if (!had) return untold(wanted, `the abilities of the account could not be read: ${answer.reason}`);
  return wanted.map((what) =>
    had.abilities.includes(what)
      ? { what, ok: true }
      : { what, ok: false, reason: 'the account’s plan lacks this ability; change the plan, or do without' },
  );
}

/** Writes that nobody in particular asked for are made in its name, so it has to be a user of the account. */
async function fromFinding(
  client: PagerDuty,
  signal: AbortSignal,
  email: string | undefined,
): Promise<Finding> {
  const what = 'PAGERDUTY_FROM_EMAIL';
  if (!email) return isNotSet(what, 'no change can be made but in the name of a person');
  const lookUp = async () => {
    if (!(await findUser(client, email, signal)))
      throw refused('PagerDuty', `no user of the account has the address ${email}`);
  };
  const found = await findingOf(what, lookUp, 'set it to the address of a user');
  // Users that may not be read are another finding.
  return found.ok === false && !found.reason?.includes(email) ? { ...found, ok: undefined } : found;
}

async function eventFindings(
  client: PagerDuty,
  signal: AbortSignal,
  { rights, settings }: Asked,
): Promise<Finding[]> {
  const key = settings.PAGERDUTY_ROUTING_KEY;
  const all = (ok: boolean | undefined, reason?: string): Finding[] =>
    rights.map((what) => ({ what, ok, ...(reason === undefined ? {} : { reason }) }));
  if (rights.length === 0) return [];
  if (!key)
    return all(
      false,
      'PAGERDUTY_ROUTING_KEY is not set; set it to the key of a service’s Events API v2 integration',
    );
  const [complaint] = keyComplaints({ PAGERDUTY_ROUTING_KEY: key });
  if (complaint !== undefined) return all(false, `${complaint}; copy it again`);
  const unsent = 'only an event tells whether it is known: baton connections test';
  if (!client.routesToService())
    return rights.map((what) =>
      what === serviceKey
        ? {
            what,
            ok: false,
            reason:
              'the key begins with R, so it is of an orchestration and takes no change events; use one of a service',
          }
        : { what, ok: undefined, reason: `the key is of an orchestration; ${unsent}` },
    );
  const found = cameBy(settings) ? await integrationOf(client, key, signal) : undefined;
  if (!found) return all(undefined, `no service shows the key; ${unsent}`);
  return all(true, found.name && found.service ? nameWarning(found.name, found.service) : undefined);
}

const integrationKeys = z
  .object({
    services: membersOf(
      z.object({
        name: decorative(z.string()),
        integrations: listOf(
          z.object({
            name: decorative(z.string()),
            summary: decorative(z.string()),
            integration_key: decorative(z.string()),
          }),
        ),
      }),
    ),
    more: decorative(z.boolean()),
  })
  .transform(({ services, more }) => ({
    keys: services.flatMap(({ name: service = '', integrations }) =>
      integrations.map(({ name, summary, integration_key: key }) => ({
        key,
        name: name ?? summary,
        service,
      })),
    ),
    more: more === true,
  }));

const pageSize = 100;
/** Of more services the first tell. */
const mostServices = 500;

/** The integration with this key, of a service that the token may read. */
async function integrationOf(client: PagerDuty, key: string, signal: AbortSignal) {
  for (let offset = 0; offset < mostServices; offset += pageSize) {
    const query = { 'include[]': 'integrations', limit: `${pageSize}`, offset: `${offset}` };
    const answer = await client.get('/services', query, signal);
    if (!isSuccess(answer)) return undefined;
    const { keys, more } = readSuccess(answer, integrationKeys);
    const found = keys.find((each) => each.key === key);
    if (found || !more) return found;
  }
  return undefined;
}

/** The token is known where it was sent to; the events have to go to the same region. */
function regionFinding(settings: Asked['settings']): Finding {
  const regionOf = (url: string | undefined) =>
    url
      ? /\.pagerduty\.com\b/.test(url) && (url.includes('.eu.') ? 'eu' : 'us')
      : settings.PAGERDUTY_REGION || 'us';
  const api = regionOf(settings.PAGERDUTY_API_URL);
  const events = regionOf(settings.PAGERDUTY_EVENTS_URL);
  const what = 'PAGERDUTY_REGION';
  if (!api || !events || api === events) return { what, ok: true };
  return {
    what,
    ok: false,
    reason: `PAGERDUTY_API_URL leads to ${api} and PAGERDUTY_EVENTS_URL to ${events}; unset both, and set the region alone`,
  };
}
