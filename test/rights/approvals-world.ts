import { connectClients } from '../../activities/clients.ts';
import { createJiraIssue } from '../../activities/jira/create-issue.ts';
import { identifyPerson, withStoredLinks } from '../../activities/person.ts';
import { providers } from '../../activities/providers.ts';
import type { Role, Scope } from '../../domain/rights.ts';
import { approverCheck } from '../../processes/approvers.ts';
import { allConnections, noConnections } from '../../processes/connections.ts';
import { performFromSlack } from '../../processes/perform.ts';
import { operations } from '../../server/operations/index.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import { Refusal } from '../../server/refusal.ts';
import { pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { slackEnvironment, slackSimulation } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { batonFor } from '../../worker/baton.ts';
import { serve, worldOn } from '../api/served.ts';
import { entry } from '../store/world.ts';

export type Verb = 'approve' | 'refuse';
/** An answer to an approval, to a question, or about a parked run. */
type Answer = Verb | 'answer' | 'unpark';
const nounOf = { approve: 'approvals', refuse: 'approvals', answer: 'questions', unpark: 'runs' } as const;
export const doors = ['api', 'cli', 'slack'] as const;
export type DoorName = (typeof doors)[number];

/** Who answers: somebody by their address, or a token, with the address of whose it is. */
export interface Somebody {
  email?: string;
  /** In Slack they are then known by what Slack and the links say of this user. */
  slackUser?: string;
  token?: string;
  owner?: string;
  role: Role;
  scope?: Scope;
}

/** What came of it: what the operation answered, or the status and words of the refusal. Slack's people are told words alone. */
export type Outcome = { taken: Record<string, unknown> } | { refused: string; status?: number };

/** The doors to approvals and questions on a store, with simulated PagerDuty and Slack behind them. */
export async function openApprovals(store: Store) {
  const pagerDuty = await startPagerDuty();
  const slack = await startSimulator(slackSimulation());
  const env = {
    ...pagerDutyEnvironment(pagerDuty.url),
    ...slackEnvironment(slack.url),
    BATON_PEOPLE: 'U0JON=jon@pd.example',
  };
  const connections = noConnections;
  const changes = {
    providers,
    activities: async () => [createJiraIssue],
    checkApprover: approverCheck({ env, providers, connections, store }),
  };
  const world = worldOn(store, changes);
  const served = await serve(store, changes);
  const baton = batonFor({ store, perform: performFromSlack(world) });
  const connected = connectClients(providers, allConnections(env, connections), env);
  const clients = withStoredLinks(connected, store);

  const byApi = async (who: Somebody, verb: Answer, id: string, input: object): Promise<Outcome> => {
    const token = JSON.stringify(who);
    served.principals.set(token, principalOf(who));
    const path = `/api/v1/${nounOf[verb]}/${encodeURIComponent(id)}/${verb}`;
    const { status, json } = await served.ask('POST', path, { token, body: input });
    return status === 200 ? { taken: json } : { refused: json.detail, status };
  };
  const byCli = async (who: Somebody, verb: Answer, id: string, input: object): Promise<Outcome> => {
    const operation = (operations as readonly AnyOperation[]).find(
      ({ name }) => name === `${nounOf[verb]}.${verb}`,
    );
    if (!operation) throw new Error('No such operation');
    const context = { ...world, principal: principalOf(who), via: 'cli' } as const;
    return perform(operation, { id, ...input }, context).then((taken) => ({ taken }), refusedBy);
  };
  const bySlack = async (who: Somebody, verb: Answer, id: string, input: object): Promise<Outcome> => {
    const { email, slackUser, role } = who;
    if (email) await store.setRole(email, role, entry());
    const name = 'Somebody in Slack';
    const actor =
      slackUser === undefined
        ? { kind: 'person' as const, name, ...(email ? { email } : {}) }
        : await identifyPerson(
            { id: slackUser, name, connection: 'default' },
            clients,
            AbortSignal.timeout(5_000),
          );
    const done = await baton
      .perform(`${nounOf[verb]}.${verb}`, { id, ...input }, actor, 'key')
      .catch(refusedBy);
    if ('output' in done) return { taken: done.output as Record<string, unknown> };
    return 'refused' in done ? done : { refused: done.refusal };
  };
  const ways = { api: byApi, cli: byCli, slack: bySlack };
  return {
    pagerDuty,
    slack,
    served,
    baton,
    answer: (door: DoorName, who: Somebody, verb: Answer, id: string, input: object = {}) =>
      ways[door](who, verb, id, input),
    async close() {
      await Promise.all([served.close(), pagerDuty.close(), slack.close()]);
    },
  };
}

function principalOf({ email, token = 'ci', owner, role, scope }: Somebody) {
  if (email !== undefined) return { kind: 'person' as const, name: email, role };
  const alsoKnownAs = owner === undefined ? {} : { alsoKnownAs: [`person:${owner}`] };
  return { kind: 'token' as const, name: token, role, ...(scope ? { scope } : {}), ...alsoKnownAs };
}

function refusedBy(error: unknown): { refused: string; status: number } {
  if (error instanceof Refusal) return { refused: error.message, status: error.status };
  throw error;
}
