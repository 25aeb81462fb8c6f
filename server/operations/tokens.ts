import { z } from 'zod';
import { actorOf, isWithin, type Principal, roles, type Scope } from '../../domain/rights.ts';
import { makeToken } from '../../secrets/token.ts';
import type { Token } from '../../store/people/tokens.ts';
import { Refusal } from '../refusal.ts';
import { doneLine } from './done-line.ts';
import { defineOperation } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { emailInput } from './shapes.ts';

const limits = { days: 90, mostDays: 365, inScope: 100 };

const id = z
  .string()
  .regex(/^[a-f0-9]{12}$/, 'is not a token’s id: 12 hex digits, as tokens list shows them');
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'is not a name: up to 63 small letters, digits, dots, dashes');
const workflow = z.string().min(1).max(100);
const service = z
  .string()
  .regex(
    /^(?:[a-z0-9-]{1,40}\/)?[A-Z0-9]{1,40}$/,
    'is neither the id of a PagerDuty service nor <connection>/<id>',
  );
const listed = <Each extends z.ZodType>(each: Each) =>
  z.array(each).min(1).max(limits.inScope).readonly().optional();

export const scopeSchema = z.object({
  workflows: listed(workflow).describe('only runs of these workflows'),
  services: listed(service).describe(
    'only incidents of these PagerDuty services, by id; of another account than that of default, <connection>/<id>',
  ),
});

/** What is left out limits nothing. */
export const scopeOf = ({ workflows, services }: z.output<typeof scopeSchema>): Scope => ({
  ...(workflows ? { workflows } : {}),
  ...(services ? { services } : {}),
});

const token = z.object({
  id,
  name: z.string(),
  role: z.enum(roles),
  scope: scopeSchema,
  state: z.enum(['live', 'expired', 'revoked']),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  owner: z.string().optional().describe('the address of the person whose it is, where one is known'),
  expiresAt: z.iso.datetime(),
  usedAt: z.iso.datetime().optional().describe('to about a minute'),
  revokedAt: z.iso.datetime().optional(),
});

function shown(found: Token): z.input<typeof token> {
  if (found.revokedAt !== undefined) return { ...found, state: 'revoked' };
  return { ...found, state: Date.parse(found.expiresAt) <= Date.now() ? 'expired' : 'live' };
}

/** The address of the person who asks, themselves or by a token of theirs. */
const ownerOf = (principal: Principal) =>
  [actorOf(principal), ...(principal.alsoKnownAs ?? [])].flatMap((actor) =>
    actor.startsWith('person:') && actor.includes('@') ? actor.slice('person:'.length).toLowerCase() : [],
  )[0];

export const listTokens = defineOperation({
  name: 'tokens.list',
  kind: 'read',
  right: 'people.manage',
  route: 'GET /tokens',
  summary: 'Tokens, newest first, without their secrets',
  input: z.strictObject(pageInput),
  output: pageOutput(token),
  async run(input, context) {
    const { limit } = input;
    const list = { name: 'tokens.list', input, context };
    const found = await context.store.listTokens({ after: placeIn(list, id), limit: limit + 1 });
    const items = found.slice(0, limit);
    const next = found.length > limit ? items.at(-1)?.id : undefined;
    return answered(list, { items, next }, shown);
  },
});

export const createToken = defineOperation({
  name: 'tokens.create',
  kind: 'change',
  writesOwnLine: true,
  right: 'people.manage',
  route: 'POST /tokens',
  summary: 'Makes a token and shows it, once',
  input: z.strictObject({
    name: name.describe('what it is for; no two live ones have the same'),
    role: z.enum(roles),
    ...scopeSchema.shape,
    owner: emailInput
      .optional()
      .describe(
        'the address of whose it is: what it asks for counts as theirs, so that they may not approve it. Left out: yours',
      ),
    days: z.int().min(1).max(limits.mostDays).default(limits.days).describe('until it expires'),
  }),
  output: token.extend({ token: z.string().describe('the secret: shown now and never again') }),
  shownOnce: 'token',
  subject: (_, made) => made?.id,
  async run(input, context) {
    const { name, role, days } = input;
    const { store, principal } = context;
    const owner = input.owner ?? ownerOf(principal);
    const scope = scopeOf(input);
    if (!isWithin({ role, scope }, principal))
      throw new Refusal(
        403,
        'More than you have',
        'A token can have no right and no scope that its maker does not have. Ask for less, or ask an admin.',
      );
    const made = makeToken();
    const { id, hash, text } = made;
    const kept = await store.createToken(
      { id, name, hash, role, scope, days, createdBy: actorOf(principal), owner },
      doneLine('tokens.create', { subject: id, input }, context),
    );
    if (!kept)
      throw new Refusal(
        409,
        'Name taken',
        `A live token has the name ${name}. Take another, or revoke that one first: baton tokens list`,
      );
    return { ...shown(kept), token: text };
  },
});

export const revokeToken = defineOperation({
  name: 'tokens.revoke',
  kind: 'change',
  writesOwnLine: true,
  right: 'people.manage',
  route: 'DELETE /tokens/{id}',
  summary: 'Ends a token from the next request on, in every process',
  input: z.strictObject({ id }),
  output: token,
  subject: ({ id }) => id,
  async run({ id }, context) {
    const line = doneLine('tokens.revoke', { subject: id, input: { id } }, context);
    const found = await context.store.revokeToken(id, line);
    if (!found) throw new Refusal(404, 'No such token', 'There is no token of this id: baton tokens list');
    return shown(found);
  },
});
