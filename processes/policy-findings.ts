import type { Finding } from '../activities/provider.ts';
import type { Policies } from '../domain/policies.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { Examined } from '../server/doctor.ts';

/** What names a connection, and what that one has to have. */
interface Naming {
  connection: string;
  what: string;
  provider: string;
  title: string;
  /** Settings. */
  needs: readonly string[];
}

/** By it pages and change events are sent. */
const pagerDuty = { provider: 'pagerduty', title: 'PagerDuty', needs: ['PAGERDUTY_ROUTING_KEY'] };
/** Where subscribers are told, and what signs it. */
const subscriber = {
  provider: 'http',
  title: 'HTTP',
  needs: ['HTTP_SUBSCRIBER_URL', 'HTTP_SUBSCRIBER_SECRETS'],
};

/** What policies of pages and of the journal, and subscriptions, name a connection for. */
function namings({ pages, journal, subscriptions = [] }: Policies): Naming[] {
  const said = (kind: string, policies: readonly { workflow: string; connection?: string }[]) =>
    policies.flatMap(({ workflow, connection }): Naming[] => {
      const what = `the ${kind} policy of ${workflow === 'all' ? 'all workflows' : workflow}`;
      return connection === undefined ? [] : [{ connection, what, ...pagerDuty }];
    });
  return [
    ...said('page', pages),
    ...said('journal', journal),
    ...subscriptions.map(({ name, connection }) => ({
      connection,
      what: `the subscription ${name}`,
      ...subscriber,
    })),
  ];
}

/** Whether a connection can do what policies name it for. None is named: nothing is said. */
export function policyFindings(
  policies: Policies,
  {
    provider,
    connection,
    settings,
  }: { provider: string; connection: string; settings: Readonly<Record<string, string | undefined>> },
): Finding[] {
  const named = namings(policies).filter((each) => each.connection === connection);
  return named.flatMap(({ what, provider: wanted, title, needs }): Finding[] => {
    // Each provider has a connection of this name.
    if (provider !== wanted)
      return connection === defaultConnection
        ? []
        : [{ what, ok: false, reason: `it names a connection of ${provider}; name one of ${title}` }];
    const missing = needs.filter((setting) => !settings[setting]);
    if (missing.length === 0) return [{ what, ok: true }];
    const reason = `it names this connection, which has no ${missing.join(' and no ')}: set it, or name another`;
    return [{ what, ok: false, reason }];
  });
}

/** The connections that policies name and that there are not. */
export function unknownIn(policies: Policies, known: readonly string[]): Examined[] {
  const unknown = namings(policies).filter(({ connection }) => !known.includes(connection));
  return [
    ...Map.groupBy(unknown, ({ connection, provider }) => `${provider} ${connection}`).values(),
  ].flatMap((named): Examined[] => {
    const [first] = named;
    if (!first) return [];
    const { provider, title, connection } = first;
    const reason = `it names this connection, and there is none: add it (baton connections add ${connection} --provider ${provider}), or name another`;
    return [
      {
        provider,
        title,
        connection,
        simulated: false,
        isUsed: true,
        check: async () => named.map(({ what }) => ({ what, ok: false, reason })),
        test: async () => ({ outcome: 'rejected', reason: 'there is no such connection' }),
      },
    ];
  });
}
