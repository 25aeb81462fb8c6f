import { onTestFinished } from 'vitest';
import { clientFor } from '../../../activities/clients.ts';
import { activities } from '../../../activities/index.ts';
import { providers } from '../../../activities/providers.ts';
import { encryptionOf } from '../../../secrets/encryption.ts';
import type { AnyOperation, OperationContext } from '../../../server/operations/operation.ts';
import { startPagerDuty } from '../../../simulator/pagerduty.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { storedConnections } from '../../../store/connections/stored-connections.ts';
import type { Store } from '../../../store/store.ts';
import { worldOn } from '../../api/served.ts';
import { isChange } from '../../requests.ts';
import { fresh } from '../../store/world.ts';

/** As PagerDuty's look: an account's key has 20 characters. */
export const accountToken = 'y_NbAkKc66ryYTWUXYEu';
export const publicUrl = 'https://baton.example.com';

/** The connections as one process sees them. */
export const connectionsOn = (store: Store, learnt: string[] = []) =>
  storedConnections({
    store,
    encryption: encryptionOf('a key of the tests'),
    learn: (secrets) => void learnt.push(...secrets),
  });

/** An admin of a Baton that reaches providers for real. `learnt`: the secrets that are kept out of all that is shown. */
export function adminOn(store: Store, changes: Partial<OperationContext> = {}) {
  const learnt: string[] = [];
  const connections = connectionsOn(store, learnt);
  const context: OperationContext = {
    ...worldOn(store),
    connections,
    providers,
    activities: async () => activities,
    clientFor: (provider, values, keptBy) =>
      clientFor(
        provider,
        values,
        {},
        keptBy === undefined
          ? undefined
          : (renewal) => connections.renew(provider.name, keptBy, async (now) => renewal(now)),
      ),
    publicUrl,
    principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
    via: 'api',
    ...changes,
  };
  const valuesOf = async (name: string) => (await context.connections.look()).connections.get(name)?.values;
  return { context, learnt, valuesOf };
}

/** An account of PagerDuty, and an admin who sets it up. */
export async function startSetUp(store: Store, changes: Partial<OperationContext> = {}) {
  const simulator = await startPagerDuty();
  onTestFinished(() => simulator.close());
  simulator.world.token = accountToken;
  simulator.world.teams = [{ id: 'PTEAM01', name: 'Payments' }];
  const { context, learnt, valuesOf } = adminOn(store, changes);
  const name = fresh('eu-');
  /** By what the account is reached, and an answer to each question. */
  const answers = {
    name,
    region: 'eu',
    token: accountToken,
    apiUrl: simulator.url,
    eventsUrl: `${simulator.url}/events`,
    from: 'baton@example.com',
    service: 'Checkout',
    webhook: 'account',
  };
  const ask = askingOf('pagerduty', context);
  const values = () => valuesOf(name);
  const actions = async () =>
    (await store.readRecord({ subject: `connection:${name}`, limit: 100 })).map(({ action }) => action);
  return { simulator, context, name, answers, ask, values, actions, learnt };
}

/** As a door does it: what comes in is parsed, and what goes out too. Of a setup all that is no field of the operation is an answer. */
export const askingOf =
  (provider: string, context: OperationContext) =>
  async <Operation extends AnyOperation>(operation: Operation, input: Record<string, unknown>) => {
    const fields = Object.keys(operation.input.shape);
    const isOf = ([field, value]: [string, unknown]) => fields.includes(field) && value !== undefined;
    const own = Object.entries(input).filter(isOf);
    const answers = Object.entries(input).filter(
      ([field, value]) => !fields.includes(field) && value !== undefined,
    );
    const given = {
      ...(fields.includes('provider') ? { provider } : {}),
      ...Object.fromEntries(own),
      ...(fields.includes('answers')
        ? { answers: Object.fromEntries(answers) }
        : Object.fromEntries(answers)),
    };
    return operation.output.parse(await operation.run(operation.input.parse(given), context));
  };

/** The requests that change something, in a line each: `POST /services`. */
export const changesAt = ({ calls }: Pick<Simulator<object>, 'calls'>, provider = 'pagerduty') =>
  calls.filter((call) => isChange(provider, call)).map(({ method, path }) => `${method} ${path}`);
