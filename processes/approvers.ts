import { connectClients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { World } from '../server/operations/operation.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import { allConnections } from './connections.ts';

interface Options {
  env: NodeJS.ProcessEnv;
  providers: readonly AnyProvider[];
  connections: Pick<StoredConnections, 'settingsOf'>;
  store: Pick<Store, 'findPerson' | 'findPersonInSlack'>;
}

/** Which user of PagerDuty somebody is, of the connection `default`. */
export function responderLookup({ env, providers, connections, store }: Options): World['responderId'] {
  const clients = connectClients(providers, allConnections(env, connections), env);
  const directory = {
    clients,
    findPerson: (email: string) => store.findPerson(email),
    findPersonInSlack: (slackUser: string) => store.findPersonInSlack(slackUser),
  };
  return async (email, signal) => {
    const { responderId } = await import('../activities/approvers.ts');
    return responderId(email, defaultConnection, directory, signal);
  };
}

/** Looks people up at the providers of this process. What that takes loads when the first answer comes. */
export function approverCheck({ env, providers, connections, store }: Options): World['checkApprover'] {
  const clients = connectClients(providers, allConnections(env, connections), env);
  const directory = {
    clients,
    findPerson: (email: string) => store.findPerson(email),
    findPersonInSlack: (slackUser: string) => store.findPersonInSlack(slackUser),
  };
  return async (asked, principal, signal) => {
    const { checkApprover } = await import('../activities/approvers.ts');
    return checkApprover(asked, principal, directory, signal);
  };
}
