import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { answered, pageInput, pageOutput, placeIn } from './page.ts';

const identity = z.object({
  slackUser: z.string().describe('The member id in Slack'),
  email: z.string().describe('The address in PagerDuty, and at the identity provider'),
  by: z
    .enum(['BATON_PEOPLE', 'link'])
    .describe(
      'The setting, which comes first, or a link: people.link, or a code that the person wrote in PagerDuty',
    ),
});

/** Whoever is not here is who Slack says: the address of the profile. */
export const listIdentities = defineOperation({
  name: 'identities.list',
  kind: 'read',
  right: 'people.manage',
  route: 'GET /identities',
  summary:
    'The links between people in Slack and in PagerDuty. All others count by the address of their profile',
  input: z.strictObject(pageInput),
  output: pageOutput(identity),
  async run(input, context) {
    const { limit } = input;
    const list = { name: 'identities.list', input, context };
    const after = placeIn(list, z.string());
    const set = context.linkedPeople();
    const linked = await context.store.listLinked({ after, limit: limit + 1 });
    const all = [
      ...[...set].map(([slackUser, email]) => ({ slackUser, email, by: 'BATON_PEOPLE' as const })),
      ...linked
        .filter(({ slackUser }) => !set.has(slackUser))
        .map((each) => ({ ...each, by: 'link' as const })),
    ]
      .filter(({ slackUser }) => after === undefined || slackUser > after)
      .sort((one, other) => (one.slackUser < other.slackUser ? -1 : 1));
    const items = all.slice(0, limit);
    const next = all.length > limit ? items.at(-1)?.slackUser : undefined;
    return answered(list, { items, next }, (row) => row);
  },
});
