import type { Finding } from '../activities/provider.ts';
import { namingsIn, type Policies } from '../domain/policies.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { Examined } from '../server/doctor.ts';

/** Whether a connection can do what policies and lists name it for. None is named: nothing is said. */
export function policyFindings(
  policies: Policies,
  {
    provider,
    connection,
    settings,
  }: { provider: string; connection: string; settings: Readonly<Record<string, string | undefined>> },
): Finding[] {
  const named = namingsIn(policies).filter((each) => each.connection === connection);
  return named.flatMap(({ what, provider: wanted, title, needs }): Finding[] => {
    // Each provider has a connection of this name.
    if (provider !== wanted)
      return connection === defaultConnection
        ? []
        : [{ what, ok: false, reason: `it names a connection of ${provider}; name one of ${title}` }];
    const missing = needs.filter((any) => !any.some((setting) => settings[setting]));
    if (missing.length === 0) return [{ what, ok: true }];
    const words = missing.map((any) => any.join(' or ')).join(' and no ');
    const reason = `it names this connection, which has no ${words}: set it, or name another`;
    return [{ what, ok: false, reason }];
  });
}

/** Whether a policy or a list names this connection. */
export const isNamed = (policies: Policies, provider: string, connection: string): boolean =>
  namingsIn(policies).some((each) => each.provider === provider && each.connection === connection);

/** The connections that policies and lists name and that there are not. */
export function unknownIn(policies: Policies, known: readonly string[]): Examined[] {
  const unknown = namingsIn(policies).filter(({ connection }) => !known.includes(connection));
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
