import { z } from 'zod';
import { hasRight, isScoped, type Right, rights, roles } from '../../domain/rights.ts';
import { batonVersion } from '../../domain/version.ts';
import { canOf, canShape } from './can.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { scopeSchema } from './tokens.ts';
import { waitingForMe } from './waiting-for-me.ts';

export const showMe = defineOperation({
  name: 'me.show',
  kind: 'read',
  right: 'me.read',
  route: 'GET /me',
  within: ['workflows', 'services'],
  summary: 'Who you are to Baton, what you may do, and what you look at',
  input: z.strictObject({}),
  output: z.object({
    kind: z.enum(['person', 'token', 'baton']),
    name: z.string(),
    calledName: z
      .string()
      .exactOptional()
      .describe('As people call you, where the identity provider says so'),
    role: z.enum(roles),
    scope: scopeSchema.optional(),
    rights: z.array(z.string()),
    can: canShape.describe('Each right with true, or with why you do not have it'),
    accounts: z
      .array(z.object({ at: z.string(), id: z.string() }))
      .describe('Who you are elsewhere, as far as Baton knows: in Slack, by your address'),
    version: z.string(),
    commit: z.string().exactOptional(),
    simulated: z.array(z.string()).readonly().describe('The providers that are simulated'),
  }),
  async run(_, context) {
    const { principal, simulated = [], commit } = context;
    const { kind, name, calledName, role, scope } = principal;
    const may = (right: Right) => hasRight(role, right) && (!scope || right === 'me.read' || isScoped(right));
    const all = Object.keys(rights) as Right[];
    const within = ['workflows', 'services'] as const;
    return {
      kind,
      name,
      ...(calledName === undefined ? {} : { calledName }),
      role,
      ...(scope ? { scope } : {}),
      rights: all.filter(may),
      can: Object.fromEntries(all.map((right) => [right, canOf({ name: right, right, within }, principal)])),
      accounts: await accountsOf(context),
      version: batonVersion,
      ...(commit === undefined ? {} : { commit }),
      simulated,
    };
  },
});

/** The members of Slack that Baton takes somebody for: by BATON_PEOPLE, which comes first, or by a link. */
async function accountsOf({
  principal: { kind, name },
  store,
  linkedPeople,
}: OperationContext): Promise<{ at: string; id: string }[]> {
  if (kind !== 'person' || !name.includes('@')) return [];
  const email = name.toLowerCase();
  const set = [...linkedPeople()].flatMap(([slackUser, address]) => (address === email ? [slackUser] : []));
  const linked = set.length > 0 ? undefined : (await store.findPerson(email))?.slackUser;
  return [...set, ...(linked === undefined ? [] : [linked])].map((id) => ({ at: 'slack', id }));
}

export const whatWaitsForMe = defineOperation({
  name: 'me.waiting',
  kind: 'read',
  right: 'me.read',
  route: 'GET /me/waiting',
  within: ['workflows', 'services'],
  summary: 'What waits for you: approvals, questions and parked runs that you may answer now',
  input: z.strictObject({}),
  output: z.object({
    items: z.array(
      z.object({
        kind: z.enum(['approval', 'answer', 'parked']),
        id: z.string(),
        run: z.string(),
        subject: z.string().exactOptional(),
        summary: z.string(),
        until: z.string(),
      }),
    ),
  }),
  run: async (_, context) => ({ items: await waitingForMe(context) }),
});
