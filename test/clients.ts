import type { Baton } from '../activities/baton.ts';
import type { Budget } from '../activities/budget.ts';
import {
  type Clients,
  type ConnectionSource,
  connectClients,
  environmentConnections,
} from '../activities/clients.ts';
import { providers } from '../activities/providers.ts';

/** The clients of all providers for these settings, as a process makes them. */
export const clientsFor = (
  env: NodeJS.ProcessEnv,
  source: ConnectionSource = environmentConnections(env),
  budget?: Budget,
): Clients => connectClients(providers, source, env, budget);

/** What activities are given of providers and of Baton, which carries out nothing here. */
export const surroundingsFor = (env: NodeJS.ProcessEnv): Clients & { baton: Baton } => ({
  ...clientsFor(env),
  baton: {
    callbackUrl: (id) => `https://baton.test/callbacks/${id}`,
    roleOf: async () => 'responder',
    perform: async (operation) => ({ refusal: `${operation} is not carried out here` }),
    askApproval: keepsNone,
    findApproval: async () => undefined,
    closeApproval: async () => undefined,
    showedApproval: keepsNone,
    findQuestion: async () => undefined,
    keepLinkCode: async () => true,
    redeemLinkCode: keepsNone,
    findPersonInSlack: async () => undefined,
    untoldNotices: async () => ({ notices: [] }),
    claimNotices: async () => [],
    toldNotices: async () => {},
    foundOut: async () => ({ heard: false }),
    modesOn: async () => [],
    deedsOn: async () => [],
  },
});

const keepsNone = (): Promise<never> => Promise.reject(new Error('Nothing is kept here'));
