import { z } from 'zod';
import { roles } from '../../domain/rights.ts';
import { Refusal } from '../refusal.ts';
import { doneLine } from './done-line.ts';
import { defineOperation } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';
import { emailInput as email } from './shapes.ts';
import { scopeOf, scopeSchema } from './tokens.ts';

const slackUser = z
  .string()
  .regex(/^[UW][A-Z0-9]{2,30}$/, 'is not a member id of Slack, such as U0ADA')
  .describe('their member id in Slack');

const person = z.object({
  email: z.string(),
  role: z
    .enum(roles)
    .optional()
    .describe(
      'what counts: of their groups at the last sign-in, else as it was set; left out: they may not sign in',
    ),
  groupRole: z.enum(roles).optional(),
  givenRole: z.enum(roles).optional(),
  scope: scopeSchema.optional().describe('to what they are limited, whichever role counts'),
  slackUser: z.string().optional(),
  signedInAt: z.iso.datetime().optional(),
});

const nobody = (email: string) =>
  new Refusal(404, 'No such person', `Baton knows nobody with the address ${email}: baton people list`);

export const listPeople = defineOperation({
  name: 'people.list',
  kind: 'read',
  right: 'people.manage',
  route: 'GET /people',
  summary: 'Who may sign in, with which role, and who they are in Slack',
  input: z.strictObject(pageInput),
  output: pageOutput(person),
  async run(input, context) {
    const { limit } = input;
    const list = { name: 'people.list', input, context };
    const found = await context.store.listPeople({ after: placeIn(list, z.string()), limit: limit + 1 });
    const items = found.slice(0, limit);
    const next = found.length > limit ? items.at(-1)?.email : undefined;
    return answered(list, { items, next }, (row) => row);
  },
});

export const setPerson = defineOperation({
  name: 'people.set',
  kind: 'change',
  writesOwnLine: true,
  right: 'people.manage',
  route: 'PUT /people/{email}',
  summary:
    'Gives somebody a role, which counts if their groups at the identity provider give none, and limits, which always count; without any: none',
  input: z.strictObject({ email, role: z.enum(roles), ...scopeSchema.shape }),
  output: person,
  subject: ({ email }) => email,
  run: (input, context) =>
    context.store.setRole(
      input.email,
      input.role,
      doneLine('people.set', { subject: input.email, input }, context),
      scopeOf(input),
    ),
});

export const removePerson = defineOperation({
  name: 'people.remove',
  kind: 'change',
  writesOwnLine: true,
  right: 'people.manage',
  route: 'DELETE /people/{email}',
  summary: 'Ends somebody’s sessions, role and link. Whoever is in a group with a role can sign in again',
  input: z.strictObject({ email }),
  output: z.object({ email: z.string() }),
  subject: ({ email }) => email,
  async run({ email }, context) {
    const line = doneLine('people.remove', { subject: email, input: { email } }, context);
    if (!(await context.store.removePerson(email, line))) throw nobody(email);
    return { email };
  },
});

export const linkPerson = defineOperation({
  name: 'people.link',
  kind: 'change',
  writesOwnLine: true,
  right: 'people.manage',
  route: 'PUT /people/{email}/slack',
  summary: 'Says who somebody is in Slack; null: takes that back',
  input: z.strictObject({ email, slackUser: slackUser.nullable() }),
  output: person,
  subject: ({ email }) => email,
  async run({ email, slackUser }, context) {
    const line = doneLine('people.link', { subject: email, input: { email, slackUser } }, context);
    const linked = await context.store.linkSlackUser(email, slackUser ?? undefined, line);
    if (!linked)
      throw new Refusal(
        409,
        'Linked already',
        `${slackUser} is linked to another person: baton people list. Take that link back first.`,
      );
    return linked;
  },
});
