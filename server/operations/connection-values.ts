import type { AnyProvider } from '../../activities/provider.ts';
import { changeEvents, type Route } from '../../domain/route.ts';
import { defaultConnection } from '../../domain/subject.ts';
import type { ConnectionValues, StoredConnection } from '../../store/connections/stored-connections.ts';
import { Refusal } from '../refusal.ts';

/** One variable of a connection, as it may be shown. */
export interface ShownVariable {
  name: string;
  isSecret: boolean;
  /** Of one that is no secret. */
  value?: string;
  /** The last characters of a secret, where it is long enough to tell nothing by them. */
  ends?: string;
}

const shownCharacters = 4;
/** So that what is not shown is still too long to be guessed. */
const longEnough = 24;

/** What a connection holds, without its secrets: the one way in which values come out again. */
export function shownVariables({ values = {}, secrets }: StoredConnection): ShownVariable[] {
  return Object.entries(values)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => {
      if (!secrets.includes(name) && !isKubeconfig(value)) return { name, isSecret: false, value };
      const ends = value.length < longEnough ? {} : { ends: value.slice(-shownCharacters) };
      return { name, isSecret: true, ...ends };
    });
}

/** Such a file holds credentials. It was taken once as the value of a setting that is shown. */
const isKubeconfig = (value: string): boolean =>
  /^[ \t{"]*(?:apiVersion|clusters|contexts|users)"?[ \t]*:/m.test(value);

/**
 * The values as they are to be stored, where the provider's settings take them. Throws one refusal with all complaints, which name
 * variables and never show what is in them.
 */
export function checkedValues(
  { title, settings, secrets }: AnyProvider,
  values: ConnectionValues,
): { values: ConnectionValues; secrets: string[] } {
  const known = Object.keys(settings.shape);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => known.includes(name)));
  const complaints = [
    ...unknown.map((name) => `${nameable(name)} is no setting of ${title}, which has ${known.join(', ')}`),
    ...Object.entries(own).flatMap(([name, value]) => complaintAbout(name, value, secrets.includes(name))),
    ...(settings.safeParse(own).error?.issues ?? []).map(
      ({ path, message }: { path: PropertyKey[]; message: string }) =>
        `${path.join('.') || 'All of it'} ${message}`,
    ),
    ...(Object.keys(values).length === 0 ? ['no value is given'] : []),
  ];
  if (complaints.length > 0) throw new Refusal(422, 'Values not usable', `${complaints.join('; ')}.`);
  return { values: own, secrets: secrets.filter((name) => name in own) };
}

/** Refuses values that each look right, and that the provider's client could not be made of. */
export async function checkUsable(
  { settings, complaints }: AnyProvider,
  values: ConnectionValues,
): Promise<void> {
  const found = (await complaints?.(settings.parse(values))) ?? [];
  if (found.length > 0) throw new Refusal(422, 'Values not usable', `${found.join('; ')}.`);
}

/** Somebody may have given the value in the place of the name. */
const nameable = (name: string) => (/^[A-Z][A-Z0-9_]*$/.test(name) ? name : 'A name that is no variable’s');

function complaintAbout(name: string, value: string, isSecret: boolean): string[] {
  if (value !== value.trim()) return [`${name} begins or ends with a space or a line break`];
  if (isSecret) return [];
  // An address that is no secret is shown, so none may stand in it.
  const url = URL.parse(value);
  if (url?.password) return [`${name} holds a password within its address`];
  return url?.username ? [`${name} holds a user within its address, which may be a token`] : [];
}

/** An integration key of PagerDuty that takes change events: those of orchestrations and rulesets begin with R. */
export function checkChangeEvents(name: string, { PAGERDUTY_ROUTING_KEY: key = '' }: ConnectionValues): void {
  if (key !== '' && !key.startsWith('R')) return;
  const why =
    key === ''
      ? 'has no PAGERDUTY_ROUTING_KEY'
      : 'has the routing key of an orchestration or a ruleset (it begins with R), which takes no change events';
  throw new Refusal(
    422,
    'Takes no change events',
    `The connection ${name} ${why}. Change events need the integration key of a service.`,
  );
}

/** The same for the connection default, as far as this process knows: it may be that only the workers have its key. */
export function checkOwnChangeEvents(values: ConnectionValues): void {
  if (values.PAGERDUTY_ROUTING_KEY !== undefined) checkChangeEvents(defaultConnection, values);
}

/** The same for a connection that is given new values, where change events are routed to it. */
export function checkRoutedChangeEvents(
  name: string,
  values: ConnectionValues,
  routes: readonly Route[],
): void {
  if (routes.some(({ purpose, connection }) => purpose === changeEvents && connection === name))
    checkChangeEvents(name, values);
}
