import type { Finding } from '../activities/provider.ts';
import type { Policies } from '../domain/policies.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { Examined } from '../server/doctor.ts';

/** By it pages and change events are sent. */
const key = 'PAGERDUTY_ROUTING_KEY';

/** What policies of pages and of the journal name a connection for, by its name. */
function namedBy({ pages, journal }: Policies): Map<string, string[]> {
  const named = new Map<string, string[]>();
  const say = (kind: string, policies: readonly { workflow: string; connection?: string }[]) => {
    for (const { workflow, connection } of policies)
      if (connection !== undefined)
        named.set(connection, [
          ...(named.get(connection) ?? []),
          `the ${kind} policy of ${workflow === 'all' ? 'all workflows' : workflow}`,
        ]);
  };
  say('page', pages);
  say('journal', journal);
  return named;
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
  return (namedBy(policies).get(connection) ?? []).flatMap((what): Finding[] => {
    // Each provider has a connection of this name.
    if (provider !== 'pagerduty')
      return connection === defaultConnection
        ? []
        : [{ what, ok: false, reason: `it names a connection of ${provider}; name one of PagerDuty` }];
    if (settings[key]) return [{ what, ok: true }];
    return [
      { what, ok: false, reason: `it names this connection, which has no ${key}: set it, or name another` },
    ];
  });
}

/** The connections that policies name and that there are not. */
export function unknownIn(policies: Policies, known: readonly string[]): Examined[] {
  return [...namedBy(policies)].flatMap(([connection, names]): Examined[] => {
    if (known.includes(connection)) return [];
    const reason = `it names this connection, and there is none: add it (baton connections add ${connection} --provider pagerduty), or name another`;
    return [
      {
        provider: 'pagerduty',
        title: 'PagerDuty',
        connection,
        simulated: false,
        isUsed: true,
        check: async () => names.map((what) => ({ what, ok: false, reason })),
        test: async () => ({ outcome: 'rejected', reason: 'there is no such connection' }),
      },
    ];
  });
}
