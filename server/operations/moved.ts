import type { AnyProvider } from '../../activities/provider.ts';
import type { ConnectionValues, StoredConnection } from '../../store/connections/stored-connections.ts';
import { Refusal } from '../refusal.ts';

/** A connection as it is kept. */
type Kept = Pick<StoredConnection, 'name' | 'values'>;

/**
 * What a connection keeps secret and would send to another address than before, with the settings that say so. Whoever may change a
 * connection does not know its secrets, and would be sent them. `given`: what is given now; `after`: all values that it would have.
 */
export function sentElsewhere(
  { values: before = {} }: Kept,
  given: readonly string[],
  after: ConnectionValues,
  provider: AnyProvider,
): { settings: string[]; secrets: string[] } {
  const isKept = (secret: string) =>
    before[secret] !== undefined && after[secret] !== undefined && !given.includes(secret);
  const sent = Object.keys({ ...before, ...after })
    .filter((setting) => isMoved(before[setting], after[setting]))
    .map((setting) => ({
      setting,
      secrets: sentBy(setting, [before[setting], after[setting]], provider).filter(isKept),
    }))
    .filter(({ secrets }) => secrets.length > 0);
  return {
    settings: sent.map(({ setting }) => setting).sort(),
    secrets: [...new Set(sent.flatMap(({ secrets }) => secrets))].sort(),
  };
}

/** Refuses that. */
export function checkMoved(
  before: Kept,
  given: readonly string[],
  after: ConnectionValues,
  provider: AnyProvider,
): void {
  const { settings, secrets } = sentElsewhere(before, given, after, provider);
  if (secrets.length === 0) return;
  throw new Refusal(
    422,
    'Secrets not given anew',
    `The connection ${before.name} gets another address (${settings.join(', ')}), and what it keeps secret is sent to no new one. ` +
      `Give ${secrets.join(', ')} too, or take it away.`,
  );
}

/** A list that only loses members leads nowhere new. */
function isMoved(before: string | undefined, after: string | undefined): boolean {
  if (before === after) return false;
  if (before === undefined || after === undefined) return true;
  const places = before.split(',').map((each) => each.trim());
  return after.split(',').some((each) => !places.includes(each.trim()));
}

/** The secrets that go where a setting says. One that its provider does not speak of is an address if it looks like one. */
const sentBy = (
  setting: string,
  values: readonly (string | undefined)[],
  { sentTo = {}, secrets }: AnyProvider,
): readonly string[] =>
  sentTo[setting] ??
  (!secrets.includes(setting) && values.some((value) => value !== undefined && isAddress(value))
    ? secrets
    : []);

const isAddress = (value: string) => value.split(',').some((each) => /^\s*[a-z][a-z\d+.-]*:\/\//i.test(each));
