import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, listOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { person, reference } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { readUser } from './users.ts';

/** So many are asked for their e-mail addresses; more would be a mistake. */
const mostResponders = 50;

const answered = z.object({
  incident: z.object({
    incidents_responders: listOf(z.object({ state: decorative(z.string()), user: reference })),
  }),
});

const responder = person.extend({ state: z.string().optional() });

/**
 * Who was asked to help with an incident: people, and whoever PagerDuty has asked for an escalation policy. `state` is PagerDuty's: `pending`,
 * `joined`, `declined`. A plan without responder requests has none.
 */
export const listPagerDutyResponders = defineActivity({
  name: 'listPagerDutyResponders',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists who was asked to help with an incident',
  permissions: ['incidents.read', 'users.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: z.object({ responders: z.array(responder), truncated: z.boolean() }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const answer = await client.get(`/incidents/${incidentId}`, {}, signal);
    const asked = new Map(
      readSuccess(answer, answered).incident.incidents_responders.map(({ user, state }) => [
        user.id,
        { ...user, ...(state ? { state } : {}) },
      ]),
    );
    const kept = [...asked.values()].slice(0, mostResponders);
    return {
      responders: await Promise.all(kept.map((each) => withEmail(client, each, signal))),
      truncated: asked.size > kept.length,
    };
  },
});

/** A responder is named by reference only: the address stands with the user. */
async function withEmail<Person extends z.output<typeof person>>(
  pagerduty: PagerDuty,
  known: Person,
  signal: AbortSignal,
): Promise<Person> {
  if (known.email) return known;
  const user = await readUser(pagerduty, known.id, signal);
  return user ? { ...known, name: user.name, email: user.email } : known;
}
